//! What tells whether a statement is about a version, and nothing else of it.
//!
//! Of a package such as `linux` or `tensorflow` hundreds of statements are
//! looked at to find the few that count; those are read as a whole.

use serde::Deserialize;

use crate::{
    Scheme,
    advisory::{Affected, End, Origin, State},
};

/// A part of an [`Affected`], borrowed from wherever that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gist<'a> {
    /// As [`Affected::name`].
    pub name: &'a str,
    /// Of a distribution, whether that is the name of a source package; none of
    /// all others.
    pub source: Option<bool>,
    /// As [`Affected::scheme`].
    pub scheme: Scheme,
    /// As [`Affected::ranges`].
    pub ranges: Vec<Span<'a>>,
    /// As [`Affected::versions`].
    pub versions: Vec<&'a str>,
    /// As [`Affected::state`].
    pub state: State,
    /// As [`Affected::architectures`].
    pub architectures: Vec<&'a str>,
}

/// A [`Range`](crate::advisory::Range), borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Span<'a> {
    /// The first affected version; none for all up to the end.
    #[serde(borrow)]
    pub introduced: Option<&'a str>,
    /// Where it ends; none when no fix is known.
    #[serde(borrow)]
    pub end: Option<Bound<'a>>,
}

/// An [`End`], borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Bound<'a> {
    /// The first version that is not affected any more.
    Fixed(&'a str),
    /// The last affected version.
    LastAffected(&'a str),
}

impl<'a> From<&'a Affected> for Gist<'a> {
    fn from(affected: &'a Affected) -> Self {
        let span = |range: &'a crate::advisory::Range| Span {
            introduced: range.introduced.as_deref(),
            end: range.end.as_ref().map(|end| match end {
                End::Fixed(version) => Bound::Fixed(version),
                End::LastAffected(version) => Bound::LastAffected(version),
            }),
        };
        let texts = |list: &'a [String]| list.iter().map(String::as_str).collect();
        Gist {
            name: &affected.name,
            source: match affected.origin {
                Origin::Distribution { source, .. } => Some(source),
                Origin::Registry(_) | Origin::Program => None,
            },
            scheme: affected.scheme,
            ranges: affected.ranges.iter().map(span).collect(),
            versions: texts(&affected.versions),
            state: affected.state,
            architectures: texts(&affected.architectures),
        }
    }
}
