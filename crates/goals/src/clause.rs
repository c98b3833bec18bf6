//! One clause over one asset.
//!
//! A clause is made ready once per goal ([`Judge::new`]) and then asked for
//! every asset ([`Judge::judge`]). It may have parts of which some can be
//! judged and some can't: a violated part violates the clause whatever the
//! rest is, and what can't be judged is unknown, never satisfied.

mod bases;
mod configuration;
mod counted;
mod coverage;
mod exposure;
mod images;
mod supply_chain;
mod tally;
mod unobserved;
mod vulnerabilities;

use plimsoll_model::{
    AssetFacts, AssetState, Timestamp, UnknownAsset,
    resource::{
        Clause, CoverageClause, ExposureClause, ImageClause, SecretsClause, SupplyChainClause,
        VulnerabilitiesClause,
    },
    time::start_of,
};

pub(crate) use self::tally::{Bucket, Event, Tally};
use self::{configuration::Configuration, unobserved::Unobserved};
use crate::{Facts, exceptions::Exceptions, index::Index, notes::Noted};

/// What every clause may look at.
pub(crate) struct Context<'a> {
    pub(crate) facts: Facts<'a>,
    pub(crate) index: &'a Index<'a>,
    pub(crate) exceptions: &'a Exceptions<'a>,
    /// First seen, by finding; empty when all are seen for the first time.
    pub(crate) first_seen: &'a [Timestamp],
    pub(crate) now: Timestamp,
}

impl Context<'_> {
    /// When the finding was first seen; now when nothing else is known.
    pub(crate) fn first_seen(&self, finding: u32) -> Timestamp {
        self.first_seen
            .get(finding as usize)
            .copied()
            .unwrap_or(self.now)
    }

    /// From when a grace period is counted: from when the finding was first
    /// seen and, where it has a fix, not before that could be had.
    pub(crate) fn counts_from(&self, finding: u32) -> Timestamp {
        let seen = self.first_seen(finding);
        let vulnerability = self.facts.findings[finding as usize].vulnerability.as_ref();
        let published = vulnerability.and_then(|v| v.fix_published).map(start_of);
        published.map_or(seen, |published| published.max(seen))
    }
}

/// What a clause says of an asset.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) state: AssetState,
    /// The findings it counts, as indexes: those that violate it now first,
    /// each part ascending.
    pub(crate) findings: Vec<u32>,
    /// How many of them violate it now.
    pub(crate) violating: u32,
    /// Why, in words; empty when simply satisfied.
    pub(crate) because: String,
    /// For pending: when it becomes violated.
    pub(crate) until: Option<Timestamp>,
    /// For unknown: what would make it known.
    pub(crate) settled_by: Vec<String>,
    /// Its numbers, when time alone can change them.
    pub(crate) tally: Option<Tally>,
    /// The last instant at which what it says is surely still so, for what
    /// changes with time beside its numbers.
    pub(crate) again: Option<Timestamp>,
}

impl Judged {
    pub(crate) fn satisfied() -> Self {
        Judged {
            state: AssetState::Satisfied,
            findings: Vec::new(),
            violating: 0,
            because: String::new(),
            until: None,
            settled_by: Vec::new(),
            tally: None,
            again: None,
        }
    }

    pub(crate) fn violated(because: String) -> Self {
        Judged {
            state: AssetState::Violated,
            because,
            ..Judged::satisfied()
        }
    }

    pub(crate) fn unknown(because: String, settled_by: Vec<String>) -> Self {
        Judged {
            state: AssetState::Unknown,
            because,
            settled_by,
            ..Judged::satisfied()
        }
    }

    /// What every clause says of an asset that could not be read.
    pub(crate) fn unread(unknown: &UnknownAsset) -> Self {
        Judged::unknown(unknown.reason.clone(), vec![unknown.remedy.clone()])
    }
}

