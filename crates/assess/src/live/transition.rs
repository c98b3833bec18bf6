//! What a change brought.

use std::sync::Arc;

use plimsoll_model::{
    AssetId, AssetState, Finding, FindingId, FindingKind, Severity, Timestamp, Verdict,
};

/// How many findings of each sort a transition names; the others are counted.
pub const MOST_TOLD: usize = 10_000;

/// What changed by the changes of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transition {
    /// The clock of the call.
    pub at: Timestamp,
    /// Verdicts that are otherwise than before, in order of the goals' names.
    pub flips: Vec<Flip>,
    /// Findings that are new, worst first, at most [`MOST_TOLD`].
    pub opened: Vec<Told>,
    /// How many are new and not named.
    pub opened_more: u64,
    /// Findings that are no longer there, at most [`MOST_TOLD`].
    pub closed: Vec<Closed>,
    /// How many are gone and not named.
    pub closed_more: u64,
    /// How many objects were looked at again.
    pub evaluated: u64,
    /// How many images were.
    pub images: u64,
    /// How many assets were judged by the goals.
    pub judged: u64,
    /// Whether anything of the assessment may be otherwise than before.
    pub changed: bool,
    /// Whether the line is another, or an asset's state for a goal.
    pub moved: bool,
}

/// A verdict that is otherwise than before.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// The goal's name.
    pub goal: String,
    /// What it was; none for a goal that is new.
    pub from: Option<Verdict>,
    /// What it is; none for a goal that is gone.
    pub to: Option<Verdict>,
    /// Why.
    pub because: Because,
    /// When.
    pub at: Timestamp,
}

/// Why a verdict flipped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Because {
    /// In one sentence.
    pub text: String,
    /// The assets that moved, the first by id, at most three.
    pub assets: Vec<AssetMove>,
    /// How many moved in all.
    pub moved: u64,
}

/// An asset whose state for a goal is otherwise than before.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetMove {
    /// The asset.
    pub asset: AssetId,
    /// Its state before; none when it was not in scope.
    pub from: Option<AssetState>,
    /// Its state now; none when it is not in scope any more.
    pub to: Option<AssetState>,
    /// Why, in the words of the clause that decides.
    pub because: String,
    /// The finding that decides, where one does.
    pub finding: Option<FindingId>,
}

/// A finding in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its identity.
    pub id: FindingId,
    /// Its kind.
    pub kind: FindingKind,
    /// The rule's id.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is on.
    pub asset: AssetId,
    /// What is wrong.
    pub message: Arc<str>,
    /// When it was first seen.
    pub first_seen: Timestamp,
}

impl Told {
    pub(super) fn of(finding: &Finding, first_seen: Timestamp) -> Self {
        Told {
            id: finding.id,
            kind: finding.kind,
            rule: finding.rule.id,
            severity: finding.severity,
            asset: finding.asset.id.clone(),
            message: (*finding.message).into(),
            first_seen,
        }
    }
}

/// A finding that is no longer there.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// The finding as it was.
    pub finding: Told,
    /// Why it is not there any more.
    pub reason: CloseReason,
}

/// Why a finding is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseReason {
    /// What it was on is there without it.
    Fixed,
    /// What it was on is gone.
    AssetGone,
    /// No goal asks for the control any more.
    NotAsked,
    /// What it rests on can't be seen any more: whether it is there is not
    /// known.
    NotSeen,
}

impl CloseReason {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            CloseReason::Fixed => "fixed",
            CloseReason::AssetGone => "asset gone",
            CloseReason::NotAsked => "no goal asks for it",
            CloseReason::NotSeen => "no longer seen",
        }
    }
}

impl Transition {
    /// Whether numbers may be otherwise than before: what changed besides is
    /// where things stand and how they are called.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.moved || !self.opened.is_empty() || !self.closed.is_empty()
    }

    pub(super) fn open(&mut self, told: impl FnOnce() -> Told) {
        if self.opened.len() < MOST_TOLD {
            self.opened.push(told());
        } else {
            self.opened_more += 1;
        }
    }

    pub(super) fn close(&mut self, closed: impl FnOnce() -> Closed) {
        if self.closed.len() < MOST_TOLD {
            self.closed.push(closed());
        } else {
            self.closed_more += 1;
        }
    }

    /// Puts everything in the order it is told in.
    pub(super) fn settle(&mut self) {
        let order = |a: &Told, b: &Told| {
            (b.severity, &a.asset, a.rule, a.id).cmp(&(a.severity, &b.asset, b.rule, b.id))
        };
        self.opened.sort_by(order);
        self.closed
            .sort_by(|a, b| order(&a.finding, &b.finding).then(a.reason.cmp(&b.reason)));
        self.flips.sort_by(|a, b| a.goal.cmp(&b.goal));
    }
}
