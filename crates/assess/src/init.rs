//! `goals init`: a first line, proposed from what is there.
//!
//! Each group of assets gets the strictest line that holds today, so that the
//! proposal passes at once and the next violation fails it, and a ramp to the
//! next stricter one. Every choice is explained in a comment beside it.

mod jewels;
mod words;

use std::collections::BTreeSet;

use plimsoll_model::{
    AssetFacts, AssetId, AssetKind, Evaluation, ExposureLevel, Finding, Percent, Period, Severity,
    Timestamp, time,
};
use plimsoll_posture::Request;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Estate;
use jewels::Jewel;

/// How long until a ramp begins: nobody can mend anything before they have
/// read the proposal.
const LEAD: Period = Period::days(30);
/// How long until a ramp ends.
const RAMP: Period = Period::days(210);
/// How long until the line must be looked at again.
const REVIEW: Period = Period::days(365);

/// A proposed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The classes and goals as YAML with comments.
    pub text: String,
    /// What the user should know of the proposal.
    pub notes: Vec<String>,
    /// How many goals it has.
    pub goals: usize,
}

/// The lines a group of assets can be held to, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// The restricted Pod Security Standard, and nothing high or worse among
    /// what users miss first.
    Hardened,
    /// The restricted Pod Security Standard.
    Restricted,
    /// The baseline Pod Security Standard.
    Baseline,
    /// No privileged containers.
    Unprivileged,
}

const LADDER: [Level; 4] = [
    Level::Hardened,
    Level::Restricted,
    Level::Baseline,
    Level::Unprivileged,
];

/// The names that the ladder's clauses need.
struct Pinned {
    restricted: String,
    baseline: String,
    essentials: String,
}

impl Pinned {
    fn from(evaluation: &Evaluation) -> Self {
        let pinned = |name: &str| {
            evaluation
                .baselines
                .get(name)
                .map_or(name.to_owned(), |b| b.pinned.to_string())
        };
        Pinned {
            restricted: pinned("pss/restricted"),
            baseline: pinned("pss/baseline"),
            essentials: pinned("plimsoll/essentials"),
        }
    }
}

impl Level {
    fn clauses(self, pinned: &Pinned) -> Vec<String> {
        match self {
            Level::Hardened => vec![
                format!("configuration: {{baseline: {}, max: 0}}", pinned.restricted),
                format!(
                    "configuration: {{baseline: {}, severity: \">=high\", max: 0}}",
                    pinned.essentials
                ),
            ],
            Level::Restricted => {
                vec![format!(
                    "configuration: {{baseline: {}, max: 0}}",
                    pinned.restricted
                )]
            }
            Level::Baseline => {
                vec![format!(
                    "configuration: {{baseline: {}, max: 0}}",
                    pinned.baseline
                )]
            }
            Level::Unprivileged => {
                vec!["configuration: {controls: [pss-privileged], max: 0}".to_owned()]
            }
        }
    }

    fn words(self) -> &'static str {
        match self {
            Level::Hardened => {
                "the restricted Pod Security Standard, and nothing high or worse among the essentials"
            }
            Level::Restricted => "the restricted Pod Security Standard",
            Level::Baseline => "the baseline Pod Security Standard",
            Level::Unprivileged => "no privileged containers",
        }
    }

    /// Whether the finding keeps its asset from holding this line.
    fn is_broken_by(self, finding: &Finding, pinned: &Pinned) -> bool {
        let within = |name: &str| finding.baselines.iter().any(|b| **b == *name);
        match self {
            Level::Hardened => {
                within(&pinned.restricted)
                    || (within(&pinned.essentials) && finding.severity >= Severity::High)
            }
            Level::Restricted => within(&pinned.restricted),
            Level::Baseline => within(&pinned.baseline),
            Level::Unprivileged => finding.rule.id == "pss-privileged",
        }
    }
}

/// A group of assets that gets goals of its own.
struct Group<'a> {
    name: &'static str,
    scope: &'static str,
    why: &'static str,
    assets: Vec<&'a AssetFacts>,
}

