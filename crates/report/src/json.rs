//! The stable machine interface: writing it, reading it back, its schemas.

use std::{
    cell::RefCell,
    io::{self, Write},
};

use plimsoll_model::wire::{CheckReport, FindingReport, SCHEMA_VERSION, ScanReport};
use rayon::prelude::*;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{
    Deserialize, Serialize, Serializer,
    ser::{SerializeSeq, SerializeStruct},
};
use serde_json::value::{RawValue, to_raw_value};

/// Writes a value as indented JSON with a newline at the end.
pub(crate) fn write<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writes a scan whose findings come one by one.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write(
        &Streamed {
            header,
            findings: Lines(RefCell::new(findings)),
        },
        out,
    )
}

/// A [`ScanReport`] whose findings are made while it is written.
struct Streamed<'a> {
    header: &'a ScanReport,
    findings: Lines<'a>,
}

/// Findings that are made while they are written, each as one line: there can
/// be hundreds of thousands, so that they are written by all cores in lots.
struct Lines<'a>(RefCell<&'a mut dyn Iterator<Item = FindingReport>>);

/// How many findings are held at once while they are written.
const LOT: usize = 512;

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let findings = &mut **self.0.borrow_mut();
        loop {
            let lot: Vec<FindingReport> = findings.take(LOT).collect();
            if lot.is_empty() {
                return list.end();
            }
            let lines: Vec<Result<Box<RawValue>, _>> =
                lot.par_iter().with_min_len(32).map(to_raw_value).collect();
            for line in lines {
                list.serialize_element(&line.map_err(serde::ser::Error::custom)?)?;
            }
        }
    }
}

impl Serialize for Streamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Without `..`: a field added to the report can't be forgotten here.
        let ScanReport {
            schema_version,
            kind,
            generator,
            now,
            inputs: _,
            cluster,
            baselines,
            controls,
            coverage,
            severities,
            diagnostics,
            findings: _,
        } = self.header;
        let mut object = serializer.serialize_struct("ScanReport", 11)?;
        object.serialize_field("schemaVersion", schema_version)?;
        object.serialize_field("kind", kind)?;
        object.serialize_field("generator", generator)?;
        object.serialize_field("now", now)?;
        object.serialize_field("cluster", cluster)?;
        object.serialize_field("baselines", baselines)?;
        object.serialize_field("controls", controls)?;
        object.serialize_field("coverage", coverage)?;
        object.serialize_field("severities", severities)?;
        object.serialize_field("diagnostics", diagnostics)?;
        object.serialize_field("findings", &self.findings)?;
        object.end()
    }
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
        ("diff-report", schema::<crate::diff::Diff>()),
        ("simulate-report", schema::<crate::simulate::Simulation>()),
        ("plan-report", schema::<crate::plan::Plan>()),
    ]
}

fn schema<T: JsonSchema>() -> serde_json::Value {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
