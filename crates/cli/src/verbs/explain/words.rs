//! The words of goals and reports.

use super::{fields, page::Page};
use crate::exit::Exit;

/// A word and what it means.
struct Word {
    /// The word, and others for the same.
    names: &'static [&'static str],
    /// What kind of word it is.
    about: &'static str,
    /// What it means, a paragraph each.
    text: &'static [&'static str],
    /// The resource and the type whose fields belong to it.
    fields: Option<(&'static str, &'static str)>,
}

/// Explains a word, whatever its case and however its parts are joined.
pub fn explain(what: &str, page: &mut Page) -> bool {
    let wanted = plain(what);
    match wanted.as_str() {
        "words" => list(page),
        "exitcodes" | "exitcode" | "exit" => exit_codes(page),
        _ => {
            let fits = |word: &&Word| word.names.iter().any(|name| plain(name) == wanted);
            let Some(word) = WORDS.iter().find(fits) else {
                return false;
            };
            page.title(word.names[0], word.about);
            for text in word.text {
                page.raw("\n");
                page.text(text);
            }
            if let Some((kind, definition)) = word.fields {
                page.heading("Fields");
                fields::list(kind, definition, page);
            }
        }
    }
    true
}

/// Every word there is, by its first name.
pub fn names() -> impl Iterator<Item = &'static str> {
    let own = ["words", "exit-codes", "controls", "baselines"];
    WORDS.iter().map(|word| word.names[0]).chain(own)
}

/// Every type whose fields are listed with a word.
#[cfg(test)]
pub fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS.iter().filter_map(|word| word.fields)
}

