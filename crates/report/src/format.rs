//! The names of the output formats.

use std::{fmt, str::FromStr};

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For a person at a terminal.
    Terminal,
    /// The stable machine interface.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for CI servers.
    JUnit,
    /// Markdown for a comment on a pull request.
    Markdown,
    /// One self-contained page.
    Html,
    /// OSCAL assessment results, for governance tools.
    Oscal,
    /// Rows of a table, for spreadsheets; of coverage.
    Csv,
    /// An SBOM as CycloneDX 1.6 JSON; of images.
    CycloneDx,
    /// An SBOM as SPDX 2.3 JSON; of images.
    Spdx,
}

impl Format {
    /// All formats of findings, in the order of the documentation.
    pub const ALL: [Format; 7] = [
        Format::Terminal,
        Format::Json,
        Format::Sarif,
        Format::JUnit,
        Format::Markdown,
        Format::Html,
        Format::Oscal,
    ];

    /// The formats of SBOMs.
    pub const SBOM: [Format; 2] = [Format::CycloneDx, Format::Spdx];

    /// What the coverage of a cluster can be written as.
    pub const COVERAGE: [Format; 5] = [
        Format::Terminal,
        Format::Json,
        Format::Csv,
        Format::Markdown,
        Format::Html,
    ];

    /// What an image scan can be written as.
    pub const IMAGE: [Format; 9] = [
        Format::Terminal,
        Format::Json,
        Format::CycloneDx,
        Format::Spdx,
        Format::Sarif,
        Format::JUnit,
        Format::Markdown,
        Format::Html,
        Format::Oscal,
    ];

    /// The name used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Terminal => "terminal",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::JUnit => "junit",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Oscal => "oscal",
            Format::Csv => "csv",
            Format::CycloneDx => "cyclonedx",
            Format::Spdx => "spdx",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Other names that people try.
const ALIASES: [(&str, Format); 6] = [
    ("table", Format::Terminal),
    ("text", Format::Terminal),
    ("md", Format::Markdown),
    ("cyclonedx-json", Format::CycloneDx),
    ("cdx", Format::CycloneDx),
    ("spdx-json", Format::Spdx),
];

/// The text names no format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no output format{}: write terminal, json, sarif, junit, markdown, html or oscal; of an image also cyclonedx or spdx, of coverage also csv",
    .nearest.map(|n| format!(", did you mean `{n}`")).unwrap_or_default())]
pub struct UnknownFormat {
    text: String,
    nearest: Option<Format>,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_lowercase();
        let names = || {
            Format::ALL
                .into_iter()
                .chain(Format::SBOM)
                .chain([Format::Csv])
                .map(|f| (f.as_str(), f))
                .chain(ALIASES)
        };
        if let Some((_, format)) = names().find(|(name, _)| *name == wanted) {
            return Ok(format);
        }
        let nearest = names()
            .map(|(name, format)| (strsim::osa_distance(name, &wanted), format))
            .min_by_key(|(distance, _)| *distance)
            // One slip in three letters; more is another word.
            .filter(|(distance, _)| distance * 3 <= wanted.len().max(3))
            .map(|(_, format)| format);
        // What is echoed goes to a terminal.
        let text = crate::text::clean(text).chars().take(60).collect();
        Err(UnknownFormat { text, nearest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_mistakes_get_the_nearest() {
        let check = |text: &str, expect: Result<Format, &str>| {
            let got = text.parse::<Format>().map_err(|error| error.to_string());
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect, "{text}"),
                (Err(got), Err(expect)) => assert!(got.contains(expect), "{text}: {got}"),
                (got, expect) => panic!("{text}: got {got:?}, expected {expect:?}"),
            }
        };
        for format in Format::ALL.into_iter().chain(Format::SBOM) {
            check(format.as_str(), Ok(format));
        }
        check("table", Ok(Format::Terminal));
        check("text", Ok(Format::Terminal));
        check("MD", Ok(Format::Markdown));
        check("serif", Err("did you mean `sarif`"));
        check("htm", Err("did you mean `html`"));
        check(
            "yaml",
            Err("`yaml` is no output format: write terminal, json"),
        );
        check("\u{1b}[31m", Err("`[31m` is no output format"));
    }
}
