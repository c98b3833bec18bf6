//! Package URLs: `pkg:deb/debian/curl@7.88.1-10?arch=amd64`, written and read
//! as <https://github.com/package-url/purl-spec> says (ECMA-427), with the
//! qualifiers `upstream`, `distro` and `epoch` that SBOM tools agree on.
//!
//! A purl is less than a [`Package`]: licences are not in it, and types whose
//! names have no case lose it. `Package::from_purl(&p.purl())` gives `p` for
//! the rest.

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use crate::{Package, PackageType, SourcePackage};

/// Longer ones are refused, bytes.
const MOST_BYTES: usize = 16 << 10;

/// The text is no package URL that is understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePurlError {
    /// It does not begin with `pkg:`.
    #[error("`{0}` is no package URL: it does not begin with `pkg:`")]
    Scheme(String),
    /// Its type is not one that is known.
    #[error("packages of type `{0}` are not known")]
    Type(String),
    /// It names no package.
    #[error("`{0}` names no package")]
    Name(String),
    /// The key of a qualifier is not one.
    #[error("`{0}` is no key of a qualifier")]
    Qualifier(String),
    /// What its percent encoding stands for is no UTF-8.
    #[error("`{0}` encodes no text")]
    Encoding(String),
    /// It is too long.
    #[error("a package URL of {0} bytes; at most {MOST_BYTES} are read")]
    TooLong(usize),
}

/// The beginning of a text, to show it in an error.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

impl PackageType {
    /// Every type.
    pub const ALL: [PackageType; 27] = [
        Self::Alpm,
        Self::Apk,
        Self::Bitnami,
        Self::Cargo,
        Self::Cocoapods,
        Self::Composer,
        Self::Conan,
        Self::Conda,
        Self::Cpan,
        Self::Cran,
        Self::Deb,
        Self::Gem,
        Self::Generic,
        Self::Github,
        Self::Golang,
        Self::Hackage,
        Self::Hex,
        Self::Julia,
        Self::Luarocks,
        Self::Maven,
        Self::Npm,
        Self::Nuget,
        Self::Opkg,
        Self::Pub,
        Self::Pypi,
        Self::Rpm,
        Self::Swift,
    ];

    /// As package URLs write it: `deb`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alpm => "alpm",
            Self::Apk => "apk",
            Self::Bitnami => "bitnami",
            Self::Cargo => "cargo",
            Self::Cocoapods => "cocoapods",
            Self::Composer => "composer",
            Self::Conan => "conan",
            Self::Conda => "conda",
            Self::Cpan => "cpan",
            Self::Cran => "cran",
            Self::Deb => "deb",
            Self::Gem => "gem",
            Self::Generic => "generic",
            Self::Github => "github",
            Self::Golang => "golang",
            Self::Hackage => "hackage",
            Self::Hex => "hex",
            Self::Julia => "julia",
            Self::Luarocks => "luarocks",
            Self::Maven => "maven",
            Self::Npm => "npm",
            Self::Nuget => "nuget",
            Self::Opkg => "opkg",
            Self::Pub => "pub",
            Self::Pypi => "pypi",
            Self::Rpm => "rpm",
            Self::Swift => "swift",
        }
    }

    /// A namespace as the type's purl definition wants it: names without case
    /// in lower case, a CPAN author in upper case.
    #[must_use]
    pub fn canonical_namespace(self, namespace: &str) -> Cow<'_, str> {
        match self {
            Self::Alpm
            | Self::Apk
            | Self::Composer
            | Self::Deb
            | Self::Github
            | Self::Golang
            | Self::Hex
            | Self::Luarocks
            | Self::Npm
            | Self::Opkg
            | Self::Rpm => lower(namespace),
            Self::Cpan if namespace.chars().any(char::is_lowercase) => {
                Cow::Owned(namespace.to_uppercase())
            }
            _ => Cow::Borrowed(namespace),
        }
    }

    /// A name as the type's purl definition wants it: `Zope.Interface` of PyPI
    /// is `zope-interface`. Two names of one type are the same package when
    /// these are equal.
    #[must_use]
    pub fn canonical_name(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Alpm
            | Self::Apk
            | Self::Bitnami
            | Self::Composer
            | Self::Deb
            | Self::Github
            | Self::Golang
            | Self::Hex
            | Self::Luarocks
            | Self::Npm
            | Self::Opkg => lower(name),
            Self::Hackage => replaced(name, |c| c == '_', '-', false),
            Self::Pub => match lower(name) {
                Cow::Borrowed(name) => {
                    replaced(name, |c| !c.is_ascii_alphanumeric() && c != '_', '_', false)
                }
                Cow::Owned(name) => {
                    Cow::Owned(name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_"))
                }
            },
            // PEP 503.
            Self::Pypi => match lower(name) {
                Cow::Borrowed(name) => replaced(name, |c| matches!(c, '-' | '_' | '.'), '-', true),
                Cow::Owned(name) => Cow::Owned(
                    replaced(&name, |c| matches!(c, '-' | '_' | '.'), '-', true).into_owned(),
                ),
            },
            _ => Cow::Borrowed(name),
        }
    }
}

