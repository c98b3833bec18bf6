//! Reports for a person at a terminal: no line longer than the terminal is
//! wide, and colours say nothing that the words do not.

mod assets;
mod check;
mod components;
mod coverage;
pub(crate) mod image;
pub(crate) mod image_diff;
mod paper;
mod plan;
mod scan;
mod vulnerabilities;

pub(crate) use assets::SEVERITY;
pub(crate) use check::check;
pub(crate) use coverage::coverage;
pub(crate) use paper::{Line, Paper};
pub(crate) use plan::plan;
pub(crate) use scan::scan;
