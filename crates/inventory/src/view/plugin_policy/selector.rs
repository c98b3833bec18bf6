//! Calico's selector expressions.
//!
//! ```text
//! or    = and ("||" and)*
//! and   = term ("&&" term)*
//! term  = "!"* (all() | global() | has(KEY) | "(" or ")" | KEY compare)
//! compare = ("==" | "!=" | "contains" | "starts with" | "ends with") STRING
//!         | ("in" | "not in") "{" (STRING ("," STRING)*)? "}"
//! ```
//!
//! A key is of letters, digits and `_./-`, a string stands in either quotes and
//! has no escapes, and white space is spaces and tabs.

use super::endpoint::{Label, Truth};

/// A selector may be this long, in bytes; what is longer is not understood.
const MOST_BYTES: usize = 4 << 10;

/// Brackets may be this deep.
const MOST_DEEP: u32 = 64;

/// A selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression<'s> {
    /// Everything, or nothing that is a pod: `all()` and `global()`.
    Always(bool),
    Has(&'s str),
    Compare(&'s str, Comparison, Vec<&'s str>),
    Not(Box<Expression<'s>>),
    And(Vec<Expression<'s>>),
    Or(Vec<Expression<'s>>),
}

/// How the value of a label is compared. A missing label is in no set, and so
/// differs from every value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
}

impl<'s> Expression<'s> {
    /// Reads a selector; none when it is not understood. An empty one is
    /// `all()`.
    pub fn parse(text: &'s str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let mut parser = Parser { rest: text };
        parser.skip_space();
        if parser.rest.is_empty() {
            return Some(Expression::Always(true));
        }
        let expression = parser.or(0)?;
        parser.skip_space();
        parser.rest.is_empty().then_some(expression)
    }

    /// Whether it selects what has these labels.
    pub fn holds<'a>(&self, label: &impl Fn(&str) -> Label<'a>) -> Truth {
        match self {
            Expression::Always(all) => (*all).into(),
            Expression::Has(key) => label(key).exists(),
            Expression::Compare(key, comparison, values) => {
                let any = |holds: fn(&str, &str) -> bool| {
                    label(key).is(|found| values.iter().any(|value| holds(found, value)))
                };
                match comparison {
                    Comparison::In => any(|found, value| found == value),
                    Comparison::NotIn => any(|found, value| found == value).negated(),
                    Comparison::Contains => any(|found, value| found.contains(value)),
                    Comparison::StartsWith => any(|found, value| found.starts_with(value)),
                    Comparison::EndsWith => any(|found, value| found.ends_with(value)),
                }
            }
            Expression::Not(inner) => inner.holds(label).negated(),
            Expression::And(all) => all
                .iter()
                .map(|one| one.holds(label))
                .fold(Truth::Yes, Truth::and),
            Expression::Or(some) => some
                .iter()
                .map(|one| one.holds(label))
                .fold(Truth::No, Truth::or),
        }
    }

    /// The labels that everything it selects must have.
    pub fn required(&self) -> Vec<(&'s str, &'s str)> {
        match self {
            Expression::Compare(key, Comparison::In, values) => match values.as_slice() {
                [value] => vec![(*key, *value)],
                _ => Vec::new(),
            },
            Expression::And(all) => all.iter().flat_map(Expression::required).collect(),
            _ => Vec::new(),
        }
    }
}

struct Parser<'s> {
    rest: &'s str,
}

impl<'s> Parser<'s> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Takes a word or sign that stands next, after white space.
    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn or(&mut self, depth: u32) -> Option<Expression<'s>> {
        let mut some = vec![self.and(depth)?];
        while self.take("||") {
            some.push(self.and(depth)?);
        }
        match some.len() {
            1 => some.pop(),
            _ => Some(Expression::Or(some)),
        }
    }

    fn and(&mut self, depth: u32) -> Option<Expression<'s>> {
        let mut all = vec![self.term(depth)?];
        while self.take("&&") {
            all.push(self.term(depth)?);
        }
        match all.len() {
            1 => all.pop(),
            _ => Some(Expression::And(all)),
        }
    }

    fn term(&mut self, depth: u32) -> Option<Expression<'s>> {
        let mut negated = false;
        while self.take("!") {
            negated = !negated;
        }
        let term = if self.take("has(") {
            self.skip_space();
            let key = self.key()?;
            self.take(")").then_some(Expression::Has(key))
        } else if self.take("all(") {
            self.take(")").then_some(Expression::Always(true))
        } else if self.take("global(") {
            self.take(")").then_some(Expression::Always(false))
        } else if self.take("(") {
            let inner = (depth < MOST_DEEP).then(|| self.or(depth + 1))??;
            self.take(")").then_some(inner)
        } else {
            self.comparison()
        }?;
        Some(if negated {
            Expression::Not(Box::new(term))
        } else {
            term
        })
    }

    fn comparison(&mut self) -> Option<Expression<'s>> {
        let key = self.key()?;
        let (comparison, is_set) = if self.take("==") {
            (Comparison::In, false)
        } else if self.take("!=") {
            (Comparison::NotIn, false)
        } else if self.take("contains") {
            (Comparison::Contains, false)
        } else if self.take("starts") {
            (self.take("with").then_some(Comparison::StartsWith)?, false)
        } else if self.take("ends") {
            (self.take("with").then_some(Comparison::EndsWith)?, false)
        } else if self.take("not") {
            (self.take("in").then_some(Comparison::NotIn)?, true)
        } else if self.take("in") {
            (Comparison::In, true)
        } else {
            return None;
        };
        let values = if is_set {
            self.set()?
        } else {
            vec![self.string()?]
        };
        Some(Expression::Compare(key, comparison, values))
    }

    fn key(&mut self) -> Option<&'s str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (key, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!key.is_empty()).then_some(key)
    }

    fn string(&mut self) -> Option<&'s str> {
        self.skip_space();
        let quote = self
            .rest
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '"'))?;
        let (text, rest) = self.rest.get(1..)?.split_once(quote)?;
        self.rest = rest;
        Some(text)
    }

    fn set(&mut self) -> Option<Vec<&'s str>> {
        let mut values = Vec::new();
        if !self.take("{") {
            return None;
        }
        while !self.take("}") {
            values.push(self.string()?);
            if !self.take(",") {
                return self.take("}").then_some(values);
            }
        }
        Some(values)
    }
}
