//! What a rule of a role grants, and where it says so.

use plimsoll_inventory::view::rbac::{PolicyRule, Role};

use super::is_built_in;
use crate::{ObjectContext, Path, Remedy, Sink, Violation};

/// What a rule must grant to be reported: one of the verbs on one of the
/// resources, each with its API group.
pub(super) struct Grant {
    pub verbs: &'static [&'static str],
    pub resources: &'static [(&'static str, &'static str)],
    /// Whether a rule that is limited to names counts as well.
    pub named_too: bool,
}

/// Reports the rules of a role that grant it, at the verb that does.
pub(super) fn report(
    object: &ObjectContext<'_>,
    sink: &mut Sink,
    grants: &[Grant],
    message: &'static str,
    decision: &'static str,
) {
    if is_built_in(object) {
        return;
    }
    for rule in Role::new(object.root()).rules() {
        if let Some(verb) = grants.iter().find_map(|grant| granted(rule, grant)) {
            sink.report(at_verb(rule, verb, message).remedy(Remedy::manual(
                "Take the right away, or narrow it",
                decision,
            )));
        }
    }
}

/// The place in `verbs` of what grants it.
fn granted(rule: PolicyRule<'_>, grant: &Grant) -> Option<usize> {
    let limited = rule.resource_names().next().is_some();
    let covers = grant
        .resources
        .iter()
        .any(|(group, resource)| rule.covers(group, resource));
    if !covers || limited && !grant.named_too {
        return None;
    }
    let verbs = rule.node().get("verbs")?;
    verbs.items().position(|verb| {
        verb.scalar_text()
            .is_some_and(|verb| verb == "*" || grant.verbs.contains(&verb))
    })
}

fn at_verb(rule: PolicyRule<'_>, verb: usize, message: &'static str) -> Violation {
    let node = rule.node().get("verbs").and_then(|verbs| verbs.at(verb));
    Violation::new(
        named(rule),
        Path::object(format!("rules[{}].verbs[{verb}]", rule.index())),
        message,
    )
    .observed(node)
}

/// A rule by what it is about, for indexes move: `rule pods/exec`.
pub(super) fn named(rule: PolicyRule<'_>) -> String {
    const MOST: usize = 200;
    let mut name = String::from("rule ");
    for (at, resource) in rule.resources().enumerate() {
        if at > 0 {
            name.push(',');
        }
        if name.len() > MOST {
            name.push('…');
            break;
        }
        name.push_str(resource);
    }
    let groups: Vec<&str> = rule
        .api_groups()
        .filter(|group| !group.is_empty())
        .take(8)
        .collect();
    if !groups.is_empty() {
        name.push_str(" of ");
        name.push_str(&groups.join(","));
    }
    name
}
