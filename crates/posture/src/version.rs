//! Kubernetes versions, as the Pod Security Standards count them.

use std::fmt;

/// A minor version of Kubernetes 1: `Minor(29)` is 1.29.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor(pub u8);

impl Minor {
    /// The oldest version the standards are written for.
    pub const OLDEST: Minor = Minor(0);
    /// The newest version this program knows.
    pub const NEWEST: Minor = Minor(37);

    /// Every version from the oldest to the newest.
    pub fn all() -> impl DoubleEndedIterator<Item = Minor> {
        (Self::OLDEST.0..=Self::NEWEST.0).map(Minor)
    }

    /// Reads `1.29` or `v1.29`; none for what is no version or is not known.
    pub fn parse(text: &str) -> Option<Minor> {
        let digits = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.")?;
        // `01` and `+1` are numbers to Rust, but no versions.
        if digits.len() > 1 && digits.starts_with('0')
            || !digits.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let minor = Minor(digits.parse().ok()?);
        (minor <= Self::NEWEST).then_some(minor)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_with_and_without_v() {
        let check = |text: &str, expect: Option<u8>| {
            assert_eq!(Minor::parse(text).map(|minor| minor.0), expect, "{text}");
        };
        check("1.29", Some(29));
        check("v1.29", Some(29));
        check("1.0", Some(0));
        check("v1.37", Some(37));
        check("1.38", None);
        check("1.029", None);
        check("1.", None);
        check("1.+2", None);
        check("2.1", None);
        check("vv1.2", None);
        check("1.999", None);
    }
}
