//! What people call an image in a registry: `nginx`, `ghcr.io/org/app:1.2`,
//! `localhost:5000/a/b@sha256:...`.
//!
//! The grammar and the defaults are those of the distribution project
//! (<https://github.com/distribution/reference/blob/main/reference.go>).

use std::{fmt, str::FromStr};

use plimsoll_model::Digest;

/// The registry that is meant when none is named.
pub const DOCKER_HUB: &str = "docker.io";

/// Bytes of a host and a repository together, at most.
const MOST_NAME: usize = 255;

/// Bytes of a tag, at most.
const MOST_TAG: usize = 128;

/// An image, or a repository, in a registry. Displayed in full, with every
/// default written out, and read back as the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing is there.
    #[error("an image reference is empty; write one like `nginx:1.27` or `ghcr.io/org/app:1.2`")]
    Empty,
    /// The host is no host.
    #[error("`{0}` is no registry host")]
    Host(String),
    /// The repository is no repository.
    #[error(
        "`{0}` is no repository name: lower-case letters and digits, parts separated by `/`, \
         `.`, `_` or `-` inside a part"
    )]
    Repository(String),
    /// The tag is no tag.
    #[error(
        "`{0}` is no tag: at most 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`"
    )]
    Tag(String),
    /// The digest is no digest that is understood.
    #[error("{0}")]
    Digest(#[from] plimsoll_model::digest::ParseDigestError),
    /// It is longer than a registry takes.
    #[error("an image name of {0} bytes is too long: at most 255")]
    TooLong(usize),
}

impl Reference {
    /// The registry as people write it: `docker.io`, `localhost:5000`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The host, with its port, that serves the registry's API: differs from
    /// [`registry`](Self::registry) for Docker Hub alone.
    #[must_use]
    pub fn api_host(&self) -> &str {
        api_host(&self.registry)
    }

    /// The repository: `library/nginx`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, as it was written; `latest` when neither tag nor digest was.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, when one was written.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What a registry is asked for: the digest, else the tag.
    #[must_use]
    pub fn target(&self) -> String {
        match self.digest {
            Some(digest) => digest.to_string(),
            None => self.tag().unwrap_or("latest").to_owned(),
        }
    }

    /// The same repository by digest.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Self {
        Reference {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The same repository by another tag.
    ///
    /// # Errors
    /// It is no tag.
    pub fn tagged(&self, tag: &str) -> Result<Self, ReferenceError> {
        if !is_tag(tag) {
            return Err(ReferenceError::Tag(shortened(tag)));
        }
        Ok(Reference {
            tag: Some(tag.to_owned()),
            digest: None,
            ..self.clone()
        })
    }
}

/// The host that serves the API of a registry.
#[must_use]
pub fn api_host(registry: &str) -> &str {
    if registry == DOCKER_HUB {
        "registry-1.docker.io"
    } else {
        registry
    }
}

/// Whether a host, with or without a port, is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        // A colon after the last slash begins a tag; one before it, a port.
        let from = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[from..].find(':') {
            Some(at) => (&rest[..from + at], Some(&rest[from + at + 1..])),
            None => (rest, None),
        };
        if name.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag(shortened(tag)));
        }
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if looks_like_host(first) => (first, rest),
            _ => (DOCKER_HUB, name),
        };
        if !is_host(registry) {
            return Err(ReferenceError::Host(shortened(registry)));
        }
        let registry = match registry.to_ascii_lowercase() {
            // Only its upper case says that it is a host: without it the text
            // would read back as a repository of Docker Hub.
            lower if !looks_like_host(&lower) => registry.to_owned(),
            hub if hub == "index.docker.io" || hub == "registry-1.docker.io" => {
                DOCKER_HUB.to_owned()
            }
            other => other,
        };
        let repository = if registry == DOCKER_HUB && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        };
        let length = registry.len() + 1 + repository.len();
        if length > MOST_NAME {
            return Err(ReferenceError::TooLong(length));
        }
        if !repository.split('/').all(is_path_component) {
            return Err(ReferenceError::Repository(shortened(&repository)));
        }
        let tag = match (tag, digest) {
            (None, None) => Some("latest"),
            _ => tag,
        };
        Ok(Reference {
            registry,
            repository,
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = self.tag() {
            write!(f, ":{tag}")?;
        }
        match self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// Whether the first part of a name is a host and not a part of the
/// repository: the rule of Docker.
fn looks_like_host(part: &str) -> bool {
    part == "localhost"
        || part.contains(['.', ':'])
        || part.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether it is a host with an optional port.
pub(crate) fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                None if rest.is_empty() => return true,
                None => return false,
                Some(port) => ("v6", Some(port)),
            }
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
    }) && name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// `[a-z0-9]+` joined by `.`, `_`, `__` or any number of `-`.
