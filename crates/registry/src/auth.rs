//! Who is asking: credentials, and the tokens they are exchanged for.

pub mod challenge;
pub mod config;
pub mod helper;
pub mod token;

use std::fmt;

/// What a user has for a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that is exchanged for access tokens (OAuth 2 refresh token).
    Identity(String),
    /// A token that is sent to the registry as it is.
    Bearer(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credential::Password { username, .. } => write!(f, "Password({username}, ***)"),
            Credential::Identity(_) => f.write_str("Identity(***)"),
            Credential::Bearer(_) => f.write_str("Bearer(***)"),
        }
    }
}

/// Why credentials could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A helper's name is no program's name.
    #[error(
        "the credential helper `{0}` has a name that is not run: letters, digits, `.`, `_` and `-` only"
    )]
    HelperName(String),
    /// A helper is not there, or does not start.
    #[error(
        "the credential helper {program} can't be run: {message}; install it, or take it out of the configuration"
    )]
    HelperStart {
        /// The program.
        program: String,
        /// Why.
        message: String,
    },
    /// A helper failed.
    #[error("the credential helper {program} fails for {server}: {message}")]
    Helper {
        /// The program.
        program: String,
        /// What it was asked for.
        server: String,
        /// Why: what it said, shortened.
        message: String,
    },
    /// A token service gives no token.
    #[error("the token service {realm} gives no token: {message}")]
    Token {
        /// The service.
        realm: String,
        /// Why.
        message: String,
    },
    /// Credentials would be sent in the clear.
    #[error("the token service {realm} is not reached by https: credentials are not sent there")]
    InsecureRealm {
        /// The service.
        realm: String,
    },
}
