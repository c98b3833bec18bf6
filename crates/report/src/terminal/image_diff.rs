//! The difference of two images on a terminal.

use std::io::{self, Write};

use plimsoll_model::image_diff::{
    ChangeKind, ComparedImage, FieldChange, FileChange, ImageDiff, PackageChange,
};

use super::{Line, Paper, image::bytes};
use crate::{
    style::{Style, Tone},
    text::{count, cut, number},
};

/// Entries of a list that are shown without `--verbose`.
const ENTRIES: usize = 20;

pub(crate) fn write(diff: &ImageDiff, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    paper.text(0, &Line::of(Tone::Strong, &headline(diff)))?;
    for why in &diff.not_compared {
        paper.text(0, &Line::of(Tone::Unsure, &format!("not compared: {why}")))?;
    }
    if style.quiet() {
        return Ok(());
    }
    paper.blank()?;
    for (label, image) in [("from", &diff.from), ("to", &diff.to)] {
        let label = Line::of(Tone::Faint, label);
        paper.field(2, &label, 6, &Line::of(Tone::Strong, &image.name))?;
        paper.text(8, &Line::of(Tone::Faint, &facts(image)))?;
    }
    let shared = match diff.shared_layers {
        0 => "they share no layers".to_owned(),
        1 => "they share the lowest layer".to_owned(),
        n => format!("they share the {} lowest layers", number(u64::from(n))),
    };
    paper.text(8, &Line::of(Tone::Faint, &shared))?;
    if !diff.packages.is_empty() {
        title(paper, "Packages", diff.packages.len())?;
        list(paper, &diff.packages, diff.packages.len(), package)?;
    }
    if !diff.config.is_empty() {
        title(paper, "Configuration", diff.config.len())?;
        list(paper, &diff.config, diff.config.len(), field)?;
    }
    let files = &diff.files;
    if files.total() > 0 {
        title(
            paper,
            "Files",
            usize::try_from(files.total()).unwrap_or(usize::MAX),
        )?;
        let text = format!(
            "{} added, {} removed, {} changed: {} came and {} went",
            number(files.added),
            number(files.removed),
            number(files.changed),
            bytes(files.bytes_added),
            bytes(files.bytes_removed),
        );
        paper.text(2, &Line::plain(&text))?;
        let all = files.list.len() + usize::try_from(files.left_out).unwrap_or(usize::MAX);
        list(paper, &files.list, all, file)?;
    }
    Ok(())
}

fn headline(diff: &ImageDiff) -> String {
    if diff.is_empty() {
        return if diff.not_compared.is_empty() {
            "Nothing differs.".to_owned()
        } else {
            "Nothing differs in what was compared.".to_owned()
        };
    }
    format!(
        "{}, {} and {} of the configuration differ.",
        count(diff.packages.len() as u64, "package"),
        count(diff.files.total(), "file"),
        count(diff.config.len() as u64, "field")
    )
}

fn facts(image: &ComparedImage) -> String {
    let digest = image
        .digest
        .map(|digest| digest.to_string().chars().take(19).collect::<String>());
    let mut facts = Vec::new();
    facts.extend(digest);
    // What is built for no platform has none to tell.
    facts.extend((image.platform.len() > 1).then(|| image.platform.clone()));
    facts.push(count(image.packages, "package"));
    facts.push(format!(
        "{} of {}",
        count(u64::from(image.layers), "layer"),
        bytes(image.bytes)
    ));
    facts.join(", ")
}

fn title(paper: &mut Paper<'_>, name: &str, entries: usize) -> io::Result<()> {
    paper.blank()?;
    let line = Line::of(Tone::Strong, name);
    paper.text(
        0,
        &line.put(Tone::Faint, &format!(" ({})", number(entries as u64))),
    )
}