fn is_path_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|b| is_word(*b)) || !bytes.last().is_some_and(|b| is_word(*b)) {
        return false;
    }
    bytes
        .split(|byte| is_word(*byte))
        .all(|between| match between {
            [] | b"." | b"_" | b"__" => true,
            dashes => dashes.iter().all(|byte| *byte == b'-'),
        })
}

/// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= MOST_TAG
        && text.bytes().next().is_some_and(is_word)
        && text
            .bytes()
            .all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn defaults_are_written_out() {
        let check = |text: &str, expect: &str| {
            let read: Reference = text.parse().expect(text);
            assert_eq!(read.to_string(), expect, "{text}");
        };
        check("nginx", "docker.io/library/nginx:latest");
        check(" nginx:1.27 ", "docker.io/library/nginx:1.27");
        check("org/app", "docker.io/org/app:latest");
        check("index.docker.io/nginx", "docker.io/library/nginx:latest");
        check("docker.io/nginx", "docker.io/library/nginx:latest");
        check("localhost/app", "localhost/app:latest");
        check("localhost:5000/app:1", "localhost:5000/app:1");
        check("GHCR.io/Org".to_lowercase().as_str(), "ghcr.io/org:latest");
        check("[::1]:5000/a/b__c", "[::1]:5000/a/b__c:latest");
        check("X/3", "X/3:latest");
        check("X/3:latest", "X/3:latest");
        check("GHCR.io/org", "ghcr.io/org:latest");
        check("ghcr.io/org/a.b-c--d/e", "ghcr.io/org/a.b-c--d/e:latest");
        check(
            &format!("nginx@{DIGEST}"),
            &format!("docker.io/library/nginx@{DIGEST}"),
        );
        check(
            &format!("r.example.com/a:b@{DIGEST}"),
            &format!("r.example.com/a:b@{DIGEST}"),
        );
    }

    #[test]
    fn the_digest_is_asked_for_before_the_tag() {
        let target = |text: &str| text.parse::<Reference>().expect(text).target();
        assert_eq!(target("nginx"), "latest");
        assert_eq!(target("nginx:1"), "1");
        assert_eq!(target(&format!("nginx:1@{DIGEST}")), DIGEST);
        let hub: Reference = "nginx".parse().expect("a reference");
        assert_eq!(hub.api_host(), "registry-1.docker.io");
    }

    #[test]
    fn what_is_no_reference_is_told_by_its_part() {
        let check = |text: &str, expect: &str| {
            let error = text.parse::<Reference>().expect_err(text).to_string();
            assert!(error.contains(expect), "{text}: {error}");
        };
        check("", "empty");
        check(":tag", "empty");
        check("NGINX", "no repository name");
        check("a//b", "no repository name");
        check("a/", "no repository name");
        check("a/.b", "no repository name");
        check("a___b", "no repository name");
        check("a:", "no tag");
        check("a:-1", "no tag");
        check("a:b c", "no tag");
        check("host:99999/a", "no registry host");
        check("-a.com/a", "no registry host");
        check("[::g]/a", "no registry host");
        check("a@sha512:00", "no SHA-256 digest");
        check(&format!("a/{}", "b".repeat(300)), "too long");
    }

    #[test]
    fn this_machine_is_known() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "127.9.9.9",
            "[::1]:1",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "example.com",
            "10.0.0.1:5000",
            "localhost.example.com",
            "[::2]",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = text.parse::<Reference>();
        }

        #[test]
        fn what_is_displayed_is_read_back(
            host in prop::option::of("[a-z][a-z0-9-]{0,5}[a-z0-9]\\.[a-z]{2,3}(:[1-9][0-9]{0,3})?"),
            path in "[a-z0-9]{1,5}((\\.|_|__|-{1,3})[a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,5}){0,3}",
            tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
            digest in prop::option::of(any::<[u8; 32]>()),
        ) {
            let mut text = host.map(|host| host + "/").unwrap_or_default() + &path;
            if let Some(tag) = tag {
                text = format!("{text}:{tag}");
            }
            if let Some(digest) = digest {
                text = format!("{text}@{}", Digest(digest));
            }
            let read: Reference = text.parse().expect("made by the grammar");
            prop_assert_eq!(read.to_string().parse::<Reference>(), Ok(read));
        }
    }
}
