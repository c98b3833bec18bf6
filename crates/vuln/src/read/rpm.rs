//! RPM packages as feeds name them, and what several fixes of one package say
//! of its versions.

use std::cmp::Ordering;

use super::bounds;
use crate::{
    Scheme,
    advisory::{End, Range},
    version::compare,
};

/// A package, with what a feed says of it beside its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) name: String,
    /// Epoch (unless it is 0), version and release; empty where none is named.
    pub(crate) evr: String,
    /// `src` for a source package; empty where none is named.
    pub(crate) arch: String,
    /// The module stream it belongs to: `nodejs:18`.
    pub(crate) module: String,
    /// Whether nothing says if it is a source package.
    pub(crate) unsaid: bool,
}

const ARCHITECTURES: [&str; 22] = [
    "aarch64",
    "amd64",
    "armv6hl",
    "armv7hl",
    "athlon",
    "i386",
    "i486",
    "i586",
    "i686",
    "ia64",
    "loongarch64",
    "noarch",
    "nosrc",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390",
    "s390x",
    "src",
    "sw_64",
    "x86_64",
];

impl Component {
    /// Whether it is a source package, as far as is known.
    pub(crate) fn is_source(&self) -> bool {
        matches!(self.arch.as_str(), "src" | "nosrc")
    }

    /// Reads a purl; nothing for what is none of an RPM package. The module is
    /// the qualifier `rpmmod`.
    pub(crate) fn from_purl(purl: &str) -> Result<Option<Self>, String> {
        let Some(rest) = purl.strip_prefix("pkg:rpm/") else {
            return Ok(None);
        };
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) => (path, decoded(version)),
            None => (path, String::new()),
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = bounds::word(&decoded(name)).map_err(|why| format!("its name {why}"))?;
        let qualifier = |key: &str| {
            let found = qualifiers
                .split('&')
                .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
            found.map(decoded).unwrap_or_default()
        };
        let module = match qualifier("rpmmod") {
            module if module.is_empty() => module,
            module => module_stream(&module)?,
        };
        Ok(Some(Component {
            name,
            evr: evr(&qualifier("epoch"), &version)?,
            arch: qualifier("arch"),
            module,
            unsaid: false,
        }))
    }

    /// Reads a name as Red Hat, SUSE and openEuler write their products:
    /// `telnet-1:0.17-65.el7_6.x86_64`, `curl.src`, `nodejs:18/nodejs`, `curl`.
    /// Nothing for an image of a container.
    pub(crate) fn from_name(text: &str) -> Result<Option<Self>, String> {
        let (module, text) = match text.split_once('/') {
            Some((module, name)) if module.contains(':') => (module_stream(module)?, name),
            Some(_) => return Ok(None),
            None => (String::new(), text),
        };
        let text = bounds::word(text).map_err(|why| format!("its name {why}"))?;
        if text.contains(['/', '@', ' ']) {
            return Ok(None);
        }
        let (rest, arch) = match text.rsplit_once('.') {
            Some((rest, arch)) if ARCHITECTURES.contains(&arch) => (rest, arch),
            _ => (text.as_str(), ""),
        };
        let mut parts = rest.rsplitn(3, '-');
        let (release, version) = (parts.next().unwrap_or_default(), parts.next());
        if let (Some(version), Some(name)) = (version, parts.next())
            && version.starts_with(|c: char| c.is_ascii_digit())
            && !release.is_empty()
            && !name.is_empty()
        {
            let (epoch, version) = version.split_once(':').unwrap_or(("", version));
            return Ok(Some(Component {
                name: name.to_owned(),
                evr: evr(epoch, &format!("{version}-{release}"))?,
                arch: arch.to_owned(),
                module,
                unsaid: false,
            }));
        }
        if rest.contains(':') {
            return Ok(None);
        }
        Ok(Some(Component {
            name: rest.to_owned(),
            evr: String::new(),
            arch: arch.to_owned(),
            module,
            unsaid: arch.is_empty(),
        }))
    }
}

/// Epoch, version and release in one; an epoch of 0 is left out.
pub(crate) fn evr(epoch: &str, version: &str) -> Result<String, String> {
    let version = version.trim();
    if version.is_empty() {
        return Ok(String::new());
    }
    let epoch = epoch.trim().trim_start_matches('0');
    let text = match (epoch, version.strip_prefix("0:")) {
        ("", Some(rest)) => rest.to_owned(),
        ("" | "(none)", None) => version.to_owned(),
        (epoch, _) if version.contains(':') && !epoch.is_empty() => version.to_owned(),
        (epoch, _) => format!("{epoch}:{version}"),
    };
    bounds::word(&text).map_err(|why| format!("its version {why}"))
}

/// `nodejs:18` of `nodejs:18:8080020230:63b34585`.
pub(crate) fn module_stream(text: &str) -> Result<String, String> {
    let mut parts = text.trim().split(':');
    match (parts.next(), parts.next()) {
        (Some(name), Some(stream)) if !name.is_empty() && !stream.is_empty() => {
            let module = bounds::word(&format!("{name}:{stream}"));
            module.map_err(|why| format!("its module {why}"))
        }
        _ => Err(format!("`{text}` names no stream of a module")),
    }
}

