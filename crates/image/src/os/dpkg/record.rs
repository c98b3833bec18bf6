//! The records of dpkg and opkg: one stanza a package.

use plimsoll_model::{Package, PackageType, package::SourcePackage};

use crate::{
    FoundPackage, How, OwnedFile, Sink,
    found::OwnedFiles,
    licence,
    os::{
        control::{Stanza, stanzas},
        needs::{Providers, relation_name, relations, tidy},
        text::{hex_digest, lossy, relative, tell},
    },
};

/// Configuration files of one package that are kept; the largest have hundreds.
const MOST_CONFFILES: usize = 100_000;

/// What a stanza without `Status` means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    /// Nothing else is to be expected: the package is installed.
    Installed,
    /// It should have one. The package is listed, and its record told to be incomplete.
    Told,
}

/// Whether a package in this state (the third word of `Status`) has files on
/// the disk. All but two have: `not-installed`, and `config-files`, of which
/// only configuration is left. The half states count: a package that failed to
/// be configured (`unpacked`, `half-configured`), waits for a trigger
/// (`triggers-awaited`, `triggers-pending`) or was stopped on the way
/// (`half-installed`) has left its programs, and with them their
/// vulnerabilities. The first word, what is wanted, decides nothing: a package
/// marked for removal is there until it is removed.
fn is_there(state: &[u8]) -> bool {
    !matches!(state, b"not-installed" | b"config-files")
}

/// Reads the packages of a record, at most `most`.
pub(crate) fn read(
    bytes: &[u8],
    kind: PackageType,
    default: Default,
    most: usize,
    sink: &mut Sink,
) {
    let mut providers = Providers::default();
    stanzas(bytes, &mut Sink::default(), |stanza, _| {
        let state = stanza.get("Status").and_then(state);
        if let (Some(name), true) = (stanza.get("Package"), state.is_none_or(is_there)) {
            providers.is(name);
            let provided = stanza.get("Provides").unwrap_or_default();
            for relation in provided.split(|&byte| byte == b',') {
                providers.provides(relation_name(relation), name);
            }
        }
    });
    let mut count = 0_usize;
    stanzas(bytes, sink, |stanza, sink| {
        if let Some(found) = package(stanza, kind, default, &providers, sink) {
            count += 1;
            if count <= most {
                let config = conffiles(stanza);
                let key = key(&found.package, stanza);
                sink.push(found);
                if !config.is_empty() {
                    sink.push(OwnedFiles {
                        package: key,
                        files: config,
                    });
                }
            } else if count == most.saturating_add(1) {
                sink.incomplete_at(stanza.offset as u64, format!("more than {most} packages"));
            }
        }
    });
}

/// The state, the last word of `Status`.
fn state(status: &[u8]) -> Option<&[u8]> {
    status
        .split(u8::is_ascii_whitespace)
        .rfind(|word| !word.is_empty())
}

fn package(
    stanza: &Stanza<'_>,
    kind: PackageType,
    default: Default,
    providers: &Providers<'_>,
    sink: &mut Sink,
) -> Option<FoundPackage> {
    let name = stanza.get("Package").filter(|name| !name.is_empty());
    let status = stanza.get("Status");
    let state = status.and_then(state);
    if state.is_some_and(|state| !is_there(state)) {
        return None;
    }
    let Some(name) = name else {
        tell(sink, stanza.offset, "a package without a name");
        return None;
    };
    if state.is_none() && default == Default::Told {
        let message = format!("{}: no Status, taken as installed", lossy(name));
        tell(sink, stanza.offset, message);
    }
    let version = stanza.get("Version").unwrap_or_default();
    if version.is_empty() {
        tell(sink, stanza.offset, format!("{}: no Version", lossy(name)));
    }
    let mut package = Package::new(kind, "", lossy(name), lossy(version));
    package.arch = stanza.get("Architecture").map(lossy);
    package.source = stanza
        .get("Source")
        .map(|source| self::source(source, version))
        .filter(|source| source.name != package.name || source.version != package.version);
    if let Some(words) = stanza.get("License") {
        package.licences = licence::normalise(&lossy(words));
    }
    let mut found = FoundPackage::new(package, How::Installed);
    if let (Some(status), Some(state)) = (status, state)
        && state != b"installed"
    {
        found.evidence = format!("Status: {}", lossy(status));
    }
    let fields = ["Pre-Depends", "Depends"];
    found.needs = tidy(
        fields
            .iter()
            .filter_map(|field| stanza.get(field))
            .flat_map(|field| relations(field, providers)),
        name,
    );
    Some(found)
}

/// `Source: NAME` or `NAME (VERSION)`; without a version that of the package.
fn source(field: &[u8], version: &[u8]) -> SourcePackage {
    let (name, rest) = match memchr::memchr(b'(', field) {
        Some(at) => field.split_at(at),
        None => (field, &[][..]),
    };
    let own = rest
        .strip_prefix(b"(")
        .and_then(|rest| rest.split(|&byte| byte == b')').next())
        .map(<[u8]>::trim_ascii)
        .filter(|own| !own.is_empty());
    SourcePackage {
        name: lossy(name.trim_ascii()),
        version: lossy(own.unwrap_or(version)),
    }
}

/// The key of the package's files: with the architecture where packages of
/// several may be installed side by side, as dpkg names the files in `info/`.
fn key(package: &Package, stanza: &Stanza<'_>) -> String {
    match (&package.arch, stanza.get("Multi-Arch")) {
        (Some(arch), Some(b"same")) => format!("{}:{arch}", package.name),
        _ => package.name.clone(),
    }
}

/// `Conffiles`: a path and the MD5 it was installed with a line; `obsolete`
/// and `remove-on-upgrade` may follow.
fn conffiles(stanza: &Stanza<'_>) -> Vec<OwnedFile> {
    let field = stanza.get("Conffiles").unwrap_or_default();
    field
        .split(|&byte| byte == b'\n')
        .take(MOST_CONFFILES)
        .filter_map(|line| {
            let mut rest = line.trim_ascii();
            let mut digest = None;
            // From the right: a path may have spaces.
            while let Some(at) = memchr::memrchr(b' ', rest)
                && digest.is_none()
            {
                match &rest[at + 1..] {
                    b"obsolete" | b"remove-on-upgrade" | b"newconffile" => {}
                    word => digest = Some(hex_digest(word)?),
                }
                rest = rest[..at].trim_ascii_end();
            }
            let path = relative(rest);
            (!path.is_empty()).then(|| OwnedFile {
                path: lossy(path),
                digest,
                config: true,
            })
        })
        .collect()
}
