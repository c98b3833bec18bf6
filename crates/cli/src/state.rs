//! The state file: what earlier runs left, kept as JSON that people can read.

mod lock;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use plimsoll_model::{History, Period};
use serde::Deserialize;

use crate::{
    atomic, bounded,
    context::Context,
    exit::{Failure, fail},
};

/// A state file of ten years of nightly runs over a large estate is far below.
const MAX_BYTES: u64 = 1 << 30;

/// The state, and who may write it.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    /// What earlier runs left.
    pub history: History,
    lock: Option<plimsoll_feeds::Lock>,
}

impl State {
    /// Reads a state file, which need not be there yet. The file can't be
    /// written through the result.
    ///
    /// # Errors
    /// It can't be read, is damaged, or was written by a newer Plimsoll.
    pub fn read(path: &Path) -> Result<State, Failure> {
        Ok(State {
            path: path.to_owned(),
            history: history(path)?,
            lock: None,
        })
    }

    /// Reads a state file and keeps every other run from writing it until the
    /// result is dropped.
    ///
    /// # Errors
    /// As [`State::read`]; or another run holds it for longer than `patience`.
    pub fn open(context: &Context, path: &Path, patience: Period) -> Result<State, Failure> {
        let folder = atomic::folder(path);
        if let Err(error) = std::fs::create_dir_all(folder) {
            let reason = bounded::words(&error);
            return fail(format!("the state's folder {}: {reason}", folder.display()));
        }
        let lock = lock::take(context, path, Duration::from_secs(patience.as_secs()))?;
        Ok(State {
            path: path.to_owned(),
            history: history(path)?,
            lock: Some(lock),
        })
    }

    /// Writes what is known now, whole or not at all.
    ///
    /// # Errors
    /// It can't be written; what was there is untouched.
    pub fn write(&self) -> Result<(), Failure> {
        debug_assert!(self.lock.is_some(), "only the holder writes");
        let written = atomic::write(&self.path, |out| {
            serde_json::to_writer_pretty(&mut *out, &self.history)?;
            out.write_all(b"\n")
        });
        match written {
            Ok(()) => Ok(()),
            Err(error) => fail(format!(
                "the state file {} can't be written: {}",
                self.path.display(),
                bounded::words(&error)
            )),
        }
    }
}

fn history(path: &Path) -> Result<History, Failure> {
    if !path.exists() {
        return Ok(History::default());
    }
    let shown = path.display();
    let bytes = match bounded::read_file(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(reason) => return fail(format!("the state file {shown}: {reason}")),
    };
    parse(&bytes).or_else(|reason| fail(format!("the state file {shown}{reason}")))
}

/// The part that tells whether the rest can be read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: u32,
}

fn parse(bytes: &[u8]) -> Result<History, String> {
    let damaged = |error: serde_json::Error| {
        // The place stands before it already.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        format!(
            ":{}:{} is damaged: {what}. It is left as it is; restore it from a backup, or move \
             it away to begin anew (first-seen times and windows then begin today)",
            error.line(),
            error.column()
        )
    };
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.schema_version > History::VERSION {
        return Err(format!(
            " was written by a newer Plimsoll (version {}, this one reads up to {}): update \
             Plimsoll, or use another state file",
            head.schema_version,
            History::VERSION
        ));
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_read_says_why() {
        let check = |text: &str, expect: Result<usize, &str>| {
            let got = parse(text.as_bytes()).map(|history| history.runs.len());
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect, "{text}"),
                (Err(got), Err(expect)) => assert!(got.contains(expect), "{got}"),
                (got, expect) => panic!("{text}: got {got:?}, expected {expect:?}"),
            }
        };
        check(r#"{"schemaVersion":1}"#, Ok(0));
        check(r#"{"schemaVersion":1,"later":{"a":1},"runs":[]}"#, Ok(0));
        check(
            r#"{"schemaVersion":2}"#,
            Err("written by a newer Plimsoll (version 2"),
        );
        check(
            "{\"schemaVersion\":1,\n \"runs\": [}",
            Err(":2:11 is damaged"),
        );
        check("", Err("is damaged"));
    }

    #[test]
    fn what_a_newer_version_wrote_is_kept() {
        let text = r#"{"schemaVersion":1,"findings":{},"runs":[],"later":{"a":1}}"#;
        let history = parse(text.as_bytes()).expect("readable");
        assert_eq!(serde_json::to_string(&history).expect("writable"), text);
    }
}
