//! Which of several statements about one vulnerability of one package counts.
//!
//! Of a distribution's, the most specific: the stream that the image has
//! before the release as such; a record of the one vulnerability before a
//! correction that is about it too; the binary package's name before its
//! source's. (Of modules, only what is about the package's own is a statement.) Among those, *not affected*
//! wins, then *affected*: where two corrections name the same vulnerability,
//! the first was not all of it. Streams that the image does not have never
//! accuse when the release as such is spoken for, but tell where a fix is.
//!
//! Of registries and programs, any statement that the version is affected.

use std::cmp::Ordering;

use plimsoll_model::VulnerabilityState;

use super::range::Says;
use crate::{
    advisory::{Affected, State},
    lookup::Entry,
    version::compare,
};

/// What one advisory says of one package.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub entry: Entry,
    pub says: Says,
    pub weight: Weight,
    pub reach: Reach,
}

impl Statement {
    pub fn affected(&self) -> Option<&Affected> {
        self.entry.affected()
    }

    fn fixed(&self) -> Option<&str> {
        match &self.says {
            Says::Hit(fixed) => fixed.as_deref(),
            _ => None,
        }
    }

    fn is_hit(&self) -> bool {
        matches!(self.says, Says::Hit(_))
    }

    /// To choose one among equals whatever their order.
    fn name(&self) -> (&str, &str, usize) {
        let advisory = &self.entry.advisory;
        (&advisory.source.feed, &advisory.id, self.entry.affected)
    }
}

/// How specific a statement is; more is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weight {
    /// About a stream that the image has beyond the release as such.
    pub stream: bool,
    /// A record of one vulnerability.
    pub single: bool,
    /// By the name of the binary package.
    pub binary: bool,
}

/// For whom a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// For the image.
    All,
    /// For those who have something that the image does not.
    Offered(String),
}

/// What counts.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    /// The statement that counts.
    pub statement: &'a Statement,
    /// The first version without the vulnerability.
    pub fixed: Option<String>,
    /// What getting it takes.
    pub needs: String,
    /// What is said of a fix.
    pub state: VulnerabilityState,
    /// The others that say the same.
    pub also: Vec<&'a Statement>,
}

/// What counts of a distribution's statements; none when the package does not
/// have the vulnerability.
pub(super) fn of_distribution<'a>(statements: &[&'a Statement]) -> Option<Chosen<'a>> {
    let (own, offered): (Vec<&Statement>, Vec<&Statement>) = statements
        .iter()
        .copied()
        .filter(|statement| statement.says != Says::Nothing)
        .partition(|statement| statement.reach == Reach::All);
    // What is installed comes from a stream and has the fix.
    if offered.iter().any(|of| of.says == Says::Clear) {
        return None;
    }
    let Some(weight) = own.iter().map(|statement| statement.weight).max() else {
        // Nothing is said but to those who have the stream.
        let hit = best(&offered)?;
        let needs = match &hit.reach {
            Reach::Offered(needs) if hit.fixed().is_some() => needs.clone(),
            _ => String::new(),
        };
        return Some(chosen(hit, &offered, needs));
    };
    let own: Vec<&Statement> = own
        .into_iter()
        .filter(|statement| statement.weight == weight)
        .collect();
    if own.iter().any(|statement| statement.says == Says::Not) {
        return None;
    }
    let mut result = chosen(best(&own)?, &own, String::new());
    if result.fixed.is_none()
        && let Some(elsewhere) = best(&offered)
        && let (Some(fixed), Reach::Offered(needs)) = (elsewhere.fixed(), &elsewhere.reach)
    {
        result.fixed = Some(fixed.to_owned());
        result.needs.clone_from(needs);
        result.state = State::Fixed;
        result.also.push(elsewhere);
    }
    Some(result)
}

/// What counts of statements about a registry's package or a program.
pub(super) fn of_others<'a>(statements: &[&'a Statement]) -> Option<Chosen<'a>> {
    Some(chosen(best(statements)?, statements, String::new()))
}

/// The statement to show: of those that say it is affected, one that names a
/// fix, the highest.
fn best<'a>(statements: &[&'a Statement]) -> Option<&'a Statement> {
    statements
        .iter()
        .copied()
        .filter(|statement| statement.is_hit())
        .max_by(|a, b| fix_order(a, b).then_with(|| b.name().cmp(&a.name())))
}

fn fix_order(a: &Statement, b: &Statement) -> Ordering {
    match (a.fixed(), b.fixed(), a.affected()) {
        (Some(one), Some(other), Some(affected)) => compare(affected.scheme, one, other),
        (one, other, _) => one.is_some().cmp(&other.is_some()),
    }
}

fn chosen<'a>(hit: &'a Statement, among: &[&'a Statement], needs: String) -> Chosen<'a> {
    let said = hit.affected().map(|affected| affected.state);
    let fixed = hit.fixed().map(str::to_owned);
    let state = match (said.unwrap_or_default(), &fixed) {
        // The end of what is affected is known, or is not.
        (State::Fixed | State::Affected, Some(_)) => State::Fixed,
        (State::Fixed, None) => State::Affected,
        (state, _) => state,
    };
    let mut also: Vec<&Statement> = among
        .iter()
        .copied()
        .filter(|other| other.is_hit() && !std::ptr::eq(*other, hit))
        .collect();
    also.sort_by(|a, b| a.name().cmp(&b.name()));
    Chosen {
        statement: hit,
        fixed,
        needs,
        state,
        also,
    }
}
