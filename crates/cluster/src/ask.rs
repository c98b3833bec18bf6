//! Questions to the API server: bounded answers, and errors that say what to
//! do next.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::{Body, Client};
use serde::Deserialize;
use tokio::time::timeout;

/// How long the server may say nothing while it answers. A list of a slow
/// server begins late.
const SILENT: Duration = Duration::from_secs(60);
/// Bytes of an error that are read.
const ERROR_BYTES: usize = 64 << 10;
/// Characters of an error that are shown.
const ERROR_CHARS: usize = 400;
/// The longest `Retry-After` that is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Why the API server gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The credentials do not hold.
    #[error("the API server does not accept the credentials: {0}")]
    Unauthorized(String),
    /// RBAC forbids it.
    #[error("RBAC forbids it: {0}")]
    Forbidden(String),
    /// There is no such thing.
    #[error("the API server has no such path")]
    NotFound,
    /// What the question builds on is too old.
    #[error("the API server no longer knows that version")]
    Gone {
        /// From where a list can go on, with what is there now.
        resume: Option<String>,
    },
    /// The server asks to come back later.
    #[error("the API server is busy ({status})")]
    Busy {
        /// 429 or 503.
        status: u16,
        /// When.
        after: Option<Duration>,
    },
    /// The server failed, or refused in another way.
    #[error("the API server answers {status}: {message}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// What it says.
        message: String,
    },
    /// The connection did not hold, or was never there.
    #[error("the connection to the API server failed: {0}")]
    Broken(String),
    /// No byte came in time.
    #[error("the API server said nothing for {} seconds", .0.as_secs())]
    Silent(Duration),
    /// More bytes than are read.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// More objects than are held.
    #[error("there are more than {0} objects")]
    TooMany(usize),
    /// The answer is not what it should be.
    #[error("the answer can't be read: {0}")]
    Malformed(String),
}

impl AskError {
    /// Whether the same question may well be answered a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            AskError::Busy { .. }
            | AskError::Broken(_)
            | AskError::Silent(_)
            | AskError::Gone { .. }
            // Behind a load balancer, half an answer is a broken connection.
            | AskError::Malformed(_) => true,
            AskError::Refused { status, .. } => *status >= 500,
            AskError::Unauthorized(_)
            | AskError::Forbidden(_)
            | AskError::NotFound
            | AskError::TooLarge(_)
            | AskError::TooMany(_) => false,
        }
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            AskError::Busy { after, .. } => *after,
            _ => None,
        }
    }
}

/// Asks for `path`; the whole answer, at most `limit` bytes.
pub(crate) async fn get(
    client: &Client,
    path: &str,
    accept: Option<&str>,
    limit: usize,
) -> Result<Vec<u8>, AskError> {
    let mut answer = open(client, request("GET", path, accept, Vec::new())?).await?;
    collect(&mut answer, limit).await
}

/// Sends a JSON value to `path`; the whole answer.
pub(crate) async fn post(
    client: &Client,
    path: &str,
    value: &serde_json::Value,
    limit: usize,
) -> Result<Vec<u8>, AskError> {
    let body = value.to_string().into_bytes();
    let mut answer = open(client, request("POST", path, None, body)?).await?;
    collect(&mut answer, limit).await
}

/// Asks for `path` and gives the answer as it comes.
pub(crate) async fn stream(
    client: &Client,
    path: &str,
    accept: Option<&str>,
) -> Result<Response<Body>, AskError> {
    open(client, request("GET", path, accept, Vec::new())?).await
}

fn request(
    method: &str,
    path: &str,
    accept: Option<&str>,
    body: Vec<u8>,
) -> Result<Request<Body>, AskError> {
    let mut builder = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ACCEPT, accept.unwrap_or("application/json"));
    if !body.is_empty() {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    builder
        .body(Body::from(body))
        .map_err(|error| AskError::Malformed(error.to_string()))
}

/// Sends the question; an answer of success, or the error.
async fn open(client: &Client, request: Request<Body>) -> Result<Response<Body>, AskError> {
    let sent = timeout(SILENT, client.send(request)).await;
    let mut answer = match sent {
        Err(_) => return Err(AskError::Silent(SILENT)),
        Ok(Err(error)) => return Err(AskError::Broken(chain(&error))),
        Ok(Ok(answer)) => answer,
    };
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let after = answer
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
    // What it says is of use, but the status alone has to do.
    let body = collect(&mut answer, ERROR_BYTES).await.unwrap_or_default();
    Err(refusal(status, after, &body))
}

/// The `Status` that the API server answers with where it refuses.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: u16,
    #[serde(default)]
    metadata: RefusalMetadata,
}

