//! A Dockerfile taken apart as far as an edit needs it: instructions with
//! their bytes, stages, arguments before the first stage
//! (<https://docs.docker.com/reference/dockerfile/>).

use super::DockerfileError;

/// Bytes of a Dockerfile.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// Instructions of one.
pub(super) const MOST_INSTRUCTIONS: usize = 10_000;
/// Bytes of what variables are written out to.
const MOST_EXPANDED: usize = 4096;
/// Here-documents of one instruction.
const MOST_HEREDOCS: usize = 20;

/// Bytes from and up to.
pub(super) type Span = (usize, usize);

/// A Dockerfile.
#[derive(Debug)]
pub(super) struct Dockerfile<'a> {
    pub(super) text: &'a str,
    pub(super) stages: Vec<Stage>,
    pub(super) arguments: Vec<Argument<'a>>,
}

/// A stage.
#[derive(Debug)]
pub(super) struct Stage {
    /// The image it is built from, as written.
    pub(super) image: Span,
    /// Its name, lower case; empty when it has none.
    pub(super) name: String,
    /// Its instructions, FROM first.
    pub(super) instructions: Vec<Instruction>,
}

/// An instruction.
#[derive(Debug)]
pub(super) struct Instruction {
    /// Its keyword, upper case.
    pub(super) keyword: String,
    /// Its words, keyword first, as they are written.
    pub(super) words: Vec<Span>,
    /// All of it, continued lines and here-documents with it, and the line end.
    pub(super) span: Span,
    /// Whether the text ends in the middle of it.
    pub(super) unfinished: bool,
}

/// An argument before the first stage.
#[derive(Debug)]
pub(super) struct Argument<'a> {
    pub(super) name: &'a str,
    /// The bytes of its default, quotes left out.
    pub(super) value: Option<Span>,
}

impl<'a> Dockerfile<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, DockerfileError> {
        if text.len() > MOST_BYTES {
            return Err(DockerfileError::TooLarge(text.len()));
        }
        let escape = escape_of(text);
        let mut file = Dockerfile {
            text,
            stages: Vec::new(),
            arguments: Vec::new(),
        };
        let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut count = 0;
        while at < text.len() {
            let (line, next) = line_at(text, at);
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                at = next;
                continue;
            }
            count += 1;
            if count > MOST_INSTRUCTIONS {
                return Err(DockerfileError::TooMany);
            }
            let instruction = instruction(text, at, escape);
            at = instruction.span.1;
            file.take(instruction);
        }
        if file.stages.is_empty() {
            return Err(DockerfileError::NoStage);
        }
        Ok(file)
    }

    fn take(&mut self, instruction: Instruction) {
        let text = self.text;
        let word = |span: &Span| text.get(span.0..span.1).unwrap_or_default();
        match (instruction.keyword.as_str(), self.stages.last_mut()) {
            ("FROM", _) => {
                let mut words = instruction
                    .words
                    .iter()
                    .skip(1)
                    .filter(|span| !word(span).starts_with("--"));
                let Some(image) = words.next().copied() else {
                    return;
                };
                let named = words
                    .next()
                    .is_some_and(|span| word(span).eq_ignore_ascii_case("as"));
                let name = words.next().filter(|_| named).map_or("", word);
                self.stages.push(Stage {
                    image,
                    name: name.to_lowercase(),
                    instructions: vec![instruction],
                });
            }
            (_, Some(stage)) => stage.instructions.push(instruction),
            ("ARG", None) => {
                for span in instruction.words.iter().skip(1) {
                    let whole = word(span);
                    let (name, value) = match whole.split_once('=') {
                        None => (whole, None),
                        Some((name, value)) => {
                            let start = span.0 + name.len() + 1;
                            let quoted = value.len() >= 2
                                && ['"', '\'']
                                    .iter()
                                    .any(|q| value.starts_with(*q) && value.ends_with(*q));
                            let inner = usize::from(quoted);
                            (name, Some((start + inner, span.1 - inner)))
                        }
                    };
                    self.arguments.push(Argument { name, value });
                }
            }
            (_, None) => {}
        }
    }

    /// The stage that is built and those it is built on, the lowest first.
    pub(super) fn chain(&self, target: Option<&str>) -> Result<Vec<&Stage>, DockerfileError> {
        let mut at = match target {
            None => self.stages.len().saturating_sub(1),
            Some(target) => {
                let lower = target.to_lowercase();
                self.stages
                    .iter()
                    .rposition(|stage| stage.name == lower)
                    .or_else(|| lower.parse().ok().filter(|at| *at < self.stages.len()))
                    .ok_or_else(|| DockerfileError::NoTarget(target.chars().take(80).collect()))?
            }
        };
        let mut chain = Vec::new();
        while let Some(stage) = self.stages.get(at) {
            chain.push(stage);
            let image = self.text.get(stage.image.0..stage.image.1);
            let image = image
                .and_then(|image| self.expand(image))
                .unwrap_or_default()
                .to_lowercase();
            // Only stages before it can be meant.
            match self.stages[..at].iter().rposition(|s| s.name == image) {
                Some(before) if !image.is_empty() => at = before,
                _ => break,
            }
        }
        chain.reverse();
        Ok(chain)
    }

    /// The default of an argument before the first stage.
    pub(super) fn default(&self, name: &str) -> Option<&'a str> {
        let argument = self.arguments.iter().rev().find(|a| a.name == name)?;
        let (start, end) = argument.value?;
        self.text.get(start..end)
    }

    /// A word with its variables written out; none when one has no default.
    pub(super) fn expand(&self, word: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = word;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (inner, next) = match after.strip_prefix('{') {
                Some(braced) => {
                    let end = braced.find('}')?;
                    (&braced[..end], &braced[end + 1..])
                }
                None => {
                    let end = name_len(after);
                    (&after[..end], &after[end..])
                }
            };
            let (name, rule) = inner.split_at(name_len(inner));
            if name.is_empty() {
                return None;
            }
            let value = self.default(name).filter(|value| !value.contains('$'));
            match (rule.get(..2), value) {
                (None, Some(value)) if rule.is_empty() => out.push_str(value),
                (Some(":-"), Some(value)) if !value.is_empty() => out.push_str(value),
                (Some(":-"), _) if !rule.contains('$') => out.push_str(&rule[2..]),
                _ => return None,
            }
            rest = next;
            if out.len() > MOST_EXPANDED {
                return None;
            }
        }
        out.push_str(rest);
        Some(out)
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// The variable that a word is nothing but: `$A`, `${A}`, `${A:-b}`.
pub(super) fn whole_variable(word: &str) -> Option<&str> {
    let rest = word.strip_prefix('$')?;
    match rest.strip_prefix('{') {
        Some(braced) => {
            let inner = braced.strip_suffix('}')?;
            let (name, rule) = inner.split_at(name_len(inner));
            let whole = rule.is_empty() || (rule.starts_with(":-") && !rule.contains(['}', '$']));
            (whole && !name.is_empty()).then_some(name)
        }
        None => (!rest.is_empty() && name_len(rest) == rest.len()).then_some(rest),
    }
}

