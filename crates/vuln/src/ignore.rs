//! Ignore files of other tools, read so that nobody must write them anew:
//! `.trivyignore`, `.trivyignore.yaml` and the `ignore` rules of `.grype.yaml`.
//!
//! What they hide stays in the list, with the file and line that hides it and
//! until when. A rule that is over hides nothing and is called out; so is one
//! that is about nothing. A rule that asks for something that is not
//! understood hides nothing either: it would hide more than was meant.

mod apply;
mod glob;
mod grype;
mod rule;
mod trivy;

use std::fmt;

use plimsoll_manifest::{Limits, Source};

pub use self::{
    apply::{Applied, Expired, apply},
    rule::{Kind, Rule},
};
use crate::{advisory::Skipped, read::bounds};

/// Bytes of one file.
const MOST_BYTES: usize = 4 << 20;
/// Rules of one file.
const MOST_RULES: usize = 50_000;
/// Items of a list in one rule.
const MOST_ITEMS: usize = 1_000;

/// A form of ignore file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoreFormat {
    /// `.trivyignore`: an id to a line.
    TrivyLines,
    /// `.trivyignore.yaml`.
    TrivyYaml,
    /// `.grype.yaml`.
    Grype,
}

impl fmt::Display for IgnoreFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            IgnoreFormat::TrivyLines => ".trivyignore",
            IgnoreFormat::TrivyYaml => ".trivyignore.yaml",
            IgnoreFormat::Grype => ".grype.yaml",
        })
    }
}

/// An ignore file.
#[derive(Clone, Debug)]
pub struct IgnoreFile {
    /// Its name, as it was given.
    pub file: String,
    /// Its form.
    pub format: IgnoreFormat,
    /// Its rules, in their order.
    pub rules: Vec<Rule>,
    /// Rules that hide nothing since they are not understood, by line.
    pub skipped: Vec<Skipped>,
}

impl IgnoreFile {
    fn new(file: &str, format: IgnoreFormat) -> Self {
        IgnoreFile {
            file: bounds::prose(file, bounds::NAME),
            format,
            rules: Vec::new(),
            skipped: Vec::new(),
        }
    }

    fn skip(&mut self, line: u32, reason: impl Into<String>) {
        if self.skipped.len() < bounds::SKIPPED {
            self.skipped.push(Skipped {
                file: self.file.clone(),
                record: format!("line {line}"),
                reason: bounds::prose(&reason.into(), bounds::NOTE),
            });
        }
    }

    fn take(&mut self, line: u32, rule: Result<Rule, String>) {
        match rule {
            Err(reason) => self.skip(line, reason),
            Ok(_) if self.rules.len() >= MOST_RULES => {
                self.skip(line, format!("at most {MOST_RULES} rules are read"));
            }
            Ok(rule) => self.rules.push(rule),
        }
    }

    fn place(&self, line: u32) -> String {
        format!("{}:{line}", self.file)
    }
}

/// The file can't be read as an ignore file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// It is bigger than any.
    #[error("{file}: {size} bytes; at most {MOST_BYTES} of an ignore file are read")]
    TooLarge {
        /// The file.
        file: String,
        /// Its bytes.
        size: usize,
    },
    /// It is no text.
    #[error("{file}: no UTF-8 text")]
    Text {
        /// The file.
        file: String,
    },
    /// It is no YAML.
    #[error("{0}")]
    Yaml(String),
    /// It is YAML of something else.
    #[error(
        "{file}: neither `ignore` (Grype) nor `vulnerabilities`, `misconfigurations`, `secrets` or \
         `licenses` (Trivy) stand in it"
    )]
    Format {
        /// The file.
        file: String,
    },
}

/// Reads an ignore file: YAML when its name ends in `.yaml` or `.yml`, else an
/// id to a line.
///
/// # Errors
/// It is none. A rule that can't be read is passed over and named instead.
pub fn read(file: &str, bytes: &[u8]) -> Result<IgnoreFile, IgnoreError> {
    let name = || bounds::prose(file, bounds::NAME);
    if bytes.len() > MOST_BYTES {
        return Err(IgnoreError::TooLarge {
            file: name(),
            size: bytes.len(),
        });
    }
    let lower = file.to_ascii_lowercase();
    if !lower.ends_with(".yaml") && !lower.ends_with(".yml") {
        let text = std::str::from_utf8(bytes).map_err(|_| IgnoreError::Text { file: name() })?;
        return Ok(trivy::lines(file, text));
    }
    let limits = Limits {
        max_bytes: MOST_BYTES as u64,
        max_nodes: 1_000_000,
        ..Limits::default()
    };
    let yaml = |error: plimsoll_manifest::LoadError| IgnoreError::Yaml(error.to_string());
    let source = Source::new(name(), bytes.to_vec(), &limits).map_err(yaml)?;
    let Some(document) = plimsoll_manifest::load_one(&source, &limits).map_err(yaml)? else {
        return Ok(IgnoreFile::new(file, IgnoreFormat::TrivyYaml));
    };
    let root = document.root();
    if root.get("ignore").is_some() {
        Ok(grype::read(file, root))
    } else if trivy::SECTIONS
        .iter()
        .any(|(key, _)| root.get(key).is_some())
    {
        Ok(trivy::yaml(file, root))
    } else {
        Err(IgnoreError::Format { file: name() })
    }
}

#[cfg(test)]
mod tests;
