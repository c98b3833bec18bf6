//! What goes wrong at the edge: what, where, and what to do next.

use std::{io, sync::Arc, time::Duration};

use plimsoll_model::Digest;

use crate::auth::CredentialError;

/// Why something could not be had from a registry.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The registry asks for credentials that it was not given, or refuses
    /// those it was given.
    #[error("{host} refuses {what}: {}", sign_in(host, *.sent, hint))]
    Unauthorized {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// Whether credentials were sent.
        sent: bool,
        /// What else may be the reason: a broken configuration file.
        hint: String,
    },
    /// The credentials are right, and may not do this.
    #[error(
        "{host} forbids {what}: the account has no right to it{}",
        detail(message)
    )]
    Forbidden {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// What the registry says.
        message: String,
    },
    /// It is not there.
    #[error(
        "{host} has no {what}: check the name and the tag; private ones may need `docker login {host}`{}",
        detail(message)
    )]
    NotFound {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// What the registry says.
        message: String,
    },
    /// Too many requests, for longer than is waited.
    #[error("{host} limits how often it is asked{}: sign in, use a mirror or try again later", wait(*.after))]
    RateLimited {
        /// The registry.
        host: String,
        /// How long it says to wait.
        after: Option<Duration>,
    },
    /// It answers with a failure of its own, or with what makes no sense.
    #[error("{host} answers {what} with status {status}{}", detail(message))]
    Status {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What the registry says.
        message: String,
    },
    /// Its name is not known.
    #[error("the host {host} is not found: check its name, and the DNS and proxy settings")]
    Dns {
        /// The host.
        host: String,
    },
    /// There is no connection to it.
    #[error("no connection to {host}: {message}")]
    Connect {
        /// The host.
        host: String,
        /// Why.
        message: String,
    },
    /// The connection can't be made safe.
    #[error(
        "{host} is not trusted: {message}; give its certificate authority with `--ca-file`, or, knowingly, `--insecure`"
    )]
    Tls {
        /// The host.
        host: String,
        /// Why.
        message: String,
    },
    /// It takes too long.
    #[error("{host} is too slow: {message}")]
    Timeout {
        /// The host.
        host: String,
        /// Which time ran out.
        message: String,
    },
    /// The user stopped it.
    #[error("stopped")]
    Cancelled,
    /// An image of before 2015.
    #[error(
        "{what} has the old manifest form schema 1, which is not read: it has no verifiable content; push it again with a current tool"
    )]
    Schema1 {
        /// The image.
        what: String,
    },
    /// What came is not what was asked for.
    #[error("{what} of {host} has the digest {got}, not {wanted}: it was changed or is damaged")]
    WrongDigest {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The digest asked for.
        wanted: Digest,
        /// The digest of what came.
        got: Digest,
    },
    /// It is larger or smaller than its descriptor says.
    #[error("{what} of {host} has {got} bytes, not the {wanted} that its manifest says")]
    WrongSize {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The size stated.
        wanted: u64,
        /// The bytes that came; one more than stated when it would go on.
        got: u64,
    },
    /// It is larger than what is read of such a thing.
    #[error("{what} of {host} is larger than {most} bytes")]
    TooLarge {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The limit.
        most: u64,
    },
    /// It is not what the protocol says.
    #[error("{host} answers {what} with something that is not understood: {message}")]
    Protocol {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// Credentials could not be had.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// An option that was given makes no sense.
    #[error("{0}")]
    Options(String),
    /// The operating system's error.
    #[error("{what}: {error}")]
    Io {
        /// What was done.
        what: String,
        /// The error.
        error: Arc<io::Error>,
    },
}

impl Error {
    /// Whether asking again, a little later, may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Error::Status { status, .. } => *status >= 500 || *status == 408,
            Error::RateLimited { .. } | Error::Connect { .. } | Error::Timeout { .. } => true,
            _ => false,
        }
    }

    /// The error as a reader gives it; [`Error::from_io`] finds it again.
    #[must_use]
    pub fn into_io(self) -> io::Error {
        let kind = match &self {
            Error::Cancelled => io::ErrorKind::Interrupted,
            Error::NotFound { .. } => io::ErrorKind::NotFound,
            Error::Unauthorized { .. } | Error::Forbidden { .. } => io::ErrorKind::PermissionDenied,
            Error::Timeout { .. } => io::ErrorKind::TimedOut,
            Error::TooLarge { .. } => io::ErrorKind::FileTooLarge,
            Error::WrongDigest { .. } | Error::WrongSize { .. } | Error::Protocol { .. } => {
                io::ErrorKind::InvalidData
            }
            _ => io::ErrorKind::Other,
        };
        // `Interrupted` would have readers try again for ever.
        let kind = match kind {
            io::ErrorKind::Interrupted => io::ErrorKind::ConnectionAborted,
            kind => kind,
        };
        io::Error::new(kind, self)
    }

    /// What a reader failed with.
    #[must_use]
    pub fn from_io(what: &str, error: io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>())
        {
            Some(inner) => inner.clone(),
            None => Error::Io {
                what: what.to_owned(),
                error: Arc::new(error),
            },
        }
    }
}

fn sign_in(host: &str, sent: bool, hint: &str) -> String {
    let what = if sent {
        format!(
            "the credentials are wrong or have expired; sign in again with `docker login {host}`"
        )
    } else {
        format!(
            "it asks for credentials; sign in with `docker login {host}`, or give --username and --password-stdin"
        )
    };
    if hint.is_empty() {
        what
    } else {
        format!("{what} ({hint})")
    }
}

fn detail(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(" (it says: {message})")
    }
}

fn wait(after: Option<Duration>) -> String {
    after.map_or_else(String::new, |after| {
        format!(" and says to wait {} s", after.as_secs())
    })
}
