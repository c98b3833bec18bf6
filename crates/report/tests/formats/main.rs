//! Every format, from one realistic report.

mod agree;
mod components;
mod coverage;
mod diff;
mod hostile;
mod json;
mod oscal;
mod sarif;
mod simulate;
mod snapshots;
#[path = "../support/mod.rs"]
mod support;
mod vulnerabilities;

use plimsoll_model::wire::{CheckReport, FindingReport, ScanReport};
use plimsoll_report::{Format, Style};

/// What a format makes of the report of a check.
fn check(report: &CheckReport, format: Format, style: Style) -> String {
    let mut out = Vec::new();
    plimsoll_report::check(report, format, style, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("every format is text")
}

/// What a format makes of the report of a scan.
fn scan(
    (header, findings): (ScanReport, Vec<FindingReport>),
    format: Format,
    style: Style,
) -> String {
    let mut out = Vec::new();
    plimsoll_report::scan(&header, &mut findings.into_iter(), format, style, &mut out)
        .expect("a vector takes all");
    String::from_utf8(out).expect("every format is text")
}