/// In lower case, without a copy where it is already.
fn lower(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_uppercase) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// With other characters in place of some; a run of them as one when `runs`.
fn replaced(text: &str, which: impl Fn(char) -> bool, by: char, runs: bool) -> Cow<'_, str> {
    let mut last = false;
    let done = text.chars().all(|c| {
        let hit = which(c);
        let fine = !hit || (c == by && !(runs && last));
        last = hit;
        fine
    });
    if done {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut last = false;
    for c in text.chars() {
        let hit = which(c);
        if !hit {
            result.push(c);
        } else if !(runs && last) {
            result.push(by);
        }
        last = hit;
    }
    Cow::Owned(result)
}

impl fmt::Display for PackageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PackageType {
    type Err = ParsePurlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| ParsePurlError::Type(shown(text)))
    }
}

impl Package {
    /// Its package URL, canonical: encoded, the case its type asks for,
    /// qualifiers sorted.
    ///
    /// `arch` becomes the qualifier of that name, the source package
    /// `upstream` (`NAME`, `NAME@VERSION` where the versions differ,
    /// `NAME-VERSION-RELEASE.src.rpm` for rpm), the epoch of an rpm `epoch`.
    #[must_use]
    pub fn purl(&self) -> String {
        let mut purl = String::with_capacity(64);
        purl.push_str("pkg:");
        purl.push_str(self.kind.as_str());
        for segment in segments(&self.kind.canonical_namespace(&self.namespace)) {
            purl.push('/');
            encode(segment, &mut purl);
        }
        purl.push('/');
        encode(&self.kind.canonical_name(&self.name), &mut purl);
        let (epoch, version) = match self.kind {
            PackageType::Rpm => split_epoch(&self.version),
            _ => (None, &*self.version),
        };
        if !version.is_empty() {
            purl.push('@');
            encode(version, &mut purl);
        }
        let mut qualifiers: BTreeMap<&str, Cow<'_, str>> = self
            .qualifiers
            .iter()
            .filter(|(key, value)| is_key(key) && !value.is_empty())
            .map(|(key, value)| (&**key, Cow::Borrowed(&**value)))
            .collect();
        if let Some(arch) = self.arch.as_deref().filter(|arch| !arch.is_empty()) {
            qualifiers.insert("arch", arch.into());
        }
        if let Some(epoch) = epoch {
            qualifiers.insert("epoch", epoch.into());
        }
        if let Some(source) = self.source.as_ref().filter(|s| !s.name.is_empty()) {
            qualifiers.insert("upstream", upstream(self.kind, &self.version, source));
        }
        for (at, (key, value)) in qualifiers.iter().enumerate() {
            purl.push(if at == 0 { '?' } else { '&' });
            purl.push_str(key);
            purl.push('=');
            encode(value, &mut purl);
        }
        let subpath = segments(&self.subpath).filter(|segment| !is_dots(segment));
        for (at, segment) in subpath.enumerate() {
            purl.push(if at == 0 { '#' } else { '/' });
            encode(segment, &mut purl);
        }
        purl
    }