#[derive(Debug, Default, Deserialize)]
struct RefusalMetadata {
    #[serde(default, rename = "continue")]
    resume: String,
}

impl Refusal {
    /// What to do about it. `code` stands in where the status has none.
    pub(crate) fn error(self, code: u16, after: Option<Duration>) -> AskError {
        let code = if self.code == 0 { code } else { self.code };
        let message: String = self.message.chars().take(ERROR_CHARS).collect();
        match code {
            401 => AskError::Unauthorized(message),
            403 => AskError::Forbidden(message),
            404 => AskError::NotFound,
            410 => AskError::Gone {
                resume: Some(self.metadata.resume).filter(|resume| !resume.is_empty()),
            },
            429 | 503 => AskError::Busy {
                status: code,
                after,
            },
            status => AskError::Refused { status, message },
        }
    }
}

fn refusal(status: StatusCode, after: Option<Duration>, body: &[u8]) -> AskError {
    let said: Refusal = serde_json::from_slice(body).unwrap_or_else(|_| Refusal {
        message: String::from_utf8_lossy(body).trim().to_owned(),
        ..Refusal::default()
    });
    Refusal { code: 0, ..said }.error(status.as_u16(), after)
}

async fn collect(answer: &mut Response<Body>, limit: usize) -> Result<Vec<u8>, AskError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = chunk(answer, SILENT).await? {
        if bytes.len() + chunk.len() > limit {
            return Err(AskError::TooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The next bytes of an answer; none at its end.
pub(crate) async fn chunk(
    answer: &mut Response<Body>,
    silent: Duration,
) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]> + use<>>, AskError> {
    loop {
        let frame = match timeout(silent, answer.body_mut().frame()).await {
            Err(_) => return Err(AskError::Silent(silent)),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => return Err(AskError::Broken(chain(&error))),
            Ok(Some(Ok(frame))) => frame,
        };
        // Trailers say nothing here.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        at = cause.source();
    }
    text
}

/// How long to wait before a question is asked again: doubled from half a
/// second to half a minute, and between half of that and all of it, so that
/// the questions of many do not come back together.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    seed: RandomState,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(30);

    /// It was answered.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// It was not answered: how long to wait now. What the server asks for is
    /// the least.
    pub(crate) fn next(&mut self, error: &AskError) -> Duration {
        let doubled = Self::FIRST.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        let part = self.random(512);
        let wait = doubled
            .min(Self::LONGEST)
            .mul_f64(0.5 + f64::from(part) / 1024.0);
        let least = error.retry_after().unwrap_or_default();
        wait.max(least.mul_f64(1.0 + f64::from(part) / 5120.0))
    }

    /// A number below `below`, another one each time.
    pub(crate) fn random(&self, below: u32) -> u32 {
        let mut hasher = self.seed.build_hasher();
        hasher.write_u32(self.failures);
        (hasher.finish() % u64::from(below.max(1))) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_answers_says_what_to_do_next() {
        let check = |status: u16, body: &str, expect: AskError| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, None, body.as_bytes()), expect, "{body}");
        };
        check(
            403,
            r#"{"kind":"Status","code":403,"message":"pods is forbidden"}"#,
            AskError::Forbidden("pods is forbidden".into()),
        );
        check(
            410,
            r#"{"metadata":{"continue":"token"},"code":410}"#,
            AskError::Gone {
                resume: Some("token".into()),
            },
        );
        check(410, "", AskError::Gone { resume: None });
        check(404, "404 page not found", AskError::NotFound);
        check(
            429,
            "Too many requests",
            AskError::Busy {
                status: 429,
                after: None,
            },
        );
        check(
            500,
            "etcd is away",
            AskError::Refused {
                status: 500,
                message: "etcd is away".into(),
            },
        );
    }

    #[test]
    fn waits_grow_to_half_a_minute_and_never_undercut_the_server() {
        let mut backoff = Backoff::default();
        let broken = AskError::Broken(String::new());
        let mut last = Duration::ZERO;
        for _ in 0..20 {
            last = backoff.next(&broken);
            assert!(last >= Duration::from_millis(250), "{last:?}");
            assert!(last <= Duration::from_secs(30), "{last:?}");
        }
        assert!(last >= Duration::from_secs(15), "{last:?}");
        let busy = AskError::Busy {
            status: 429,
            after: Some(Duration::from_secs(100)),
        };
        let wait = backoff.next(&busy);
        assert!(wait >= Duration::from_secs(100), "{wait:?}");
        assert!(wait <= Duration::from_secs(110), "{wait:?}");
        backoff.reset();
        assert!(backoff.next(&broken) <= Duration::from_millis(500));
    }
}
