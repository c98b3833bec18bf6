//! The stable machine interface: writing it, reading it back, its schemas.

use std::{
    cell::RefCell,
    io::{self, Write},
};

use plimsoll_model::wire::{CheckReport, FindingReport, SCHEMA_VERSION, ScanReport};
use rayon::prelude::*;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};

/// Writes a value as indented JSON with a newline at the end.
pub(crate) fn write<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// How many findings are held at once while they are written.
const LOT: usize = 1024;
/// How many of these one task makes into text.
const PIECE: usize = 64;
/// About how many bytes a finding takes.
const USUAL: usize = 1024;

/// Writes a scan whose findings come one by one, each as one line: there can be
/// hundreds of thousands, so that they are made into text by all cores in lots
/// and none is held for long.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Its own findings come first among those that are given one by one.
    let bare = ScanReport {
        findings: Vec::new(),
        ..header.clone()
    };
    let header = serde_json::to_string_pretty(&bare)?;
    let Some(head) = header.strip_suffix("[]\n}") else {
        // The list of findings is empty and the last field of a header.
        return Err(io::Error::other(
            "a scan's header ends with an empty list of findings",
        ));
    };
    out.write_all(head.as_bytes())?;
    let mut before: &[u8] = b"[\n    ";
    loop {
        let lot: Vec<FindingReport> = findings.take(LOT).collect();
        if lot.is_empty() {
            break;
        }
        let pieces: Vec<serde_json::Result<Vec<u8>>> = lot.par_chunks(PIECE).map(lines).collect();
        for piece in pieces {
            out.write_all(before)?;
            out.write_all(&piece?)?;
            before = b",\n    ";
        }
    }
    let end: &[u8] = if before.starts_with(b",") {
        b"\n  ]\n}\n"
    } else {
        b"[]\n}\n"
    };
    out.write_all(end)
}

/// Some findings, a line each.
fn lines(findings: &[FindingReport]) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(findings.len() * USUAL);
    for finding in findings {
        if !text.is_empty() {
            text.extend_from_slice(b",\n    ");
        }
        serde_json::to_writer(&mut text, finding)?;
    }
    Ok(text)
}

/// Values that are made while they are written. Written once; a second time
/// there is nothing left.
pub(crate) struct Stream<'a, T = FindingReport>(pub(crate) RefCell<&'a mut dyn Iterator<Item = T>>);

impl<T: Serialize> Serialize for Stream<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for value in &mut **self.0.borrow_mut() {
            list.serialize_element(&value)?;
        }
        list.end()
    }
}

/// A stored report can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is no JSON, or not of the form of a report.
    #[error("this is no report of `plimsoll check -o json`: {0}")]
    Json(#[from] serde_json::Error),
    /// It is a report, of something else.
    #[error(
        "this is the report of a {0}, which has no goals: write one with `plimsoll check -o json`"
    )]
    Kind(String),
    /// It was written by a Plimsoll whose form this one does not know.
    #[error(
        "this report has schemaVersion {found}, and this Plimsoll reads {}.x: use the Plimsoll \
         that wrote it ({generator}), or write the report again",
        major(SCHEMA_VERSION)
    )]
    Version {
        /// The report's `schemaVersion`.
        found: String,
        /// The report's `generator`.
        generator: String,
    },
}

/// The part of every report that tells what the rest is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    generator: String,
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// Reads a report that `plimsoll check -o json` wrote: any of the same major
/// version. Fields this version does not know are ignored.
///
/// # Errors
/// The text is no such report, or one of another major version.
pub fn read_check(json: &str) -> Result<CheckReport, ReadError> {
    // A byte order mark is what some shells put before redirected output.
    let json = json.trim_start_matches('\u{feff}');
    let head: Head = serde_json::from_str(json)?;
    let show = |text: &str| crate::text::cut(&crate::text::clean(text), 60).into_owned();
    if major(&head.schema_version) != major(SCHEMA_VERSION) {
        return Err(ReadError::Version {
            found: show(&head.schema_version),
            generator: show(&head.generator),
        });
    }
    if head.kind != "check" {
        return Err(ReadError::Kind(show(&head.kind)));
    }
    Ok(serde_json::from_str(json)?)
}

/// The JSON Schemas of what is written, by file name without `.json`.
pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("check-report", schema::<CheckReport>()),
        ("scan-report", schema::<ScanReport>()),
        (
            "cluster-coverage-report",
            schema::<plimsoll_model::wire::ClusterCoverageReport>(),
        ),
        ("diff-report", schema::<crate::diff::Diff>()),
        ("simulate-report", schema::<crate::simulate::Simulation>()),
        ("plan-report", schema::<crate::plan::Plan>()),
        (
            "image-diff-report",
            schema::<plimsoll_model::image_diff::ImageDiff>(),
        ),
    ]
}

fn schema<T: JsonSchema>() -> serde_json::Value {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
