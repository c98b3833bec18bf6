//! Java archives: each `pom.properties` in them (a shaded archive has several)
//! and in the archives nested in them; what has none is named by its manifest
//! and file name.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Package, PackageType};
use sha1::{Digest, Sha1};

use super::{
    identity::{Identity, guess, of_file_name},
    manifest::{main_section, properties},
    pom::{self, Coordinates},
};
use crate::{
    Analyzer, Candidate, Found, FoundPackage, How, ReadAt, Sink,
    found::FileDigest,
    lang::compiled::{
        text::file_name,
        zip::{Entry, Zip},
    },
};

/// Archives of Java.
pub(crate) const JAVA_ARCHIVE: Analyzer = Analyzer {
    name: "java-archive",
    version: 1,
    by_path: |path, _| is_archive(path),
    // Programs that are a shell script with an archive behind it.
    by_head: |_, _, head| {
        head.starts_with(b"#!") && memchr::memmem::find(head, b"spring-boot").is_some()
    },
    run,
};

/// Bytes of a manifest, `pom.properties` or `pom.xml` in an archive.
const MOST_TEXT: u64 = 4 << 20;
/// Bytes that one file may unpack to at most, with all that is nested in it.
const MOST_UNPACKED: u64 = 4 << 30;

const ENDINGS: &[&str] = &[
    "jar", "war", "ear", "par", "sar", "nar", "kar", "jpi", "hpi", "lpkg", "rar", "aar",
];

fn is_archive(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let size = file.content.size();
    let mut reading = Reading {
        file,
        sink,
        left: size
            .saturating_mul(file.limits.ratio)
            .max(file.limits.ratio_from)
            .min(MOST_UNPACKED),
        found: 0,
    };
    let digest = file.record.digests.iter().find_map(|digest| match digest {
        FileDigest::Sha1(bytes) => Some(hex(bytes)),
        _ => None,
    });
    reading.archive(file.content, file_name(file.path), "", digest, 0);
}

/// The reading of one file with all that is nested in it.
struct Reading<'a, 'b> {
    file: &'a Candidate<'b>,
    sink: &'a mut Sink,
    /// Bytes that may still be unpacked.
    left: u64,
    found: usize,
}

impl Reading<'_, '_> {
    fn tell(&mut self, inner: &str, message: &str, offset: Option<u64>) {
        let message = match inner {
            "" => message.to_owned(),
            inner => format!("{inner}: {message}"),
        };
        // An offset in a nested archive is none of the file.
        self.sink
            .problems
            .push((message, offset.filter(|_| inner.is_empty())));
    }

    fn entry(&mut self, zip: &Zip<'_>, entry: &Entry, inner: &str, most: u64) -> Option<Vec<u8>> {
        let most = most.min(self.left);
        match zip.read(entry, most) {
            Ok(bytes) => {
                self.left = self.left.saturating_sub(bytes.len() as u64);
                Some(bytes.into_owned())
            }
            Err(error) => {
                let message = format!("{}: {error}", entry.name);
                self.tell(inner, &message, None);
                None
            }
        }
    }

    fn archive(
        &mut self,
        content: &dyn ReadAt,
        name: &str,
        inner: &str,
        digest: Option<String>,
        depth: u32,
    ) {
        let zip = match Zip::open(content) {
            Ok(zip) => zip,
            Err(error) => return self.tell(inner, &error.to_string(), None),
        };
        for (problem, offset) in &zip.problems {
            self.tell(inner, problem, Some(*offset));
        }
        let mut manifest = BTreeMap::new();
        let mut artifacts: Vec<(String, Coordinates)> = Vec::new();
        let mut known = BTreeSet::new();
        for entry in &zip.entries {
            if entry.name.eq_ignore_ascii_case("META-INF/MANIFEST.MF") {
                if let Some(bytes) = self.entry(&zip, entry, inner, MOST_TEXT) {
                    manifest = main_section(&bytes);
                }
            } else if in_maven(&entry.name, "/pom.properties") {
                let Some(bytes) = self.entry(&zip, entry, inner, MOST_TEXT) else {
                    continue;
                };
                let mut pairs = properties(&bytes);
                let mut take = |key| pairs.remove(key).unwrap_or_default();
                let found = Coordinates {
                    group: take("groupId"),
                    artifact: take("artifactId"),
                    version: take("version"),
                };
                if !found.artifact.is_empty() {
                    known.extend(entry.name.strip_suffix("pom.properties").map(str::to_owned));
                    artifacts.push((entry.name.clone(), found));
                }
            }
        }
        // A pom.xml counts where there are no properties beside it.
        for entry in &zip.entries {
            let Some(folder) = entry.name.strip_suffix("pom.xml") else {
                continue;
            };
            if !in_maven(&entry.name, "/pom.xml") || known.contains(folder) {
                continue;
            }
            if let Some(bytes) = self.entry(&zip, entry, inner, MOST_TEXT) {
                match pom::read(&bytes, 0) {
                    Ok(pom) if !pom.own.artifact.is_empty() => {
                        artifacts.push((entry.name.clone(), pom.own));
                    }
                    Ok(_) => {}
                    Err(error) => self.tell(inner, &format!("{}: {error}", entry.name), None),
                }
            }
        }
        let digest = digest.or_else(|| match sha1(content) {
            Ok(digest) => Some(digest),
            Err(error) => {
                self.tell(inner, &error.to_string(), None);
                None
            }
        });
        self.packages(&zip, name, inner, digest, &manifest, artifacts);
        for entry in zip.entries.iter().filter(|entry| is_archive(&entry.name)) {
            self.nested(&zip, entry, inner, depth);
        }
    }

