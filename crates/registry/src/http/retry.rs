//! When a request is sent again.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

/// How often and how soon a request is sent again: after `base`, then twice
/// that and so on up to `most`, each shortened by up to a half at random, so
/// that many clients do not come back at once.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Attempts, the first one counted.
    pub attempts: u32,
    /// The first wait.
    pub base: Duration,
    /// The longest wait of our own.
    pub most: Duration,
    /// The longest `Retry-After` that is waited for.
    pub most_stated: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            attempts: 5,
            base: Duration::from_millis(300),
            most: Duration::from_secs(10),
            most_stated: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// How long to wait after the attempt with this number, from 1; none when
    /// it was the last. `stated` is what `Retry-After` says; one longer than
    /// is waited for ends the attempts.
    #[must_use]
    pub fn wait(&self, attempt: u32, stated: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        if let Some(stated) = stated {
            return (stated <= self.most_stated).then_some(stated);
        }
        let doubled = self
            .base
            .saturating_mul(
                1_u32
                    .checked_shl(attempt.saturating_sub(1))
                    .unwrap_or(u32::MAX),
            )
            .min(self.most);
        // A new `RandomState` has new keys: randomness without a dependency.
        let share = (RandomState::new().hash_one(attempt) % 1000) as u32;
        Some(doubled - doubled * share / 2000)
    }
}

/// Whether a status may be gone in a moment.
#[must_use]
pub fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// What `Retry-After` says: seconds or a date (RFC 9110, 10.2.3).
#[must_use]
pub fn retry_after(header: Option<&str>) -> Option<Duration> {
    after(header?, SystemTime::now())
}

fn after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are longer than anybody waits.
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(header)
        .ok()?;
    let at = SystemTime::try_from(at).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_and_end() {
        let retry = Retry {
            attempts: 6,
            base: Duration::from_millis(100),
            most: Duration::from_millis(500),
            most_stated: Duration::from_secs(60),
        };
        for (attempt, longest) in [(1, 100), (2, 200), (3, 400), (4, 500), (5, 500)] {
            let wait = retry.wait(attempt, None).expect("not the last");
            assert!(
                wait <= Duration::from_millis(longest),
                "{attempt}: {wait:?}"
            );
            assert!(
                wait >= Duration::from_millis(longest / 2),
                "{attempt}: {wait:?}"
            );
        }
        assert_eq!(retry.wait(6, None), None);
        let seconds = Duration::from_secs;
        assert_eq!(retry.wait(1, Some(seconds(7))), Some(seconds(7)));
        assert_eq!(retry.wait(1, Some(seconds(61))), None);
        let many = Retry {
            attempts: u32::MAX,
            ..retry
        };
        assert!(many.wait(u32::MAX - 1, None).is_some());
    }

    #[test]
    fn retry_after_has_two_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480 - 20);
        let check = |header: &str, expect: Option<u64>| {
            assert_eq!(
                after(header, now),
                expect.map(Duration::from_secs),
                "{header}"
            );
        };
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(20));
        check("Wed, 21 Oct 2015 07:00:00 GMT", Some(0));
        check("soon", None);
        check("", None);
        check("-5", None);
        assert!(after(&"9".repeat(40), now).is_some_and(|wait| wait.as_secs() == u64::MAX));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in "\\PC{0,60}") {
            let _ = retry_after(Some(&header));
        }
    }
}
