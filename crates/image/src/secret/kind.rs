//! What a kind of secret is, and the words of its rule.

use plimsoll_model::{Mapping, Rule};

/// A kind of secret: its words, and how it is recognised.
pub(super) struct Kind {
    /// The words.
    pub(super) rule: Rule,
    /// How it is recognised.
    pub(super) find: Find,
}

/// How sure a match is. Where two kinds match the same bytes, the surer one
/// is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    /// Only the name it stands under speaks for it.
    Name,
    /// The name of its issuer stands before it, and its shape fits.
    NameAndShape,
    /// Its shape is its issuer's alone.
    Shape,
    /// It was read where its format says that it stands.
    Format,
    /// The file is what it is by its place.
    Place,
}

/// How a kind is recognised.
pub(super) struct Find {
    /// How.
    pub(super) how: How,
    /// The words that are looked for in every file.
    pub(super) words: &'static [&'static str],
    /// The shape, as a regular expression over bytes: see [`How`].
    pub(super) pattern: &'static str,
    /// How many bytes before the word the shape begins.
    pub(super) back: usize,
    /// Of these (lower case) one must stand within [`NEAR`] bytes, whatever
    /// its case; none: nothing has to.
    pub(super) near: &'static [&'static str],
    /// Whether it is looked for in an image's own files alone: what other
    /// people's code is full of examples of.
    pub(super) own: bool,
    /// What else the value must be like.
    pub(super) check: fn(&[u8]) -> bool,
}

/// How far around a match the words of [`Find::near`] are looked for.
pub(super) const NEAR: usize = 300;

/// The ways to recognise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The word, in its own case, begins the secret (or stands `back` bytes
    /// into it); the pattern is of all of it. Its first group, if it has one,
    /// is the value.
    Token,
    /// The word, in whatever case, is part of a name that is given a value;
    /// the pattern is the whole value's. The name says besides that it is a
    /// key, a token, a password or the like.
    Named,
    /// Code of its own recognises it.
    Code,
}

/// A token that begins with one of `words`.
pub(super) const fn token(words: &'static [&'static str], pattern: &'static str) -> Find {
    Find {
        how: How::Token,
        words,
        pattern,
        back: 0,
        near: &[],
        own: false,
        check: super::judge::is_varied,
    }
}

/// A value under a name with one of `words` in it.
pub(super) const fn named(words: &'static [&'static str], pattern: &'static str) -> Find {
    Find {
        how: How::Named,
        ..token(words, pattern)
    }
}

/// What code of its own recognises.
pub(super) const fn code() -> Find {
    Find {
        how: How::Code,
        ..token(&[], "")
    }
}

impl Find {
    /// With a check of the value in place of the usual one.
    pub(super) const fn checked(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = check;
        self
    }

    /// The word stands so many bytes into the secret.
    pub(super) const fn back(mut self, back: usize) -> Self {
        self.back = back;
        self
    }

    /// Only in an image's own files.
    pub(super) const fn own(mut self) -> Self {
        self.own = true;
        self
    }

    /// Only near one of these words.
    pub(super) const fn near(mut self, near: &'static [&'static str]) -> Self {
        self.near = near;
        self
    }
}

/// What all kinds help to meet.
pub(super) const MAPPINGS: &[Mapping] = &[
    Mapping {
        framework: "CIS Docker 1.6",
        requirement: "4.10",
    },
    Mapping {
        framework: "NIST 800-190",
        requirement: "4.1.4",
    },
];

/// A kind with the words of its rule. `gives`: what whoever has it can do;
/// `revoke`: where and how it is made worthless.
macro_rules! kind {
    ($severity:ident $id:literal, $title:literal, gives $gives:literal, revoke $revoke:literal, see $see:literal, $find:expr) => {
        $crate::secret::kind::Kind {
            rule: plimsoll_model::Rule {
                id: $id,
                title: $title,
                severity: plimsoll_model::Severity::$severity,
                category: "secrets",
                why: concat!(
                    "Whoever can pull the image can read what it holds, deleted files too. With this they can ",
                    $gives,
                    "."
                ),
                remediation: concat!(
                    $revoke,
                    " Then build the image without it: a build step gets it as a secret mount (`RUN --mount=type=secret`), a container when it starts. Deleting it in a later layer does not take it out of the image."
                ),
                test: "plimsoll image scan IMAGE",
                references: &[$see],
                mappings: $crate::secret::kind::MAPPINGS,
                aliases: &[],
            },
            find: $find,
        }
    };
}
pub(super) use kind;
