//! Names of namespaces.

use std::{ops::Deref, str::FromStr};

use serde::Deserialize;

/// The most characters of one.
const MOST: usize = 63;

/// The name of a namespace, as an API server takes it (RFC 1123, a label). An empty one names none:
/// a variable may be set to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Namespace(String);

impl Deref for Namespace {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Namespace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Namespace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let of_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.chars().all(of_label)
            && text.len() <= MOST
            && !text.starts_with('-')
            && !text.ends_with('-')
        {
            return Ok(Namespace(text));
        }
        Err(format!(
            "no namespace has this name: it is of at most {MOST} lower case letters, digits and \
             `-`, and neither begins nor ends with `-`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_label() {
        let check = |text: &str, expect: bool| {
            assert_eq!(text.parse::<Namespace>().is_ok(), expect, "{text}");
        };
        check("lab", true);
        check("kube-system", true);
        check("2b", true);
        check("", true);
        check(&"a".repeat(63), true);
        check(&"a".repeat(64), false);
        check("Lab", false);
        check("lab_1", false);
        check("-lab", false);
        check("lab-", false);
        check("lab toys", false);
        check("lab*", false);
    }
}
