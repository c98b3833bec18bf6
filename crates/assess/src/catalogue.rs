//! The controls and baselines there are, for those who explain them.

use plimsoll_model::Rule;
pub use plimsoll_posture::BuiltinBaseline;

/// The words of every control, in order of ids.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    plimsoll_posture::catalogue()
        .iter()
        .map(|control| control.rule)
}

/// The words of one control.
pub fn rule(id: &str) -> Option<&'static Rule> {
    plimsoll_posture::find(id).map(|control| control.rule)
}

/// The built-in baselines.
pub fn baselines() -> &'static [BuiltinBaseline] {
    plimsoll_posture::baselines()
}