/// Proposes classes and goals for what is there.
pub fn propose(estate: &Estate, now: Timestamp) -> Proposal {
    let asked = ["pss/restricted", "pss/baseline", "plimsoll/essentials"];
    let request = Request {
        baselines: asked.into_iter().map(str::to_owned).collect(),
        controls: BTreeSet::from(["pss-privileged".to_owned()]),
        own: Vec::new(),
        everything: false,
    };
    let (findings, evaluation) = plimsoll_posture::evaluate(&estate.inventory, &request);
    let pinned = Pinned::from(&evaluation);
    let unjudged: FxHashSet<&AssetId> = evaluation.unevaluated.iter().map(|u| &u.asset).collect();
    let mut facts = estate.inventory.all_facts();
    facts.retain(|asset| asset.asset.kind == AssetKind::Workload);
    let jewels = jewels::find(&facts);
    let holds = Holds {
        by_asset: broken(&findings, &pinned),
        unjudged,
    };

    let groups = [
        Group {
            name: "crown-jewels",
            scope: "{class: crown-jewel}",
            why: "What the organisation can least afford to lose is held to the strictest line.",
            assets: facts
                .iter()
                .filter(|a| jewels.iter().any(|j| j.is(a)))
                .collect(),
        },
        Group {
            name: "internet-facing",
            scope: "{class: internet-facing}",
            why: "What can be reached from outside is attacked first.",
            assets: facts
                .iter()
                .filter(|a| a.exposure.level == ExposureLevel::Internet)
                .collect(),
        },
        Group {
            name: "everything",
            scope: "{all: true}",
            why: "No workload may be the easy way in.",
            assets: facts.iter().collect(),
        },
    ];

    let mut writer = Writer {
        text: String::new(),
        goals: 0,
        now,
        pinned: &pinned,
    };
    writer.head(facts.len(), estate);
    writer.classes(&jewels, groups[1].assets.len());
    for group in &groups {
        writer.group(group, &holds);
    }
    let mut notes = Vec::new();
    if facts.is_empty() {
        notes.push("no workload was found, so no goal is proposed".to_owned());
    } else if jewels.is_empty() {
        notes.push(
            "no crown jewels were recognised: label yours with `plimsoll.dev/class: crown-jewel`"
                .to_owned(),
        );
    }
    let waived = findings
        .iter()
        .filter(|finding| finding.waiver.is_some())
        .count();
    if waived > 0 {
        notes.push(format!(
            "{} waived by annotations and counted as excepted; `mandatory: true` on a goal would keep them",
            words::are(waived, "finding")
        ));
    }
    if !estate.unread.is_empty() {
        notes.push(format!(
            "{} not readable and unknown under any line: see `plimsoll scan`",
            words::are(estate.unread.len(), "asset")
        ));
    }
    Proposal {
        text: writer.text,
        notes,
        goals: writer.goals,
    }
}

/// Which lines each asset breaks, as a bit for each level. What an annotation
/// waives is excepted in every verdict, so it breaks none here.
fn broken<'a>(findings: &'a [Finding], pinned: &Pinned) -> FxHashMap<&'a AssetId, u8> {
    let mut by_asset: FxHashMap<&AssetId, u8> = FxHashMap::default();
    for finding in findings.iter().filter(|finding| finding.waiver.is_none()) {
        let entry = by_asset.entry(&finding.asset.id).or_default();
        for (bit, level) in LADDER.into_iter().enumerate() {
            if level.is_broken_by(finding, pinned) {
                *entry |= 1 << bit;
            }
        }
    }
    by_asset
}

struct Holds<'a> {
    by_asset: FxHashMap<&'a AssetId, u8>,
    unjudged: FxHashSet<&'a AssetId>,
}

impl Holds<'_> {
    /// How many of the assets hold the level at this place of the ladder.
    fn count(&self, assets: &[&AssetFacts], rung: usize) -> usize {
        assets
            .iter()
            .filter(|asset| {
                let id = &asset.asset.id;
                !self.unjudged.contains(id)
                    && self
                        .by_asset
                        .get(id)
                        .is_none_or(|broken| broken & (1 << rung) == 0)
            })
            .count()
    }
}