fn name_len(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

/// The character that continues a line: `\` unless a directive at the top says else.
fn escape_of(text: &str) -> char {
    for line in text.trim_start_matches('\u{feff}').lines() {
        let Some(directive) = line.trim().strip_prefix('#') else {
            break;
        };
        let Some((name, value)) = directive.split_once('=') else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

/// The line at a byte without its end, and where the next begins.
fn line_at(text: &str, at: usize) -> (&str, usize) {
    let rest = text.get(at..).unwrap_or_default();
    match rest.find('\n') {
        Some(end) => (&rest[..end], at + end + 1),
        None => (rest, text.len()),
    }
}

fn instruction(text: &str, start: usize, escape: char) -> Instruction {
    let mut words: Vec<Span> = Vec::new();
    let mut at = start;
    let mut first = true;
    let mut unfinished;
    loop {
        let (line, next) = line_at(text, at);
        let trimmed = line.trim();
        // Comments and empty lines between continued lines do not count.
        let passed = !first && (trimmed.is_empty() || trimmed.starts_with('#'));
        let continued = !passed && trimmed.ends_with(escape);
        if !passed {
            let end = line.trim_end().len() - if continued { escape.len_utf8() } else { 0 };
            split_words(&line[..end], at, &mut words);
        }
        first = false;
        at = next;
        unfinished = passed || continued;
        if at >= text.len() || (!passed && !continued) {
            break;
        }
    }
    let word = |span: &Span| text.get(span.0..span.1).unwrap_or_default();
    let keyword = words
        .first()
        .map_or_else(String::new, |span| word(span).to_ascii_uppercase());
    let inner = match keyword.as_str() {
        "ONBUILD" => words
            .get(1)
            .map_or_else(String::new, |span| word(span).to_ascii_uppercase()),
        other => other.to_owned(),
    };
    if matches!(inner.as_str(), "RUN" | "COPY" | "ADD") {
        let heads: Vec<(&str, bool)> = words
            .iter()
            .filter_map(|span| heredoc(word(span)))
            .take(MOST_HEREDOCS)
            .collect();
        for (end, tabs) in heads {
            unfinished = true;
            while at < text.len() {
                let (line, next) = line_at(text, at);
                at = next;
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if line == end {
                    unfinished = false;
                    break;
                }
            }
        }
    }
    Instruction {
        keyword,
        words,
        span: (start, at),
        unfinished,
    }
}

/// Words of a line; `at` is where the line begins.
fn split_words(line: &str, at: usize, words: &mut Vec<Span>) {
    let mut from = None;
    for (offset, c) in line.char_indices() {
        match (c.is_whitespace(), from) {
            (true, Some(start)) => {
                words.push((at + start, at + offset));
                from = None;
            }
            (false, None) => from = Some(offset),
            _ => {}
        }
    }
    if let Some(start) = from {
        words.push((at + start, at + line.len()));
    }
}

/// The word that ends a here-document that a word begins, and whether tabs
/// before it count for nothing: `<<EOF`, `<<-"EOF"`, `3<<EOF`.
fn heredoc(word: &str) -> Option<(&str, bool)> {
    let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = word.strip_prefix("<<")?;
    let (rest, tabs) = match rest.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let quoted = ['"', '\''].iter().find_map(|quote| {
        let inner = rest.strip_prefix(*quote)?;
        inner.split_once(*quote).map(|(name, _)| name)
    });
    let name = quoted.unwrap_or_else(|| &rest[..name_len(rest)]);
    let plain = !name.is_empty() && name_len(name) == name.len();
    plain.then_some((name, tabs))
}