    /// The package that a package URL names. Tolerant to what tools write
    /// beside the canonical form: `pkg://`, an `@` that is not encoded, keys in
    /// upper case.
    ///
    /// # Errors
    /// It is none, or of a type that is not known.
    pub fn from_purl(purl: &str) -> Result<Package, ParsePurlError> {
        if purl.len() > MOST_BYTES {
            return Err(ParsePurlError::TooLong(purl.len()));
        }
        let rest = match purl.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("pkg") => {
                rest.trim_start_matches('/')
            }
            _ => return Err(ParsePurlError::Scheme(shown(purl))),
        };
        let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, rest) = rest
            .split_once('/')
            .ok_or_else(|| ParsePurlError::Name(shown(purl)))?;
        let kind: PackageType = kind.parse()?;
        let rest = rest.trim_matches('/');
        let (path, version) = match rest.rfind('@') {
            Some(at) if !(at == 0 || rest[..at].ends_with('/')) => (&rest[..at], &rest[at + 1..]),
            // The `@` of a scope that is not encoded is no version's.
            Some(at) if !rest[at..].contains('/') => {
                return Err(ParsePurlError::Name(shown(purl)));
            }
            _ => (rest, ""),
        };
        let path = path.trim_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let namespace = joined(namespace, |_| true)?;
        let name = decode(name)?;
        if name.is_empty() {
            return Err(ParsePurlError::Name(shown(purl)));
        }
        let mut package = Package::new(
            kind,
            kind.canonical_namespace(&namespace),
            kind.canonical_name(&name),
            decode(version)?,
        );
        package.subpath = joined(subpath, |segment| !is_dots(segment))?;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = key.to_ascii_lowercase();
            if !is_key(&key) {
                return Err(ParsePurlError::Qualifier(shown(&key)));
            }
            let value = decode(value)?;
            if !value.is_empty() {
                package.qualifiers.insert(key, value.into_owned());
            }
        }
        package.take_qualifiers();
        Ok(package)
    }

    /// What is said by fields moves there from the qualifiers.
    fn take_qualifiers(&mut self) {
        self.arch = self.qualifiers.remove("arch");
        if matches!(self.kind, PackageType::Rpm | PackageType::Deb)
            && let Some(epoch) = self.qualifiers.remove("epoch")
            && split_epoch(&self.version).0.is_none()
            && is_epoch(&epoch)
        {
            self.version = format!("{epoch}:{}", self.version);
        }
        if let Some(upstream) = self.qualifiers.remove("upstream") {
            self.source = Some(read_upstream(self.kind, &self.version, &upstream));
        }
        // What Trivy and Syft call the module of an rpm.
        for other in ["modularitylabel", "rpmmod"] {
            if let Some(label) = self.qualifiers.remove(other) {
                self.qualifiers.entry("modularity".into()).or_insert(label);
            }
        }
    }
}

/// The value of `upstream` for a package of this type and version.
fn upstream<'a>(kind: PackageType, version: &str, source: &'a SourcePackage) -> Cow<'a, str> {
    let own = &source.version;
    if kind == PackageType::Rpm
        && !own.contains(':')
        && own.split_once('-').is_some_and(|(version, release)| {
            !version.is_empty() && !release.is_empty() && !release.contains('-')
        })
    {
        return format!("{}-{own}.src.rpm", source.name).into();
    }
    let plain = !source.name.contains('@') && source_rpm(&source.name).is_none();
    if own == version && plain {
        Cow::Borrowed(&*source.name)
    } else {
        format!("{}@{own}", source.name).into()
    }
}

/// The source package that a value of `upstream` names.
fn read_upstream(kind: PackageType, version: &str, upstream: &str) -> SourcePackage {
    let (name, own) = match source_rpm(upstream) {
        Some(parts) if kind == PackageType::Rpm => parts,
        _ => upstream
            .rsplit_once('@')
            .filter(|(name, _)| !name.is_empty())
            .unwrap_or((upstream, version)),
    };
    SourcePackage {
        name: name.to_owned(),
        version: own.to_owned(),
    }
}

/// Name and version of a source rpm's file name: `bash-5.1.8-9.el9.src.rpm`.
#[must_use]
pub fn source_rpm(file: &str) -> Option<(&str, &str)> {
    let stem = file
        .strip_suffix(".src.rpm")
        .or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let release = stem.rfind('-')?;
    let version = stem[..release].rfind('-')?;
    let parts = (&stem[..version], &stem[version + 1..]);
    let whole = version > 0 && release > version + 1 && release + 1 < stem.len();
    whole.then_some(parts)
}

/// The epoch of a version, where it has one, and the rest.
fn split_epoch(version: &str) -> (Option<&str>, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) if is_epoch(epoch) => (Some(epoch), rest),
        _ => (None, version),
    }
}

fn is_epoch(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_key(key: &str) -> bool {
    key.bytes()
        .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
        && key.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Segments decoded and put together again.
fn joined(path: &str, keep: impl Fn(&str) -> bool) -> Result<String, ParsePurlError> {
    let mut result = String::new();
    for segment in segments(path) {
        let segment = decode(segment)?;
        // An encoded slash makes segments of its own.
        for part in segments(&segment).filter(|part| keep(part)) {
            if !result.is_empty() {
                result.push('/');
            }
            result.push_str(part);
        }
    }
    Ok(result)
}

/// Percent-encodes all but letters, digits and `.-_~:`.
fn encode(text: &str, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                to.push(char::from(byte));
            }
            _ => {
                to.push('%');
                to.push(char::from(HEX[usize::from(byte >> 4)]));
                to.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Takes the percent encoding away; a percent sign that encodes nothing stands
/// for itself.
fn decode(text: &str) -> Result<Cow<'_, str>, ParsePurlError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let digit = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                result.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                result.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(result)
        .map(Cow::Owned)
        .map_err(|_| ParsePurlError::Encoding(shown(text)))
}

#[cfg(test)]
mod tests;