    fn packages(
        &mut self,
        zip: &Zip<'_>,
        name: &str,
        inner: &str,
        digest: Option<String>,
        manifest: &BTreeMap<String, String>,
        artifacts: Vec<(String, Coordinates)>,
    ) {
        let own = own(name, &artifacts);
        let digest = digest.map(|digest| format!("sha1:{digest}"));
        let make = |artifact: Coordinates, evidence: String, checksum: Option<&String>| {
            let Coordinates {
                group,
                artifact,
                version,
            } = artifact;
            FoundPackage {
                evidence,
                inner: inner.into(),
                checksums: checksum.into_iter().cloned().collect(),
                ..FoundPackage::new(
                    Package::new(PackageType::Maven, group, artifact, version),
                    How::Embedded,
                )
            }
        };
        let guessed = match own {
            Some(_) => None,
            None => guess(name, manifest),
        };
        let has_classes = || {
            zip.entries
                .iter()
                .any(|entry| entry.name.ends_with(".class"))
        };
        let unknown = own.is_none() && guessed.is_none() && artifacts.is_empty();
        if let Some(Identity { own, evidence }) = guessed {
            self.push(make(own, evidence.into(), digest.as_ref()));
        } else if unknown && has_classes() {
            let what = if inner.is_empty() { "it" } else { inner };
            let digest = digest.as_deref().unwrap_or("no digest");
            self.sink.push(Found::Mark {
                name: "java-unidentified".into(),
                detail: format!("nothing says what {what} is ({digest})"),
            });
        }
        for (index, (place, artifact)) in artifacts.into_iter().enumerate() {
            let checksum = digest.as_ref().filter(|_| own == Some(index));
            let package = make(artifact, place, checksum);
            self.push(package);
        }
    }

    fn push(&mut self, package: FoundPackage) {
        self.found += 1;
        match self.found.cmp(&self.file.limits.found) {
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                let message = format!("more than {} packages", self.found);
                self.sink.incomplete(message);
            }
            std::cmp::Ordering::Less => self.sink.push(package),
        }
    }

    fn nested(&mut self, zip: &Zip<'_>, entry: &Entry, outer: &str, depth: u32) {
        let inner = match outer {
            "" => entry.name.clone(),
            outer => format!("{outer}!/{}", entry.name),
        };
        let name = file_name(&entry.name);
        if depth >= self.file.limits.nested {
            let message = format!("archives nested deeper than {depth} are not read");
            return self.tell(&inner, &message, None);
        }
        if let Some(window) = zip.stored(entry) {
            // Entries that share bytes may be many where the bytes are few.
            if window.size() > self.left {
                return self.tell(&inner, "too much to unpack in one file", None);
            }
            self.left -= window.size();
            return self.archive(&window, name, &inner, None, depth + 1);
        }
        let most = self.file.limits.held_bytes;
        if let Some(bytes) = self.entry(zip, entry, outer, most) {
            self.archive(&bytes, name, &inner, None, depth + 1);
        }
    }
}

/// Whether an entry is a file of this name that Maven put there; also below
/// `WEB-INF/classes` and the like.
fn in_maven(entry: &str, name: &str) -> bool {
    entry.ends_with(name)
        && (entry.starts_with("META-INF/maven/") || entry.contains("/META-INF/maven/"))
}

/// Which of the artifacts the archive itself is: the only one, unless the
/// file's name contradicts it; of several the one that the file is named for.
fn own(name: &str, artifacts: &[(String, Coordinates)]) -> Option<usize> {
    let (stem, version) = of_file_name(name);
    let named = artifacts.iter().position(|(_, artifact)| {
        artifact.artifact == stem
            || (stem.ends_with(&artifact.artifact) && stem.contains(&artifact.group))
            || name.starts_with(&format!("{}-{}", artifact.artifact, artifact.version))
    });
    match artifacts {
        // A name without a version (`app.jar`) says nothing against it.
        [_] if version.is_empty() => Some(0),
        _ => named,
    }
}

fn sha1(content: &dyn ReadAt) -> std::io::Result<String> {
    let mut hash = Sha1::new();
    if let Some(bytes) = content.as_slice() {
        hash.update(bytes);
        return Ok(hex(&hash.finalize()));
    }
    let mut buffer = vec![0; 1 << 16];
    let mut at = 0;
    loop {
        match content.read_at(at, &mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(count) => {
                hash.update(&buffer[..count]);
                at += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