struct Writer<'a> {
    text: String,
    goals: usize,
    now: Timestamp,
    pinned: &'a Pinned,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A comment, wrapped.
    fn comment(&mut self, text: &str) {
        for line in words::wrap(text, 76) {
            self.line(&format!("# {line}"));
        }
    }

    fn head(&mut self, workloads: usize, estate: &Estate) {
        self.comment(&format!(
            "The line, proposed by `plimsoll goals init` on {} from {}. It holds today. Read it, change the owners, commit it; `plimsoll check` then fails on whatever falls below.",
            time::date_of(self.now),
            words::count(workloads, "workload"),
        ));
        if !estate.unread.is_empty() {
            self.comment(&format!(
                "{} could not be read. No line makes them known: `plimsoll scan` lists them.",
                words::count(estate.unread.len(), "more asset")
            ));
        }
    }

    fn classes(&mut self, jewels: &[Jewel], exposed: usize) {
        if !jewels.is_empty() {
            self.line("---");
            self.comment("Crown jewels: what would hurt most. Each choice says why; take out what is not one, and add what only you can know.");
            self.line("apiVersion: plimsoll.dev/v1alpha1");
            self.line("kind: AssetClass");
            self.line("metadata: {name: crown-jewel}");
            self.line("spec:");
            self.line("  rank: 900");
            self.line("  description: What the organisation can least afford to lose.");
            self.line("  matchAny:");
            for jewel in jewels {
                self.line(&format!("    # {}", words::one_line(&jewel.because)));
                self.line(&format!("    - {}", jewel.selector()));
            }
        }
        self.line("---");
        self.comment(&format!(
            "Derived from what leads to a workload from outside: load balancers, node ports, Ingresses, Gateways, host ports and host networks. Today {} so exposed."
            , words::are(exposed, "workload")
        ));
        self.line("apiVersion: plimsoll.dev/v1alpha1");
        self.line("kind: AssetClass");
        self.line("metadata: {name: internet-facing}");
        self.line("spec:");
        self.line("  rank: 500");
        self.line("  description: What can be reached from outside the cluster.");
        self.line("  match: {exposure: internet}");
    }

    fn group(&mut self, group: &Group<'_>, holds: &Holds<'_>) {
        let total = group.assets.len();
        if total == 0 {
            return;
        }
        let owner = words::owner(&group.assets);
        let counts: Vec<usize> = (0..LADDER.len())
            .map(|rung| holds.count(&group.assets, rung))
            .collect();
        // The strictest level that all hold; where there is none, the weakest,
        // with today's share as its target.
        let rung = counts
            .iter()
            .position(|count| *count == total)
            .unwrap_or(LADDER.len() - 1);
        let count = counts[rung];
        if count > 0 {
            self.line("---");
            self.comment(&if count == total {
                match total {
                    1 => format!("The one that is there holds this today: {}.", LADDER[rung].words()),
                    _ => format!("All {total} hold this today: {}.", LADDER[rung].words()),
                }
            } else {
                format!(
                    "{} this today ({}), and the target is just that share: the next violation breaks it.",
                    words::hold(count, total),
                    LADDER[rung].words()
                )
            });
            self.goal(group, "hold", &owner, LADDER[rung]);
            let target = share(count, total);
            if target != Percent::WHOLE {
                self.line(&format!("  target: {target}"));
            }
        }
        // The next stricter level that not all hold, as a ramp.
        let next = if count == total {
            rung.checked_sub(1)
        } else {
            Some(rung)
        };
        if let Some(next) = next {
            let (from, level) = (share(counts[next], total), LADDER[next]);
            let due = time::date_of(RAMP.after(self.now));
            let start = time::date_of(LEAD.after(self.now));
            self.line("---");
            self.comment(&format!(
                "The next step: {}. {} there today; by {due} all are, on a straight line that begins on {start}. Behind the line the verdict is at-risk; after the day it is breached.",
                level.words(),
                words::of(counts[next], total),
            ));
            self.goal(group, "ramp", &owner, level);
            self.line("  target: 100%");
            self.line(&format!("  due: {due}"));
            self.line(&format!("  ramp: {{start: {start}, from: {from}}}"));
        }
    }

    fn goal(&mut self, group: &Group<'_>, suffix: &str, owner: &str, level: Level) {
        self.goals += 1;
        self.line("apiVersion: plimsoll.dev/v1alpha1");
        self.line("kind: PostureGoal");
        self.line(&format!("metadata: {{name: {}-{suffix}}}", group.name));
        self.line("spec:");
        self.line(&format!("  owner: {owner}"));
        self.line(&format!(
            "  reviewBy: {}",
            time::date_of(REVIEW.after(self.now))
        ));
        self.line(&format!("  why: {}", group.why));
        self.line(&format!("  assets: {}", group.scope));
        self.line("  require:");
        for clause in level.clauses(self.pinned) {
            self.line(&format!("    - {clause}"));
        }
    }
}

/// The share, rounded down to what a target can say.
fn share(count: usize, total: usize) -> Percent {
    Percent::from_ppm((count as u64 * 1_000_000 / total.max(1) as u64) as u32)
}
