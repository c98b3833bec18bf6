//! Every output format from the one report value.
//!
//! A report is rendered from [`CheckReport`] or [`ScanReport`], the same
//! values that `-o json` writes: a stored report renders like a fresh one, and
//! no format can know what another does not. Pure: text in, text out; the
//! width of the terminal, whether it has colours, and the clock are values.
//!
//! Whatever comes from a manifest is hostile until it is cleaned: control
//! characters never reach a terminal, markup never reaches HTML, XML or
//! Markdown.

mod components;
pub mod coverage;
pub mod diff;
mod format;
mod group;
mod html;
pub mod image;
mod json;
mod junit;
mod lookup;
mod markdown;
mod oscal;
pub mod plan;
mod sarif;
pub mod simulate;
mod style;
mod terminal;
mod text;
mod uri;
pub mod vulnerability;
mod words;

use std::io::{self, Write};

use plimsoll_model::wire::{CheckReport, FindingReport, ScanReport};

pub use format::{Format, UnknownFormat};
pub use json::{ReadError, read_check, schemas};
pub use style::{Style, Verbosity};

/// Writes the report of a check.
///
/// # Errors
/// Only what `out` returns.
pub fn check(
    report: &CheckReport,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::check(report, style, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::check(report, out),
        Format::JUnit => junit::check(report, out),
        Format::Markdown => markdown::check(report, out),
        Format::Html => html::check(report, out),
        Format::Oscal => oscal::check(report, out),
        Format::CycloneDx | Format::Spdx => Err(no_sbom(format)),
        Format::Csv => Err(no_table(format)),
    }
}

/// Writes the report of a scan: the findings of `header` (usually none) and
/// then those of `findings`, worst first. Findings are taken one by one; JSON,
/// SARIF and OSCAL never hold two of them, the other formats hold what they
/// show.
///
/// # Errors
/// Only what `out` returns.
pub fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let findings = &mut header.findings.iter().cloned().chain(findings);
    match format {
        Format::Terminal => terminal::scan(header, findings, style, out),
        Format::Json => json::scan(header, findings, out),
        Format::Sarif => sarif::scan(header, findings, out),
        Format::JUnit => junit::scan(header, findings, out),
        Format::Markdown => markdown::scan(header, findings, out),
        Format::Html => html::scan(header, findings, out),
        Format::Oscal => oscal::scan(header, findings, out),
        Format::CycloneDx | Format::Spdx => Err(no_sbom(format)),
        Format::Csv => Err(no_table(format)),
    }
}

/// An SBOM is written from an image, not from findings: whoever asks for one
/// here asked the wrong function.
fn no_sbom(format: Format) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{format} is a form of SBOMs: findings have none"),
    )
}

/// A table is written of coverage, not of findings.
fn no_table(format: Format) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{format} is a form of tables: findings have none"),
    )
}
