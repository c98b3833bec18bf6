//! Which assets a goal is about.

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetFacts, AssetKind, Diagnostic, Location, UnknownAsset, resource::GoalScope,
};

use crate::{
    Classes,
    classes::{Definition, may_claim_unread},
    words,
};

/// The assets in scope, as indexes, ascending. An asset that could not be read
/// is in scope whenever it may be meant: it must not leave the count because
/// nobody could look at it.
pub(crate) fn assets(
    scope: &GoalScope,
    assets: &[AssetFacts],
    classes: &Classes,
    definitions: &BTreeMap<&str, Definition<'_>>,
) -> Vec<u32> {
    let meant = |index: u32, asset: &AssetFacts| match scope {
        GoalScope::All(all) => *all && asset.asset.kind == AssetKind::Workload,
        GoalScope::Match(selector) if asset.unknown.is_some() => selector.may_match_unread(asset),
        GoalScope::Match(selector) => selector.matches(asset),
        GoalScope::Class(class) => {
            classes.claims(class, index)
                || asset.unknown.is_some()
                    && definitions
                        .get(class.as_str())
                        .is_some_and(|definition| may_claim_unread(definition, asset))
                || doubt(scope, index, asset, classes, definitions).is_some()
        }
    };
    (0u32..)
        .zip(assets)
        .filter(|(index, asset)| meant(*index, asset))
        .map(|(i, _)| i)
        .collect()
}

/// Why it is not known whether an asset that was read is in scope: the class
/// goes by exposure, and what may lead to the asset can't be seen.
pub(crate) fn doubt(
    scope: &GoalScope,
    index: u32,
    asset: &AssetFacts,
    classes: &Classes,
    definitions: &BTreeMap<&str, Definition<'_>>,
) -> Option<UnknownAsset> {
    let GoalScope::Class(class) = scope else {
        return None;
    };
    let why = asset.exposure.may_be_outside()?;
    let definition = definitions.get(class.as_str())?;
    if classes.claims(class, index) || !definition.built_in {
        return None;
    }
    Some(UnknownAsset {
        reason: format!("whether it is {class} is not known: {why}"),
        remedy: "let what leads to workloads be seen: Services, Ingresses, Gateways, routes"
            .to_owned(),
    })
}

/// What is wrong with the scope itself, if anything.
pub(crate) fn problem(
    goal: &str,
    scope: &GoalScope,
    location: &Location,
    definitions: &BTreeMap<&str, Definition<'_>>,
) -> Option<Diagnostic> {
    let GoalScope::Class(class) = scope else {
        return None;
    };
    if definitions.contains_key(class.as_str()) {
        return None;
    }
    let help = match words::nearest(class, definitions.keys().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!(
            "define an AssetClass `{class}`; there is {}",
            words::list(definitions.keys(), 8)
        ),
    };
    let message = format!("goal `{goal}` is about class `{class}`, which does not exist; {help}");
    Some(Diagnostic::error(Some(location.clone()), message))
}

/// The scope in words: `class crown-jewel`, `all workloads`.
pub(crate) fn text(scope: &GoalScope) -> String {
    match scope {
        GoalScope::Class(class) => format!("class {class}"),
        GoalScope::Match(_) => "`match`".to_owned(),
        GoalScope::All(_) => "all workloads".to_owned(),
    }
}
