//! All controls there are.

use std::sync::LazyLock;

use crate::{Control, controls};

static ALL: LazyLock<Vec<&'static Control>> = LazyLock::new(|| {
    let mut all: Vec<_> = controls::GROUPS
        .iter()
        .flat_map(|group| group.iter().copied())
        .collect();
    all.sort_by_key(|control| control.id());
    all
});

/// All controls, by id.
pub fn catalogue() -> &'static [&'static Control] {
    &ALL
}

/// The control of this id.
pub fn find(id: &str) -> Option<&'static Control> {
    let all = catalogue();
    all.binary_search_by_key(&id, |control| control.id())
        .ok()
        .and_then(|at| all.get(at).copied())
}

/// The nearest of these names, when one is near enough to be a slip.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, two| one.0.total_cmp(&two.0).then_with(|| two.1.cmp(one.1)))
        .map(|(_, candidate)| candidate)
}

/// The nearest control's id, when one is near enough.
pub fn suggest(id: &str) -> Option<&'static str> {
    nearest(id, catalogue().iter().map(|control| control.id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_well_formed() {
        for pair in catalogue().windows(2) {
            assert!(
                pair[0].id() < pair[1].id(),
                "{} is there twice",
                pair[1].id()
            );
        }
        for control in catalogue() {
            let id = control.id();
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{id}: lower-case words with dashes only"
            );
        }
    }

    #[test]
    fn every_rule_says_all_it_must() {
        for control in catalogue() {
            let rule = control.rule;
            for (field, text) in [
                ("title", rule.title),
                ("category", rule.category),
                ("why", rule.why),
                ("remediation", rule.remediation),
                ("test", rule.test),
            ] {
                assert!(!text.trim().is_empty(), "{}: no {field}", rule.id);
                assert!(
                    !text.contains("  ") && !text.contains('\n'),
                    "{}: {field} has stray spaces",
                    rule.id
                );
            }
            assert!(!rule.references.is_empty(), "{}: no references", rule.id);
            assert!(
                rule.references.iter().all(|r| r.starts_with("https://")),
                "{}",
                rule.id
            );
            assert!(
                rule.aliases.iter().all(|alias| alias.contains(':')),
                "{}",
                rule.id
            );
            assert!(control.changes.is_sorted(), "{}: changes ascend", rule.id);
        }
    }

    #[test]
    fn controls_are_found_and_suggested() {
        assert_eq!(
            find("pss-privileged").map(Control::id),
            Some("pss-privileged")
        );
        assert!(find("pss-privilege").is_none());
        assert_eq!(suggest("pss-privilege"), Some("pss-privileged"));
        assert_eq!(suggest("zzz"), None);
    }
}
