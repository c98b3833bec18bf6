//! Errors with their place and the lines around it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};
use plimsoll_assess::Assessment;
use plimsoll_model::{Diagnostic, DiagnosticLevel, Location, wire::GapState};

use crate::{
    bounded,
    context::Context,
    term::{Stderr, printable},
};

/// Lines shown before and after the one that is meant.
const AROUND: usize = 2;
/// Longer lines are not shown: they are no one's hand-written manifest.
const LONGEST: usize = 400;
/// So many errors are shown; the rest are counted.
const MOST: usize = 20;

/// Prints the errors among the diagnostics on standard error, and says how
/// many they are.
pub fn errors(
    context: &Context,
    diagnostics: &[Diagnostic],
    places: &BTreeMap<Arc<str>, PathBuf>,
) -> usize {
    let errors: Vec<_> = diagnostics
        .iter()
        .filter(|d| d.level == DiagnosticLevel::Error)
        .collect();
    for error in errors.iter().take(MOST) {
        let excerpt = error.location.as_ref().and_then(|location| {
            let path = places.get(&location.file)?;
            excerpt(
                context.stderr,
                &error.message,
                location,
                path,
                context.max_file_size,
            )
        });
        match (&error.location, excerpt) {
            (_, Some(text)) => context.stderr.plain(&text),
            (Some(location), None) => {
                context
                    .stderr
                    .error(&format!("{location}: {}", error.message));
            }
            (None, None) => context.stderr.error(&error.message),
        }
    }
    if errors.len() > MOST {
        context
            .stderr
            .error(&format!("and {} more", errors.len() - MOST));
    }
    errors.len()
}

/// Says on standard error what a report in a format for machines says of what
/// was not read, so that a person in front of it knows, too.
pub fn gaps(context: &Context, assessment: &Assessment) {
    if context.quiet() {
        return;
    }
    let coverage = &assessment.coverage;
    let untold = coverage
        .gaps
        .iter()
        .filter(|gap| gap.state != GapState::Skipped);
    for gap in untold.clone().take(MOST) {
        let place = if gap.line == 0 {
            gap.file.clone()
        } else {
            format!("{}:{}:{}", gap.file, gap.line, gap.column)
        };
        context.stderr.warning(&format!("{place}: {}", gap.reason));
    }
    let more = untold.count().saturating_sub(MOST);
    if more > 0 {
        context
            .stderr
            .warning(&format!("and {more} more that could not be read"));
    }
}

fn excerpt(
    stderr: Stderr,
    message: &str,
    location: &Location,
    path: &Path,
    max: u64,
) -> Option<String> {
    let bytes = bounded::read_file(path, max).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let lines = Lines::around(&text, location)?;
    let message = printable(message);
    let file = printable(&location.file);
    let snippet = Snippet::source(lines.text.as_str())
        .line_start(lines.first)
        .path(file.as_str())
        .annotation(AnnotationKind::Primary.span(lines.span));
    let report = [Level::ERROR
        .primary_title(message.as_str())
        .element(snippet)];
    let renderer = if stderr.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let decor = if stderr.unicode {
        DecorStyle::Unicode
    } else {
        DecorStyle::Ascii
    };
    Some(renderer.decor_style(decor).render(&report))
}

/// Some lines of a file, and what of them is meant.
#[derive(Debug, PartialEq, Eq)]
struct Lines {
    text: String,
    /// The number of the first line, from 1.
    first: usize,
    /// Bytes of `text`.
    span: std::ops::Range<usize>,
}

impl Lines {
    /// The lines around a place; of what it covers, the part on its line.
    fn around(text: &str, location: &Location) -> Option<Lines> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line = (location.line as usize).checked_sub(1)?;
        let first = line.saturating_sub(AROUND);
        let mut shown = String::new();
        let mut span = None;
        for (at, content) in text
            .lines()
            .enumerate()
            .skip(first)
            .take(line + AROUND + 1 - first)
        {
            if content.len() > LONGEST {
                return None;
            }
            if at == line {
                let begin: usize = content
                    .chars()
                    .take((location.column as usize).saturating_sub(1))
                    .map(char::len_utf8)
                    .sum();
                let covered = (location.span.end.saturating_sub(location.span.start)) as usize;
                let mut end = (begin + covered.max(1)).min(content.len());
                while !content.is_char_boundary(end) {
                    end += 1;
                }
                span = Some(shown.len() + begin..shown.len() + end.max(begin));
            }
            shown.push_str(&printable(content).replace('\t', " "));
            shown.push('\n');
        }
        // Cleaning may have moved what is meant.
        let span = span.filter(|span| {
            span.end <= shown.len()
                && shown.is_char_boundary(span.start)
                && shown.is_char_boundary(span.end)
        })?;
        Some(Lines {
            text: shown,
            first: first + 1,
            span,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_manifest::Span;

    #[test]
    fn the_lines_around_a_place_are_shown() {
        let text = "a: 1\nb: 2\nc: ü\nd: 4\ne: 5\nf: 6\n";
        let check = |line: u32, column: u32, expect: Option<(usize, &str)>| {
            let location = Location {
                file: "x".into(),
                line,
                column,
                span: Span { start: 0, end: 3 },
            };
            let got = Lines::around(text, &location);
            let got = got
                .as_ref()
                .map(|lines| (lines.first, &lines.text[lines.span.clone()]));
            assert_eq!(got, expect, "{line}:{column}");
        };
        check(1, 1, Some((1, "a: ")));
        check(3, 4, Some((1, "ü")));
        check(6, 1, Some((4, "f: ")));
        check(7, 1, None);
        check(0, 0, None);
    }
}
