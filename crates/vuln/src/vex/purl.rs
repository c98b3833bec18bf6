//! A package URL as a pattern: what it does not say, it does not ask for.
//!
//! Other than [`plimsoll_model::Package`] it knows types of products that are no packages, such as
//! `oci`.

use plimsoll_model::{ImageName, Package};

use super::range::Range;

/// Bytes of a package URL.
const MOST_BYTES: usize = 4096;
/// Qualifiers of one.
const MOST_QUALIFIERS: usize = 40;

/// A package URL that others are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurlPattern {
    /// As it was written.
    pub text: String,
    kind: String,
    namespace: String,
    name: String,
    version: String,
    qualifiers: Vec<(String, String)>,
    range: Option<Range>,
}

impl PurlPattern {
    /// Reads one; none for what is no package URL.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MOST_BYTES {
            return None;
        }
        // Types that are known are written as every reader of purls writes them.
        let canonical = Package::from_purl(text).map(|package| package.purl());
        let purl = canonical.as_deref().unwrap_or(text);
        let (scheme, rest) = purl.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return None;
        }
        let rest = rest.trim_start_matches('/');
        let rest = rest.split('#').next().unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = path.split_once('/')?;
        let path = path.trim_matches('/');
        let (path, version) = match path.rfind('@') {
            Some(at) if at > 0 && !path[..at].ends_with('/') => (&path[..at], &path[at + 1..]),
            _ => (path, ""),
        };
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = decode(name);
        if kind.is_empty() || name.is_empty() {
            return None;
        }
        let mut qualifiers: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_ascii_lowercase(), decode(value)))
            .take(MOST_QUALIFIERS)
            .collect();
        qualifiers.sort();
        // A key stands once (purl-spec): of several the first value counts.
        qualifiers.dedup_by(|again, first| again.0 == first.0);
        Some(PurlPattern {
            text: text.to_owned(),
            kind: kind.to_ascii_lowercase(),
            namespace: decode(namespace),
            name,
            version: decode(version),
            qualifiers,
            range: None,
        })
    }

    /// The same, for versions in a range only.
    #[must_use]
    pub(super) fn within(mut self, range: Range) -> Self {
        self.version = String::new();
        self.range = Some(range);
        self
    }

    /// The same, for this version only.
    #[must_use]
    pub(super) fn at(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// The same without the version, so that a range can say which.
    #[must_use]
    pub fn has_version(&self) -> bool {
        !self.version.is_empty() || self.range.is_some()
    }

    fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether it is a container image.
    #[must_use]
    pub fn is_image(&self) -> bool {
        matches!(self.kind.as_str(), "oci" | "docker")
    }

    /// What stays the same from version to version: type, namespace and name, and
    /// of an image the repository.
    #[must_use]
    pub fn lineage(&self) -> String {
        let mut text = format!("pkg:{}/", self.kind);
        if !self.namespace.is_empty() {
            text.push_str(&format!("{}/", self.namespace));
        }
        text.push_str(&self.name);
        if let (true, Some(url)) = (self.is_image(), self.qualifier("repository_url")) {
            text.push_str(&format!("?repository_url={url}"));
        }
        text
    }

    /// Whether it is a source package of an RPM or Debian distribution.
    fn is_source(&self) -> bool {
        matches!(self.kind.as_str(), "rpm" | "deb")
            && matches!(self.qualifier("arch"), Some("src" | "source"))
    }

    /// Whether a package is one that this asks for.
    ///
    /// Versions are equal or in the range, and every qualifier asked for is there with that value.
    #[must_use]
    pub fn matches(&self, package: &PurlPattern) -> bool {
        self.kind == package.kind
            && self.name == package.name
            && self.namespace_matches(package)
            && self.version_matches(&package.version)
            && self
                .qualifiers
                .iter()
                .filter(|(key, _)| !is_place(key))
                .all(|(key, value)| {
                    package.qualifier(key) == Some(value)
                        || (key == "arch" && matches!(value.as_str(), "all" | "noarch"))
                })
    }

    /// Whether the package was built from the source package that this names.
    #[must_use]
    pub fn matches_source(&self, package: &PurlPattern, name: &str, version: &str) -> bool {
        self.is_source()
            && self.kind == package.kind
            && self.name == name
            && self.namespace_matches(package)
            && self.version_matches(version)
            && self
                .qualifiers
                .iter()
                .filter(|(key, _)| !is_place(key) && key != "arch")
                .all(|(key, value)| package.qualifier(key) == Some(value))
    }

    /// A pattern without a namespace asks for none of its own: tools differ in
    /// whether they write the distribution there.
    fn namespace_matches(&self, package: &PurlPattern) -> bool {
        let distribution = matches!(self.kind.as_str(), "deb" | "rpm" | "apk" | "alpm");
        self.namespace == package.namespace || (distribution && self.namespace.is_empty())
    }

    fn version_matches(&self, version: &str) -> bool {
        match &self.range {
            Some(range) => range.contains(&self.kind, version),
            None => {
                self.version.is_empty()
                    || self.version == version
                    // An epoch of zero is often left out.
                    || version.strip_prefix("0:") == Some(&self.version)
            }
        }
    }

    /// Whether an image with these names, digests and architecture is the one
    /// that this asks for.
    #[must_use]
    pub fn matches_image(&self, names: &[ImageName], digests: &[String], arch: &str) -> bool {
        let docker = self.kind == "docker";
        if !self.is_image() {
            return false;
        }
        let version = self.version.as_str();
        let is_digest = version.contains(':') && !version.starts_with(':');
        if is_digest && !digests.iter().any(|digest| digest == version) {
            return false;
        }
        let wanted_arch = self.qualifier("arch").unwrap_or_default();
        if !wanted_arch.is_empty() && !arch.is_empty() && wanted_arch != arch {
            return false;
        }
        let tag = match (self.qualifier("tag"), is_digest) {
            (Some(tag), _) => tag,
            (None, false) => version,
            (None, true) => "",
        };
        // A digest says all; names of the image are not needed then.
        if is_digest && names.is_empty() {
            return true;
        }
        names.iter().any(|name| {
            let repository = name.repository();
            let last = repository.rsplit('/').next().unwrap_or(repository);
            let path = repository.split_once('/').map_or("", |(_, path)| path);
            let place = if docker && self.qualifier("repository_url").is_none() {
                let namespace = match self.namespace.as_str() {
                    "" => "library",
                    namespace => namespace,
                };
                path == format!("{namespace}/{}", self.name)
            } else {
                self.name.eq_ignore_ascii_case(last) && self.place_matches(repository)
            };
            place && (tag.is_empty() || is_digest || name.tag() == Some(tag))
        })
    }

    /// `repository_url` is the repository, or what stands before its name.
    fn place_matches(&self, repository: &str) -> bool {
        let Some(url) = self.qualifier("repository_url") else {
            return true;
        };
        let url = url
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let whole = ImageName::parse(url);
        let joined = ImageName::parse(&format!("{url}/{}", self.name));
        let is = |name: Option<ImageName>| name.is_some_and(|n| n.repository() == repository);
        is(whole) || is(joined) || {
            // Docker Hub by its host alone stands for the folder of official images too.
            let hub = matches!(
                url,
                "docker.io" | "index.docker.io" | "registry-1.docker.io"
            );
            let official = format!("docker.io/library/{}", self.name);
            (hub && repository == official)
                || url
                    .strip_prefix("registry-1.")
                    .and_then(ImageName::parse)
                    .is_some_and(|name| name.repository() == repository)
        }
    }
}

/// Qualifiers that say where a package can be had, not what it is.
fn is_place(key: &str) -> bool {
    matches!(
        key,
        "repository_url" | "download_url" | "vcs_url" | "checksum" | "file_name"
    )
}

fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digit = |offset: usize| {
            bytes
                .get(at + offset)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        match (byte, digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
