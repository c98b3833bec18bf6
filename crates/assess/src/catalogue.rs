//! The controls and baselines there are, for those who explain them.

use plimsoll_model::Rule;
pub use plimsoll_posture::BuiltinBaseline;

/// The words of every control, in order of ids, then of what else is found:
/// vulnerable packages.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    plimsoll_posture::catalogue()
        .iter()
        .map(|control| control.rule)
        .chain(crate::RULES)
        .chain(plimsoll_coverage::RULES)
}

/// The words of one control of the posture engine.
pub fn control(id: &str) -> Option<&'static Rule> {
    plimsoll_posture::find(id).map(|control| control.rule)
}

/// The words of whatever a finding can name: a control, a vulnerable package, a
/// kind of secret.
pub fn rule(id: &str) -> Option<&'static Rule> {
    control(id)
        .or_else(|| crate::RULES.into_iter().find(|rule| rule.id == id))
        .or_else(|| plimsoll_coverage::rule(id))
        .or_else(|| plimsoll_image::secret::rule(id))
}

/// The built-in baselines.
pub fn baselines() -> &'static [BuiltinBaseline] {
    plimsoll_posture::baselines()
}
