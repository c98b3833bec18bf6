//! Version ranges as `vers:` writes them
//! (<https://github.com/package-url/vers-spec>).

use std::cmp::Ordering;

use crate::{Scheme, version::compare};

/// Constraints of one range.
const MOST: usize = 1000;

/// A range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The type it names: `npm`, `deb`; empty when it names none.
    scheme: String,
    /// Every version.
    any: bool,
    constraints: Vec<(Operator, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Not,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Range {
    /// Reads one; none for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix("vers:")?;
        let (scheme, constraints) = rest.split_once('/')?;
        let mut range = Range {
            scheme: scheme.to_ascii_lowercase(),
            any: constraints.trim() == "*",
            constraints: Vec::new(),
        };
        if range.any {
            return Some(range);
        }
        for part in constraints.split('|') {
            let part = part.trim();
            let operators = [
                (">=", Operator::GreaterOrEqual),
                ("<=", Operator::LessOrEqual),
                ("!=", Operator::Not),
                ("=", Operator::Equal),
                (">", Operator::Greater),
                ("<", Operator::Less),
            ];
            let (operator, version) = operators
                .iter()
                .find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?)))
                .unwrap_or((Operator::Equal, part));
            let version = version.trim();
            if version.is_empty() || range.constraints.len() >= MOST {
                return None;
            }
            range.constraints.push((operator, version.to_owned()));
        }
        Some(range)
    }

    /// Whether a version of a package of this type is in it. Of a type whose
    /// order is not known only equal versions are.
    pub(crate) fn contains(&self, kind: &str, version: &str) -> bool {
        if self.any {
            return true;
        }
        let scheme = if self.scheme.is_empty() {
            kind
        } else {
            &self.scheme
        };
        let Ok(scheme) = scheme.parse::<Scheme>() else {
            return self
                .constraints
                .iter()
                .any(|(operator, other)| *operator == Operator::Equal && other == version);
        };
        let order = |other: &str| compare(scheme, version, other);
        for (operator, other) in &self.constraints {
            match (operator, order(other)) {
                (Operator::Equal, Ordering::Equal) => return true,
                (Operator::Not, Ordering::Equal) => return false,
                _ => {}
            }
        }
        let mut bounds: Vec<_> = self
            .constraints
            .iter()
            .filter(|(operator, _)| !matches!(operator, Operator::Equal | Operator::Not))
            .collect();
        if bounds.is_empty() {
            // Nothing but exceptions: all else is in.
            return self
                .constraints
                .iter()
                .all(|(operator, _)| *operator == Operator::Not);
        }
        bounds.sort_by(|(_, a), (_, b)| compare(scheme, a, b));
        // An interval begins at each lower bound and ends at the next upper one.
        let mut open = matches!(
            bounds.first(),
            Some((Operator::Less | Operator::LessOrEqual, _))
        );
        for (operator, other) in bounds {
            match (operator, order(other)) {
                (Operator::Less, Ordering::Less)
                | (Operator::LessOrEqual, Ordering::Less | Ordering::Equal) => return open,
                (Operator::Less | Operator::LessOrEqual, _) => open = false,
                (Operator::Greater, Ordering::Greater)
                | (Operator::GreaterOrEqual, Ordering::Greater | Ordering::Equal) => open = true,
                _ => return open,
            }
        }
        open
    }
}
