//! What the goals engine has to say about the line itself, beside verdicts.

use std::fmt;

use plimsoll_model::Location;

/// Something wrong with a goal, class, exception or label that does not stop
/// the others from being judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where it is written, when it stands somewhere.
    pub location: Option<Location>,
    /// What is wrong, in words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic at a place.
    pub(crate) fn at(location: &Location, message: impl Into<String>) -> Self {
        Diagnostic { location: Some(location.clone()), message: message.into(), help: None }
    }

    /// The same with what to do about it.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    /// `goals.yaml:3:1: goal x is ...; remove it`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}
