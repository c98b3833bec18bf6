//! From where the asset may be reached.

use plimsoll_model::{AssetFacts, ExposureLevel, resource::ExposureClause};

use super::{Judged, Parts};

/// What is said where attack paths are asked for.
const NO_PATHS: &str = "no attack path facts: this version does not compute attack paths";

pub(super) fn judge(clause: &ExposureClause, asset: &AssetFacts) -> Judged {
    let mut parts = Parts::default();
    if clause.internet == Some(false) && asset.exposure.level == ExposureLevel::Internet {
        let reason =
            asset.exposure.reasons.iter().find(|reason| {
                reason.blocked_by.is_none() && reason.level == ExposureLevel::Internet
            });
        parts.violated.push(match reason {
            Some(reason) => format!("it can be reached from outside: {}", reason.text),
            None => "it can be reached from outside".to_owned(),
        });
    } else if clause.internet == Some(false)
        && let Some(why) = asset.exposure.may_be_outside()
    {
        let reason = format!("whether it can be reached from outside is not known: {why}");
        parts.unknown.push(reason);
    }
    if clause.attack_paths.is_some() {
        parts.unknown.push(NO_PATHS.to_owned());
    }
    parts.judged()
}

pub(super) fn text(clause: &ExposureClause) -> String {
    let mut parts = Vec::new();
    match clause.internet {
        Some(false) => parts.push("not from the internet".to_owned()),
        Some(true) => parts.push("from the internet too".to_owned()),
        None => {}
    }
    if let Some(paths) = clause.attack_paths {
        parts.push(format!("at most {paths} attack paths"));
    }
    format!("exposure {}", parts.join(", "))
}