/// A clause made ready.
pub(crate) enum Judge<'a> {
    Configuration(Configuration<'a>),
    SupplyChain(&'a SupplyChainClause),
    Exposure(&'a ExposureClause),
    Secrets(&'a SecretsClause),
    Image(&'a ImageClause),
    Vulnerabilities(&'a VulnerabilitiesClause),
    Coverage(&'a CoverageClause),
    Unobserved(Unobserved),
}

impl<'a> Judge<'a> {
    /// Makes the clause ready.
    pub(crate) fn new(clause: &'a Clause, facts: Facts<'a>) -> Self {
        match clause {
            Clause::Configuration(clause) => {
                Judge::Configuration(Configuration::new(clause, facts.evaluation))
            }
            Clause::SupplyChain(clause) => Judge::SupplyChain(clause),
            Clause::Exposure(clause) => Judge::Exposure(clause),
            Clause::Secrets(clause) => Judge::Secrets(clause),
            Clause::Image(clause) => Judge::Image(clause),
            Clause::Vulnerabilities(clause) => Judge::Vulnerabilities(clause),
            Clause::Runtime(_) => Judge::Unobserved(Unobserved::Runtime),
            Clause::Coverage(clause) => Judge::Coverage(clause),
        }
    }

    /// Judges one asset that was read. What time alone will change goes to
    /// `events`; what a reader must know goes to `noted`.
    pub(crate) fn judge(
        &self,
        asset: u32,
        context: &Context<'_>,
        mandatory: bool,
        events: &mut Vec<Event>,
        noted: &mut Noted,
    ) -> Judged {
        let facts = &context.facts.assets[asset as usize];
        match self {
            Judge::Configuration(clause) => clause.judge(asset, context, mandatory, events, noted),
            Judge::SupplyChain(clause) => supply_chain::judge(clause, facts, context),
            Judge::Exposure(clause) => exposure::judge(clause, facts),
            Judge::Secrets(clause) => {
                images::secrets(clause, asset, context, mandatory, events, noted)
            }
            Judge::Image(clause) => images::judge(clause, facts, context),
            Judge::Vulnerabilities(clause) => {
                vulnerabilities::judge(clause, asset, context, mandatory, events, noted)
            }
            Judge::Coverage(clause) => coverage::judge(clause, facts, context),
            Judge::Unobserved(kind) => kind.judge(),
        }
    }

    /// The clause in words: `configuration pss/restricted@1.36, max 0`.
    pub(crate) fn text(&self, clause: &Clause) -> String {
        match (self, clause) {
            (Judge::Configuration(configuration), _) => configuration.text(),
            (Judge::SupplyChain(clause), _) => supply_chain::text(clause),
            (Judge::Exposure(clause), _) => exposure::text(clause),
            (Judge::Secrets(clause), _) => images::secrets_text(clause),
            (Judge::Image(clause), _) => images::text(clause),
            (Judge::Vulnerabilities(clause), _) => vulnerabilities::text(clause),
            (Judge::Coverage(clause), _) => coverage::text(clause),
            (Judge::Unobserved(_), clause) => unobserved::text(clause),
        }
    }

    /// What a reader must know of the clause itself.
    pub(crate) fn note(&self) -> Option<String> {
        match self {
            Judge::Configuration(configuration) => configuration.note(),
            _ => None,
        }
    }
}

/// Whether a clause has a grace period that is counted from first seen.
pub(crate) fn has_grace(clause: &Clause) -> bool {
    match clause {
        Clause::Configuration(clause) => clause.within.is_some(),
        Clause::Secrets(clause) => clause.within.is_some(),
        Clause::Vulnerabilities(clause) => clause.within.is_some(),
        _ => false,
    }
}

/// The parts of a clause that can be judged without counting, gathered.
#[derive(Default)]
struct Parts {
    violated: Vec<String>,
    unknown: Vec<String>,
    again: Option<Timestamp>,
}

impl Parts {
    /// Something is so up to this instant, and otherwise after it.
    fn holds_until(&mut self, until: Timestamp, now: Timestamp) {
        if until >= now {
            self.again = self.again.into_iter().chain([until]).min();
        }
    }

    fn judged(self) -> Judged {
        let again = self.again;
        let judged = self.without_time();
        Judged { again, ..judged }
    }

    fn without_time(self) -> Judged {
        if !self.violated.is_empty() {
            Judged::violated(self.violated.join("; "))
        } else if !self.unknown.is_empty() {
            Judged::unknown(self.unknown.join("; "), self.unknown)
        } else {
            Judged::satisfied()
        }
    }
}

/// The state of an asset over the states of its clauses: the first that holds.
pub(crate) fn worst(states: impl IntoIterator<Item = AssetState>) -> AssetState {
    states.into_iter().min().unwrap_or(AssetState::Satisfied)
}

/// The images of an asset that are named at all.
fn has_images(asset: &AssetFacts) -> bool {
    !asset.images.is_empty()
}
