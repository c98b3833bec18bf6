//! Points and spans of time. The clock itself is never read here: time comes
//! in as a value, so that the same facts at the same time give the same bytes.

use std::{fmt, str::FromStr};

pub use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A span of time as written in goals: `14d`, `48h`, `30m`, `2w`, or a
/// combination such as `1d12h`. A day is 24 hours: goals are judged in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    seconds: u64,
}

impl Period {
    /// A period of whole days.
    pub const fn days(days: u32) -> Self {
        Period {
            seconds: days as u64 * 86_400,
        }
    }

    /// A period of whole hours.
    pub const fn hours(hours: u32) -> Self {
        Period {
            seconds: hours as u64 * 3_600,
        }
    }

    /// A period of whole minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Period {
            seconds: minutes as u64 * 60,
        }
    }

    /// Its length in seconds.
    pub const fn as_secs(self) -> u64 {
        self.seconds
    }

    /// The time that lies this period after `start`; the end of time when it
    /// would lie beyond what a timestamp can hold.
    pub fn after(self, start: Timestamp) -> Timestamp {
        let seconds = start.as_second().saturating_add_unsigned(self.seconds);
        Timestamp::new(seconds, start.subsec_nanosecond()).unwrap_or(Timestamp::MAX)
    }

    /// The time that lies this period before `end`; the beginning of time when
    /// it would lie before what a timestamp can hold.
    pub fn before(self, end: Timestamp) -> Timestamp {
        let seconds = end.as_second().saturating_sub_unsigned(self.seconds);
        Timestamp::new(seconds, end.subsec_nanosecond()).unwrap_or(Timestamp::MIN)
    }
}

/// The first instant of a date, in UTC. Goals name dates; a date is over when
/// the next one begins.
pub fn start_of(date: Date) -> Timestamp {
    date.to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The first instant after a date, in UTC: something dated `expires: D` holds
/// throughout D.
pub fn end_of(date: Date) -> Timestamp {
    date.tomorrow().map_or(Timestamp::MAX, start_of)
}

/// The UTC date of an instant.
pub fn date_of(time: Timestamp) -> Date {
    time.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

/// The text is no period.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no period: write a number and w, d, h, m or s, such as `14d`, `48h` or `1d12h`")]
pub struct ParsePeriodError(String);

impl FromStr for Period {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParsePeriodError(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(error());
        }
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
            let number: u64 = rest[..digits].parse().map_err(|_| error())?;
            let unit = rest[digits..].chars().next().ok_or_else(error)?;
            let factor = match unit {
                'w' => 7 * 86_400,
                'd' => 86_400,
                'h' => 3_600,
                'm' => 60,
                's' => 1,
                _ => return Err(error()),
            };
            seconds = number
                .checked_mul(factor)
                .and_then(|part| seconds.checked_add(part))
                .ok_or_else(error)?;
            rest = &rest[digits + unit.len_utf8()..];
        }
        // A century: past it, adding to a timestamp would lose its meaning.
        if seconds > 36_525 * 86_400 {
            return Err(error());
        }
        Ok(Period { seconds })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.seconds;
        // Up to two days people think in hours (`48h`), beyond in days.
        if rest.is_multiple_of(3_600) && rest <= 2 * 86_400 {
            return write!(f, "{}h", rest / 3_600);
        }
        for (unit, factor) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
            if rest >= factor {
                write!(f, "{}{unit}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Period {
    type Error = ParsePeriodError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}

impl JsonSchema for Period {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A span of time: numbers with w, d, h, m or s, such as `14d`, `48h`, `1d12h`. A day is 24 hours.",
            "pattern": "^([0-9]+[wdhms])+$"
        })
    }
}

/// The schema of a calendar date, for fields of type [`Date`].
pub(crate) fn date_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "string",
        "format": "date",
        "description": "A calendar date, YYYY-MM-DD, in UTC."
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_read_and_print() {
        let check = |text: &str, expect: Option<(u64, &str)>| {
            let got = text.parse::<Period>().ok();
            assert_eq!(got.map(Period::as_secs), expect.map(|e| e.0), "{text}");
            if let (Some(period), Some((_, shown))) = (got, expect) {
                assert_eq!(period.to_string(), shown, "{text}");
            }
        };
        check("14d", Some((14 * 86_400, "14d")));
        check("48h", Some((48 * 3_600, "48h")));
        check("1d12h", Some((36 * 3_600, "36h")));
        check("2w", Some((14 * 86_400, "14d")));
        check("90m", Some((5_400, "1h30m")));
        check("0d", Some((0, "0s")));
        check("", None);
        check("14", None);
        check("d", None);
        check("14 days", None);
        check("99999999999999999999d", None);
        check("1000000d", None);
        check("5µ", None);
    }

    #[test]
    fn a_date_holds_until_the_next_begins() {
        let date: Date = "2026-12-31".parse().expect("a date");
        assert_eq!(start_of(date).to_string(), "2026-12-31T00:00:00Z");
        assert_eq!(end_of(date).to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(date_of(start_of(date)), date);
    }
}