fn plain(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

fn list(page: &mut Page) {
    page.title("words", "each can be explained");
    page.raw("\n");
    let width = WORDS
        .iter()
        .map(|word| word.names[0].len())
        .max()
        .unwrap_or_default();
    for word in WORDS {
        page.row(width, word.names[0], word.about);
    }
    page.row(width, "exit-codes", "how a run ends");
    page.row(width, "controls", "every control");
    page.row(width, "baselines", "every built-in baseline");
}

fn exit_codes(page: &mut Page) {
    page.title("exit codes", "how a run ends");
    page.raw("\n");
    for (exit, text) in Exit::ALL {
        page.row(3, &(exit as u8).to_string(), text);
    }
}

const WORDS: &[Word] = &[
    Word {
        names: &["met"],
        about: "verdict",
        text: &[
            "The goal holds: the share of assets that certainly meet it reaches what is required. \
             What is unknown does not count as met.",
        ],
        fields: None,
    },
    Word {
        names: &["at-risk"],
        about: "verdict",
        text: &[
            "The goal holds now and will not for long: grace periods or exceptions end, a ramp \
             rises or the budget of its window runs out. The day on which it breaks is named.",
            "It does not fail a run unless --fail-on at-risk is given.",
        ],
        fields: None,
    },
    Word {
        names: &["breached"],
        about: "verdict",
        text: &[
            "The goal does not hold: even if everything unknown turned out well, too few assets \
             would meet it. The fix plan names the smallest change that puts it right.",
        ],
        fields: None,
    },
    Word {
        names: &["unverified"],
        about: "verdict",
        text: &[
            "Nobody can say whether the goal holds: it depends on what is unknown, or nothing is \
             in its scope, which proves nothing. What would settle it is named.",
        ],
        fields: None,
    },
    Word {
        names: &["violated"],
        about: "state of an asset",
        text: &["A clause of the goal does not hold for the asset. The first of the five states."],
        fields: None,
    },
    Word {
        names: &["unknown"],
        about: "state of an asset",
        text: &[
            "No clause is violated, and one can't be judged: there is no fact, the fact is too \
             old, or the file that holds the asset could not be read. It counts for the upper \
             bound of attainment and never for the lower.",
        ],
        fields: None,
    },
    Word {
        names: &["pending"],
        about: "state of an asset",
        text: &[
            "There is a finding, and its grace period (`within`) is not over. Until then the asset \
             counts as meeting the goal; the day after is in the forecast.",
            "Grace begins when the finding was first seen, which only a state file can know: \
             plimsoll check --state FILE.",
        ],
        fields: None,
    },
    Word {
        names: &["excepted"],
        about: "state of an asset",
        text: &[
            "The asset would be violated but for an exception in force, or an annotation that \
             waives the finding. It counts as meeting the goal, stays visible and is counted.",
        ],
        fields: None,
    },
    Word {
        names: &["satisfied"],
        about: "state of an asset",
        text: &["Every clause of the goal holds for the asset."],
        fields: None,
    },
    Word {
        names: &["attainment"],
        about: "number of a goal",
        text: &[
            "The share of assets in scope that meet the goal, as an interval. Lower: satisfied, \
             excepted and pending. Upper: those and the unknown.",
            "The lower bound must reach what is required for `met`; the upper bound below it is \
             `breached`; anything between is `unverified`.",
        ],
        fields: None,
    },
    Word {
        names: &["goal", "PostureGoal"],
        about: "resource: a declared objective over assets",
        text: &["What must hold, for which assets, by when, and who answers for it."],
        fields: Some(("PostureGoal", "GoalSpec")),
    },
    Word {
        names: &["class", "AssetClass"],
        about: "resource: how critical a group of assets is",
        text: &[
            "An asset is in a class by the label `plimsoll.dev/class`, or because a selector of \
             the class matches. An asset that several classes claim ranks by the highest, and the \
             report says which rule gave it each. `internet-facing` is there without being \
             written: assets that can be reached from outside are in it.",
        ],
        fields: Some(("AssetClass", "AssetClassSpec")),
    },
    Word {
        names: &["exception", "PostureException"],
        about: "resource: an accepted finding",
        text: &[
            "It never hides: the finding stays visible and counted, as excepted. After its date it \
             counts for nothing and is called out. A goal with `mandatory: true` accepts none.",
        ],
        fields: Some(("PostureException", "ExceptionSpec")),
    },
    Word {
        names: &["baseline"],
        about: "resource: a named, versioned set of controls",
        text: &["Some are built in (`plimsoll explain baselines`); others can be made from them."],
        fields: Some(("Baseline", "BaselineSpec")),
    },
    Word {
        names: &["selector", "match"],
        about: "part of goals, classes and exceptions: which assets are meant",
        text: &["An asset matches when every field that is given matches."],
        fields: Some(("PostureGoal", "Selector")),
    },
    Word {
        names: &["configuration"],
        about: "clause: the configuration against controls",
        text: &["At most `max` violations of the controls of a baseline, or of single controls."],
        fields: Some(("PostureGoal", "ConfigurationClause")),
    },
    Word {
        names: &["vulnerabilities"],
        about: "clause: known vulnerabilities in the images",
        text: &[
            "At most `max` vulnerabilities of a kind. Manifests do not say what is in an image: \
             without facts on images the clause is unknown, and says what would make it known.",
        ],
        fields: Some(("PostureGoal", "VulnerabilitiesClause")),
    },
    Word {
        names: &["runtime"],
        about: "clause: what happens while it runs",
        text: &["Manifests do not say it: without facts from a sensor the clause is unknown."],
        fields: Some(("PostureGoal", "RuntimeClause")),
    },
    Word {
        names: &["coverage"],
        about: "clause: who observes the asset",
        text: &[
            "Manifests do not say it: without facts from agents the clause is unknown.",
            "In a report, coverage is something else: what of the input was read, skipped, not \
             rendered, or failed.",
        ],
        fields: Some(("PostureGoal", "CoverageClause")),
    },
    Word {
        names: &["supplyChain"],
        about: "clause: where images come from",
        text: &[
            "Registries are judged from the image names. Signatures and SBOMs need facts on the \
             images: without them that part is unknown.",
        ],
        fields: Some(("PostureGoal", "SupplyChainClause")),
    },
    Word {
        names: &["exposure"],
        about: "clause: from where the asset may be reached",
        text: &[
            "Exposure is computed from Services, Ingresses, Gateways, host ports and host \
             networks, narrowed by NetworkPolicies, and each step is named.",
        ],
        fields: Some(("PostureGoal", "ExposureClause")),
    },
    Word {
        names: &["within", "grace"],
        about: "part of a clause: the grace period",
        text: &[
            "How long a finding may stay before it counts as a violation, from when it was first \
             seen. Re-reading does not restart it. It needs a state file.",
        ],
        fields: None,
    },
    Word {
        names: &["window"],
        about: "part of a goal: asset-time",
        text: &[
            "The goal is judged over the asset-time of a period, as a service level objective, in \
             place of the assets now. A run speaks for the time after it, at most for `maxGap`; \
             time without data is unknown, not met. It needs a state file.",
        ],
        fields: None,
    },
    Word {
        names: &["ramp", "due"],
        about: "part of a goal: the way to the target",
        text: &[
            "Until `due`, what is required lies on a straight line from where the ramp starts to \
             the target. Behind the line, the goal is at risk or breached.",
        ],
        fields: None,
    },
    Word {
        names: &["mandatory"],
        about: "part of a goal",
        text: &["No annotation on an object and no exception waives the goal, and it says so."],
        fields: None,
    },
    Word {
        names: &["finding"],
        about: "the record of something wrong",
        text: &[
            "It has an asset, a control, a severity, evidence (file, line, field) and usually a \
             fix. Its id stays the same over edits, rebuilds and new tags, and an exception on it \
             stays with it. Explain one by the first digits of its id.",
        ],
        fields: None,
    },
    Word {
        names: &["control"],
        about: "a check of configuration",
        text: &[
            "`plimsoll explain controls` lists them. The names that other tools use are \
             understood, too.",
        ],
        fields: None,
    },
    Word {
        names: &["fix plan", "plan"],
        about: "the fewest changes that reach the targets",
        text: &[
            "Violations with one cause (a shared anchor, a service account, a chart) are one step. \
             The plan is optimal where that can be computed, and states its bound where not. \
             `plimsoll fix --diff` shows it as a patch, --write makes it.",
        ],
        fields: None,
    },
    Word {
        names: &["not rendered"],
        about: "coverage: a chart template",
        text: &[
            "It is no YAML before it is rendered. What it would become is unknown, not absent: \
             helm template . | plimsoll check -",
        ],
        fields: None,
    },
    Word {
        names: &["severity"],
        about: "how bad a finding is",
        text: &[
            "critical: equals control of the node, the cluster or its secrets. high: gives an \
             attacker, or a mistake, real reach. medium: weakens a boundary or hides a failure. \
             low: hardening that limits harm after something else has gone wrong. info: worth \
             knowing.",
        ],
        fields: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::{AssetState, Verdict};
    use plimsoll_report::Style;

    #[test]
    fn every_verdict_and_state_has_a_word() {
        let verdicts = [
            Verdict::Met,
            Verdict::AtRisk,
            Verdict::Unverified,
            Verdict::Breached,
        ];
        let states = [
            AssetState::Violated,
            AssetState::Unknown,
            AssetState::Pending,
            AssetState::Excepted,
            AssetState::Satisfied,
        ];
        let words = verdicts
            .iter()
            .map(|v| v.as_str())
            .chain(states.iter().map(|s| s.as_str()));
        for word in words.chain(["at risk", "AtRisk", "exit codes", "supply-chain"]) {
            assert!(explain(word, &mut Page::new(Style::default())), "{word}");
        }
    }

    #[test]
    fn no_word_is_there_twice() {
        let mut all: Vec<String> = WORDS
            .iter()
            .flat_map(|word| word.names.iter().map(|name| plain(name)))
            .collect();
        all.sort();
        for pair in all.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }
}
