//! Tokens of a token service
//! (<https://distribution.github.io/distribution/spec/auth/token/>, `oauth`).

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::Credential;
use crate::http::url;

/// Bytes of a token service's answer.
pub(crate) const MOST: u64 = 1 << 20;

/// How long a token lasts when its service does not say so.
const LASTS: u64 = 60;

/// An access token.
#[derive(Clone)]
pub(crate) struct Token {
    pub value: String,
    until: Instant,
}

impl Token {
    /// Whether it can still be used, with a little time for the request.
    pub fn is_fresh(&self, now: Instant) -> bool {
        now < self.until
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// The token of an answer; none when there is none in it.
pub(crate) fn read(bytes: &[u8], now: Instant) -> Option<Token> {
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    let value = answer
        .token
        .filter(|token| !token.is_empty())
        .or(answer.access_token)?;
    // It goes into a header: what can't stand there is no token.
    if value.is_empty() || !value.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        return None;
    }
    let lasts = answer.expires_in.unwrap_or(LASTS).clamp(LASTS, 24 * 3600);
    // Ten seconds before its end it may end on the way.
    let until = now.checked_add(Duration::from_secs(lasts - 10))?;
    Some(Token { value, until })
}

/// How a token is asked for: a query to be added to the realm, or a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum How {
    Query(String),
    Form(String),
}

/// How a token for `scope` is asked for.
pub(crate) fn how(service: &str, scope: &str, credential: Option<&Credential>) -> How {
    let mut pairs = Vec::new();
    if !service.is_empty() {
        pairs.push(("service", service));
    }
    if !scope.is_empty() {
        pairs.push(("scope", scope));
    }
    match credential {
        Some(Credential::Identity(token)) => {
            pairs.insert(0, ("grant_type", "refresh_token"));
            pairs.push(("client_id", "plimsoll"));
            pairs.push(("refresh_token", token));
            How::Form(url::query(&pairs))
        }
        Some(Credential::Password { username, .. }) => {
            pairs.push(("account", username));
            How::Query(url::query(&pairs))
        }
        _ => How::Query(url::query(&pairs)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_names_of_a_token_are_read() {
        let now = Instant::now();
        let check = |text: &str, expect: Option<&str>| {
            let token = read(text.as_bytes(), now);
            assert_eq!(token.map(|token| token.value).as_deref(), expect, "{text}");
        };
        check(r#"{"token":"a"}"#, Some("a"));
        check(r#"{"access_token":"b","expires_in":300}"#, Some("b"));
        check(r#"{"token":"","access_token":"b"}"#, Some("b"));
        check(r#"{"token":"a\r\nX-Evil: 1"}"#, None);
        check(r#"{"token":""}"#, None);
        check("{}", None);
        check("<html>", None);
    }

    #[test]
    fn a_token_ends_before_its_service_says() {
        let now = Instant::now();
        let check = |expires: &str, fresh: u64, stale: u64| {
            let token = read(format!(r#"{{"token":"a"{expires}}}"#).as_bytes(), now).expect("read");
            assert!(
                token.is_fresh(now + Duration::from_secs(fresh)),
                "{expires}"
            );
            assert!(
                !token.is_fresh(now + Duration::from_secs(stale)),
                "{expires}"
            );
        };
        check("", 49, 50);
        check(r#","expires_in":300"#, 289, 290);
        check(r#","expires_in":1"#, 49, 50);
        check(r#","expires_in":18446744073709551615"#, 80_000, 90_000);
    }

    #[test]
    fn a_refresh_token_is_posted_and_a_name_is_told() {
        let password = Credential::Password {
            username: "me".to_owned(),
            password: "secret".to_owned(),
        };
        assert_eq!(
            how("s", "x:y:pull", Some(&password)),
            How::Query("service=s&scope=x%3Ay%3Apull&account=me".to_owned())
        );
        assert_eq!(
            how("s", "x", Some(&Credential::Identity("r/".to_owned()))),
            How::Form(
                "grant_type=refresh_token&service=s&scope=x&client_id=plimsoll&refresh_token=r%2F"
                    .to_owned()
            )
        );
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes, Instant::now());
        }
    }
}
