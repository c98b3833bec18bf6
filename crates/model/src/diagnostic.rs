//! Notes about a run that are no findings: what the user wrote that can't be
//! used, or what a reader must know.

pub use crate::wire::DiagnosticLevel;

use crate::Location;

/// A note about the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub level: DiagnosticLevel,
    /// Where, if it is about a place.
    pub location: Option<Location>,
    /// What, and what to do.
    pub message: String,
}

impl Diagnostic {
    /// Something the user wrote that can't be used.
    pub fn error(location: Option<Location>, message: impl Into<String>) -> Self {
        Diagnostic {
            level: DiagnosticLevel::Error,
            location,
            message: message.into(),
        }
    }

    /// Something that is probably not as meant.
    pub fn warning(location: Option<Location>, message: impl Into<String>) -> Self {
        Diagnostic {
            level: DiagnosticLevel::Warning,
            location,
            message: message.into(),
        }
    }

    /// Something worth knowing.
    pub fn note(location: Option<Location>, message: impl Into<String>) -> Self {
        Diagnostic {
            level: DiagnosticLevel::Note,
            location,
            message: message.into(),
        }
    }

    /// The order of every list of diagnostics: what matters most first.
    pub fn listing_order(&self, other: &Self) -> std::cmp::Ordering {
        (self.level, &self.location, &self.message).cmp(&(
            other.level,
            &other.location,
            &other.message,
        ))
    }
}
