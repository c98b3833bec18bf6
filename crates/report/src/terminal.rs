//! Reports for a person at a terminal: no line longer than the terminal is
//! wide, and colours say nothing that the words do not.

mod check;
mod paper;
mod plan;
mod scan;

pub(crate) use check::{SEVERITY, check};
pub(crate) use paper::{Line, Paper};
pub(crate) use plan::plan;
pub(crate) use scan::scan;
