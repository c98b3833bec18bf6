//! The one composition of the engines: files, goals and a clock in, an
//! assessment out.
//!
//! The command line, and later the admission gate, the agent and the hub, call
//! this crate and never an engine by itself, so that one object gets one
//! answer whoever asks. Nothing here reads a file or a clock: files come in
//! as bytes, time as a value.

mod accepted;
mod assessment;
pub mod catalogue;
mod causes;
mod components;
pub mod drift;
mod edit;
mod estate;
mod image_diff;
mod images;
mod init;
mod kustomize;
mod line;
pub mod live;
pub mod starter;
pub mod status;
mod unread;
pub mod wire;

pub use assessment::{Assessment, Options, Outcome, assess, scan, scan_image};
pub use components::{Components, ComponentsAsked, VULNERABLE_COMPONENT};
pub use edit::{Changes, FileChange, NotApplied, apply};
pub use estate::{Estate, EstateOptions, InputFile, Purpose, load};
pub use image_diff::image_diff;
pub use images::{
    Advisories, LookedInto, MALICIOUS_PACKAGE, RULES, Statements, VULNERABLE_PACKAGE, image_id,
    matched,
};
pub use init::{Proposal, propose};
pub use line::Line;
pub use plimsoll_coverage::{self as coverage};
pub use plimsoll_goals::record;
pub use plimsoll_image as image;
pub use plimsoll_manifest::{Limits, Source};
pub use plimsoll_vuln::{self as vuln, version};
