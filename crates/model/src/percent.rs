//! Shares as exact numbers: a target of 99% must not depend on how a float
//! rounds.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A share between 0% and 100% in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Percent {
    ppm: u32,
}

impl Percent {
    /// The whole.
    pub const WHOLE: Percent = Percent { ppm: 1_000_000 };
    /// Nothing.
    pub const ZERO: Percent = Percent { ppm: 0 };

    /// A share given in parts per million; more than the whole is the whole.
    pub const fn from_ppm(ppm: u32) -> Self {
        Percent {
            ppm: if ppm > 1_000_000 { 1_000_000 } else { ppm },
        }
    }

    /// The share in parts per million.
    pub const fn ppm(self) -> u32 {
        self.ppm
    }

    /// The share as a fraction between 0 and 1, for machine-readable output.
    pub fn as_fraction(self) -> f64 {
        f64::from(self.ppm) / 1e6
    }

    /// Whether `part` of `whole` is at least this share, computed exactly.
    /// Nothing of nothing reaches no share: an empty scope proves nothing.
    pub fn reached_by(self, part: u64, whole: u64) -> bool {
        whole > 0 && u128::from(part) * 1_000_000 >= u128::from(self.ppm) * u128::from(whole)
    }

    /// The least number of `whole` that reaches this share.
    pub fn of(self, whole: u64) -> u64 {
        (u128::from(self.ppm) * u128::from(whole)).div_ceil(1_000_000) as u64
    }
}

/// The text is no percentage.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no percentage: write a number from 0 to 100 with a percent sign, such as `99%` or `99.95%`"
)]
pub struct ParsePercentError(String);

impl FromStr for Percent {
    type Err = ParsePercentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParsePercentError(text.to_owned());
        let number = text.trim().strip_suffix('%').ok_or_else(error)?.trim();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 4 || !digits(whole) || !digits(fraction) {
            return Err(error());
        }
        let whole: u32 = whole.parse().map_err(|_| error())?;
        let fraction: u32 = format!("{fraction:0<4}").parse().map_err(|_| error())?;
        let ppm = whole
            .checked_mul(10_000)
            .and_then(|p| p.checked_add(fraction));
        match ppm {
            Some(ppm) if ppm <= 1_000_000 => Ok(Percent { ppm }),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.ppm / 10_000, self.ppm % 10_000);
        if fraction == 0 {
            f.pad(&format!("{whole}%"))
        } else {
            let digits = format!("{fraction:04}");
            f.pad(&format!("{whole}.{}%", digits.trim_end_matches('0')))
        }
    }
}

impl TryFrom<String> for Percent {
    type Error = ParsePercentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A share from 0% to 100%, with up to four decimals, such as `99%` or `99.95%`.",
            "pattern": "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)%$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        let check = |text: &str, expect: Option<u32>| {
            assert_eq!(
                text.parse::<Percent>().ok().map(Percent::ppm),
                expect,
                "{text}"
            );
        };
        check("99%", Some(990_000));
        check("99.95%", Some(999_500));
        check("100%", Some(1_000_000));
        check("0%", Some(0));
        check("33.3333%", Some(333_333));
        check("101%", None);
        check("99", None);
        check("-1%", None);
        check(".5%", None);
        check("99.12345%", None);
    }

    #[test]
    fn reaching_a_share_has_no_rounding() {
        let two_thirds = Percent::from_ppm(666_667);
        assert!(!two_thirds.reached_by(2, 3), "2 of 3 is less than 66.6667%");
        assert!(Percent::WHOLE.reached_by(3, 3));
        assert!(
            !Percent::ZERO.reached_by(0, 0),
            "an empty scope proves nothing"
        );
        assert_eq!(Percent::from_ppm(990_000).of(100), 99);
        assert_eq!(Percent::from_ppm(990_000).of(101), 100);
    }
}