/// A part of a purl without its escapes.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        if byte == b'%'
            && let (Some(high), Some(low)) = (hex(ahead.next()), hex(ahead.next()))
        {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            bytes = ahead;
        } else {
            out.push(byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Which versions are affected when a package of one release was fixed in
/// several versions. Red Hat fixes a package in the minor release it maintains
/// and again in the next ones: `23.el9_2.4`, then `26.el9_3.2`. A version that
/// belongs to the first and is not below its fix is not affected, though it is
/// below the second.
pub(crate) fn ranges(fixes: &mut Vec<String>) -> Vec<Range> {
    fixes.sort_by(|a, b| compare(Scheme::Rpm, a, b).then_with(|| a.cmp(b)));
    fixes.dedup_by(|a, b| compare(Scheme::Rpm, a, b) == Ordering::Equal);
    let mut ranges: Vec<Range> = Vec::new();
    for fix in fixes.iter() {
        let range = |introduced| Range {
            introduced,
            end: Some(End::Fixed(fix.clone())),
        };
        let Some(last) = ranges.last_mut() else {
            ranges.push(range(None));
            continue;
        };
        let before = match &last.end {
            Some(End::Fixed(before)) => before.as_str(),
            _ => "",
        };
        let starts = [base(fix), minor(fix)];
        let start = starts
            .into_iter()
            .flatten()
            .find(|start| compare(Scheme::Rpm, start, before) == Ordering::Greater);
        match start {
            Some(start) => ranges.push(range(Some(start))),
            // Both are of one line: the later fix is the whole one.
            None => last.end = Some(End::Fixed(fix.clone())),
        }
    }
    ranges
}

/// Where the builds begin that a fix was made from: `7.76.1-26` of
/// `7.76.1-26.el9_3.2`. None for what has no tag of a minor release.
fn base(fix: &str) -> Option<String> {
    let (before, tag) = fix.split_once(".el")?;
    tag.contains('_').then(|| before.to_owned())
}

/// Where those of its minor release begin: `7.76.1-26.el9_3`.
fn minor(fix: &str) -> Option<String> {
    let at = fix.find(".el")?;
    let tag = fix.get(at + 1..)?;
    let end = tag.find('.').unwrap_or(tag.len());
    (tag.get(..end)?.contains('_')).then(|| fix.get(..at + 1 + end).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_read_from_its_purl_or_its_name() {
        let check = |got: Result<Option<Component>, String>, expect: &str| {
            let got = match got {
                Err(why) => why,
                Ok(None) => "none".to_owned(),
                Ok(Some(c)) => format!(
                    "{}|{}|{}|{}{}",
                    c.name,
                    c.evr,
                    c.arch,
                    c.module,
                    if c.unsaid { "|unsaid" } else { "" }
                ),
            };
            assert_eq!(got, expect);
        };
        check(
            Component::from_purl("pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64"),
            "curl|7.76.1-26.el9_3.2|x86_64|",
        );
        check(
            Component::from_purl("pkg:rpm/redhat/libstdc%2B%2B@1.2-3?arch=src&epoch=1"),
            "libstdc++|1:1.2-3|src|",
        );
        check(
            Component::from_purl("pkg:rpm/redhat/nodejs@18.1-2?arch=src&rpmmod=nodejs:18:8080:63b"),
            "nodejs|18.1-2|src|nodejs:18",
        );
        check(
            Component::from_purl("pkg:rpm/redhat/a?rpmmod=rhel10"),
            "`rhel10` names no stream of a module",
        );
        check(Component::from_purl("pkg:oci/a/b"), "none");
        check(Component::from_purl("pkg:rpm/"), "its name is empty");
        check(
            Component::from_name("telnet-1:0.17-65.el7_6.x86_64"),
            "telnet|1:0.17-65.el7_6|x86_64|",
        );
        check(
            Component::from_name("puppet-agent-0:7.27.0-1.el6sat.src"),
            "puppet-agent|7.27.0-1.el6sat|src|",
        );
        check(Component::from_name("curl.src"), "curl||src|");
        check(
            Component::from_name("libcurl-devel"),
            "libcurl-devel||||unsaid",
        );
        check(
            Component::from_name("nodejs:18/nodejs"),
            "nodejs|||nodejs:18|unsaid",
        );
        check(Component::from_name("rhel9/nodejs-18"), "none");
        check(Component::from_name("Text-Only JBCS"), "none");
    }

    #[test]
    fn later_fixes_begin_where_their_minor_release_does() {
        let check = |fixes: &[&str], expect: &str| {
            let mut fixes: Vec<String> = fixes.iter().map(|&fix| fix.to_owned()).collect();
            let got: Vec<String> = ranges(&mut fixes)
                .iter()
                .map(|range| {
                    let from = range.introduced.as_deref().unwrap_or_default();
                    match &range.end {
                        Some(End::Fixed(end)) => format!("[{from},{end})"),
                        _ => "?".to_owned(),
                    }
                })
                .collect();
            assert_eq!(got.join(" "), expect);
        };
        check(&["1.0-2.el9"], "[,1.0-2.el9)");
        check(
            &["7.76.1-26.el9_3.2", "7.76.1-23.el9_2.4"],
            "[,7.76.1-23.el9_2.4) [7.76.1-26,7.76.1-26.el9_3.2)",
        );
        check(
            &["1.0-2.el9_2.1", "1.0-2.el9_3.1"],
            "[,1.0-2.el9_2.1) [1.0-2.el9_3,1.0-2.el9_3.1)",
        );
        check(&["1.0-2.el9_2.1", "1.0-2.el9_2.3"], "[,1.0-2.el9_2.3)");
        check(&["1.0-2.el9", "1.0-9.el9"], "[,1.0-9.el9)");
        check(&["1.0-2", "0:1.0-2"], "[,0:1.0-2)");
    }
}
