//! (filled by the part that owns it)

use crate::Analyzer;

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[];

/// The words of the kind of secret with this id ([`crate::SecretHit::rule`]);
/// `assess` makes a finding of each secret with it.
#[must_use]
pub fn rule(id: &str) -> Option<&'static plimsoll_model::Rule> {
    let _ = id;
    None
}
