//! Annotations that ask for a control to be ignored on an object. They mark a
//! finding; they never hide it.

use plimsoll_inventory::view::pod::PodTemplate;
use plimsoll_manifest::Node;
use plimsoll_model::{Rule, Waiver};

const OWN: &str = "ignore.plimsoll.dev/";
const KUBE_LINTER: &str = "ignore-check.kube-linter.io/";
const KUBE_LINTER_ALL: &str = "kube-linter.io/ignore-all";

/// The waivers written on one object and its pod templates.
#[derive(Default)]
pub(crate) struct Waivers<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Waivers<'a> {
    /// Reads those of the object and of these templates of it.
    pub(crate) fn read(object: Node<'a>, templates: impl IntoIterator<Item = Node<'a>>) -> Self {
        let mut found = Vec::new();
        for node in std::iter::once(object).chain(templates) {
            found.extend(PodTemplate::new(node).annotations().filter(|(key, _)| {
                key.starts_with(OWN) || key.starts_with(KUBE_LINTER) || *key == KUBE_LINTER_ALL
            }));
        }
        found.sort_unstable();
        Waivers(found)
    }

    /// The waiver of this rule, if there is one: the first by key.
    pub(crate) fn of(&self, rule: &Rule) -> Option<Box<Waiver>> {
        let names_it = |key: &str| {
            let linter = |check: Option<&str>| {
                rule.aliases
                    .iter()
                    .filter_map(|alias| alias.strip_prefix("kube-linter:"))
                    .any(|alias| check.is_none_or(|check| check == alias))
            };
            match (key.strip_prefix(OWN), key.strip_prefix(KUBE_LINTER)) {
                (Some(id), _) => id == rule.id,
                (_, Some(check)) => linter(Some(check)),
                _ => linter(None),
            }
        };
        let (key, reason) = self.0.iter().find(|(key, _)| names_it(key))?;
        Some(Box::new(Waiver {
            annotation: (*key).into(),
            reason: (*reason).into(),
        }))
    }
}