fn list<T>(
    paper: &mut Paper<'_>,
    entries: &[T],
    all: usize,
    show: impl Fn(&mut Paper<'_>, &T) -> io::Result<()>,
) -> io::Result<()> {
    let shown = if paper.style.verbose() {
        entries.len()
    } else {
        entries.len().min(ENTRIES)
    };
    for entry in &entries[..shown] {
        show(paper, entry)?;
    }
    if all > shown {
        let how = if shown < entries.len() {
            "-v shows more"
        } else {
            "they are counted and not named"
        };
        let text = format!("and {} more: {how}", number((all - shown) as u64));
        paper.text(2, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// The word and colour of a change. Newer is not better by itself, so that
/// only what a reader should look at twice is coloured.
fn word(change: ChangeKind) -> Line {
    let (tone, word) = match change {
        ChangeKind::Added => (Tone::Good, "added"),
        ChangeKind::Removed => (Tone::Bad, "removed"),
        ChangeKind::Upgraded => (Tone::Plain, "upgraded"),
        ChangeKind::Downgraded => (Tone::Warn, "downgraded"),
        ChangeKind::Changed => (Tone::Plain, "changed"),
    };
    Line::of(tone, word)
}

fn package(paper: &mut Paper<'_>, package: &PackageChange) -> io::Result<()> {
    let versions = match (package.from.is_empty(), package.to.is_empty()) {
        (true, _) => package.to.join(", "),
        (_, true) => package.from.join(", "),
        _ => format!("{} to {}", package.from.join(", "), package.to.join(", ")),
    };
    let line = Line::plain(&package.name).put(Tone::Strong, &format!(" {versions}"));
    let right = Line::of(Tone::Faint, package.kind.as_str());
    paper.apart(2, (&word(package.change), 12), &line, &right)
}

fn field(paper: &mut Paper<'_>, field: &FieldChange) -> io::Result<()> {
    let (change, value) = match (&field.from, &field.to) {
        (None, Some(to)) => (ChangeKind::Added, to.clone()),
        (Some(from), None) => (ChangeKind::Removed, from.clone()),
        (from, to) => {
            let text = |side: &Option<String>| side.clone().unwrap_or_default();
            (
                ChangeKind::Changed,
                format!("{} to {}", text(from), text(to)),
            )
        }
    };
    let value = if paper.style.verbose() {
        value
    } else {
        cut(&value, 3 * paper.style.columns()).into_owned()
    };
    let line = Line::plain(&field.field).put(Tone::Strong, &format!(" {value}"));
    paper.field(2, &word(change), 12, &line)
}

fn file(paper: &mut Paper<'_>, file: &FileChange) -> io::Result<()> {
    let mut line = Line::plain(&format!("/{}", file.path));
    if !file.what.is_empty() {
        line = line.put(Tone::Faint, &format!(" {}", file.what.join(", ")));
    }
    let size = match (file.from_bytes, file.to_bytes) {
        (Some(from), Some(to)) if from != to => format!("{} to {}", bytes(from), bytes(to)),
        (_, Some(size)) | (Some(size), None) => bytes(size),
        (None, None) => String::new(),
    };
    paper.apart(
        2,
        (&word(file.change), 12),
        &line,
        &Line::of(Tone::Faint, &size),
    )
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{PackageType, image_diff::FileChanges};

    use super::*;

    fn shown(diff: &ImageDiff) -> String {
        let mut out = Vec::new();
        write(diff, Style::default(), &mut out).expect("a buffer takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn what_differs_is_told_by_kind() {
        let side = |name: &str, packages| ComparedImage {
            name: name.to_owned(),
            platform: "linux/amd64".to_owned(),
            layers: 3,
            bytes: 30 << 20,
            packages,
            ..ComparedImage::default()
        };
        let package = |name: &str, change, from: &[&str], to: &[&str]| PackageChange {
            kind: PackageType::Deb,
            name: name.to_owned(),
            arch: None,
            change,
            from: from.iter().map(|v| (*v).to_owned()).collect(),
            to: to.iter().map(|v| (*v).to_owned()).collect(),
        };
        let diff = ImageDiff {
            from: side("web:1", 90),
            to: side("web:2", 91),
            shared_layers: 1,
            packages: vec![
                package("bash", ChangeKind::Upgraded, &["5.1-2"], &["5.2-1"]),
                package("curl", ChangeKind::Added, &[], &["7.88-1"]),
            ],
            config: vec![FieldChange {
                field: "user".to_owned(),
                from: None,
                to: Some("10001".to_owned()),
            }],
            files: FileChanges {
                added: 1,
                changed: 1,
                bytes_added: 70,
                list: vec![
                    FileChange {
                        path: "app/run".to_owned(),
                        change: ChangeKind::Changed,
                        what: vec!["mode 644 to 755".to_owned()],
                        from_bytes: Some(5),
                        to_bytes: Some(5),
                    },
                    FileChange {
                        path: "app/new".to_owned(),
                        change: ChangeKind::Added,
                        what: Vec::new(),
                        from_bytes: None,
                        to_bytes: Some(70),
                    },
                ],
                ..FileChanges::default()
            },
            not_compared: vec!["web:2: 1 of its parts could not be read".to_owned()],
            ..ImageDiff::default()
        };
        insta::assert_snapshot!(shown(&diff));
    }

    #[test]
    fn nothing_differs() {
        assert!(shown(&ImageDiff::default()).starts_with("Nothing differs.\n"));
    }
}
