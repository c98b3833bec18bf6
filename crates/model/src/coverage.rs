//! What was read and what was not: part of every result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of the input was read. The parts are listed in full: a number without
/// its parts can't be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Files read.
    pub files: u64,
    /// Kubernetes objects read.
    pub objects: u64,
    /// Of the objects, workloads: those with pods.
    pub workloads: u64,
    /// Documents that are no Kubernetes objects, and files left out.
    pub skipped: Vec<CoverageGap>,
    /// Chart templates that can't be read before they are rendered.
    pub not_rendered: Vec<CoverageGap>,
    /// Files or documents that could not be read.
    pub failed: Vec<CoverageGap>,
}

impl Coverage {
    /// Whether something that may hold assets could not be read.
    pub fn is_incomplete(&self) -> bool {
        !self.not_rendered.is_empty() || !self.failed.is_empty()
    }
}

/// One thing that was not read.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct CoverageGap {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 0 when it is the whole file.
    pub line: u32,
    /// Column, from 1; 0 when it is the whole file.
    pub column: u32,
    /// Why it was not read, and what to do about it.
    pub reason: String,
}
