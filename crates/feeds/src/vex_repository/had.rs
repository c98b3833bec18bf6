//! Having a repository from where its manifest says.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use jiff::Timestamp;
use plimsoll_registry::http::fetch::{Fetch, Fetched, Fetcher};
use plimsoll_vuln::vex::repository::{Location, MOST_MANIFEST, Manifest};

use super::{ABOUT, About, INDEX, MOST_TOTAL, about, hashed, local, place};
use crate::{
    Error,
    store::{Copy, measure},
};

/// Bytes of an archive.
const MOST_ARCHIVE: u64 = 1 << 30;
/// Problems that are kept.
const MOST_PROBLEMS: usize = 20;
/// What the name of something that is being written begins with.
const UNFINISHED: &str = ".unfinished-";
/// Where a manifest is below an address.
const WELL_KNOWN: &str = ".well-known/vex-repository.json";

/// What came of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new copy.
    New(About),
    /// It is as it was.
    Unchanged(About),
}

/// Has what is new of the repository at an address: that of its manifest, of its
/// site, or of its project at GitHub. What fails leaves the copy before in force.
///
/// # Errors
/// It can't be had or kept, or is no repository.
pub fn update(
    data: &Path,
    url: &str,
    fetcher: &Fetcher,
    now: Timestamp,
    hears: &dyn Fn(u64),
) -> Result<Outcome, Error> {
    let manifest_at = manifest_url(url);
    let mut bytes = Vec::new();
    let fetch = Fetch {
        url: &manifest_at,
        etag: None,
        last_modified: None,
        most: MOST_MANIFEST,
    };
    fetcher.fetch(&fetch, &mut bytes, hears)?;
    let manifest = Manifest::read(&manifest_at, &bytes).map_err(|error| Error::Unusable {
        what: url.to_owned(),
        why: error.to_string(),
    })?;
    let before = about(data, url)?.unwrap_or_default();
    let mut last = None;
    for location in &manifest.locations {
        // Who was asked safely does not lead anywhere else.
        if manifest_at.starts_with("https://") && !location.url.starts_with("https://") {
            last.get_or_insert(Error::Unusable {
                what: location.url.clone(),
                why: "its manifest came by https and leads to http".to_owned(),
            });
            continue;
        }
        let archive = Archive {
            data,
            url,
            manifest: &manifest,
            location,
            before: &before,
        };
        match archive.had(fetcher, now, hears) {
            Ok(outcome) => return Ok(outcome),
            Err(Error::Fetch(plimsoll_registry::Error::Cancelled)) => return Err(Error::Cancelled),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(Error::NoFeeds))
}

/// Where the manifest of a repository is (VEXR 0.1, 2.2).
fn manifest_url(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.ends_with(".json") {
        return url.to_owned();
    }
    match url.strip_prefix("https://github.com/") {
        Some(project) if project.split('/').count() == 2 => {
            let project = project.trim_end_matches(".git");
            format!("https://raw.githubusercontent.com/{project}/main/vex-repository.json")
        }
        _ => format!("{url}/{WELL_KNOWN}"),
    }
}

struct Archive<'a> {
    data: &'a Path,
    url: &'a str,
    manifest: &'a Manifest,
    location: &'a Location,
    before: &'a About,
}

impl Archive<'_> {
    fn had(
        &self,
        fetcher: &Fetcher,
        now: Timestamp,
        hears: &dyn Fn(u64),
    ) -> Result<Outcome, Error> {
        let folder = place(self.data, self.url);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let copy = &self.before.archive;
        // Asked whether it changed only where the copy is there, and of this address.
        let known =
            copy.url == self.location.url && folder.join(&self.before.folder).join(INDEX).is_file();
        let draft = folder.join(format!("{UNFINISHED}{}-archive", std::process::id()));
        let fetched = (|| {
            let mut out = BufWriter::new(File::create(&draft).map_err(Error::io(&draft))?);
            let fetch = Fetch {
                url: &self.location.url,
                etag: copy.etag.as_deref().filter(|_| known),
                last_modified: copy.last_modified.as_deref().filter(|_| known),
                most: MOST_ARCHIVE,
            };
            let fetched = fetcher.fetch(&fetch, &mut out, hears)?;
            out.flush().map_err(Error::io(&draft))?;
            Ok(fetched)
        })();
        let outcome = fetched.and_then(|fetched| self.keep(&folder, &draft, fetched, now));
        let _ = fs::remove_file(&draft);
        outcome
    }

    fn keep(
        &self,
        folder: &Path,
        draft: &Path,
        fetched: Fetched,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let mut about = About {
            url: self.url.to_owned(),
            name: self.manifest.name.clone(),
            update_interval: self.manifest.update_interval,
            ..self.before.clone()
        };
        let Fetched::New {
            etag,
            last_modified,
            bytes,
        } = fetched
        else {
            about.archive.checked = Some(now);
            note(folder, &about)?;
            return Ok(Outcome::Unchanged(about));
        };
        let (_, blake3) = measure(draft).map_err(Error::io(draft))?;
        let (short, _) = blake3.split_at(32);
        let name = format!("documents-{short}");
        let unfinished = folder.join(format!("{UNFINISHED}{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished).map_err(Error::io(&unfinished))?;
        let unpacked = local::unpack(
            draft,
            &self.location.url,
            &self.location.folder,
            MOST_TOTAL,
            &mut |path, bytes| fs::write(unfinished.join(hashed(path)), bytes),
        );
        let kept = unpacked.and_then(|unpacked| {
            let index = unfinished.join(INDEX);
            fs::write(&index, &unpacked.index_bytes).map_err(Error::io(&index))?;
            let to = folder.join(&name);
            let _ = fs::remove_dir_all(&to);
            fs::rename(&unfinished, &to).map_err(Error::io(&to))?;
            Ok(unpacked)
        });
        let unpacked = match kept {
            Ok(unpacked) => unpacked,
            Err(error) => {
                let _ = fs::remove_dir_all(&unfinished);
                return Err(error);
            }
        };
        about.archive = Copy {
            url: self.location.url.clone(),
            etag,
            last_modified,
            had: Some(now),
            checked: Some(now),
            bytes,
            blake3,
        };
        about.folder = name;
        about.updated = unpacked.index.updated;
        about.packages = unpacked.index.packages() as u64;
        about.problems = unpacked.problems;
        about.problems.truncate(MOST_PROBLEMS);
        note(folder, &about)?;
        tidy(folder, &about);
        Ok(Outcome::New(about))
    }
}

/// Writes down what is known of a repository.
fn note(folder: &Path, about: &About) -> Result<(), Error> {
    let path = folder.join(ABOUT);
    let draft = folder.join(format!("{UNFINISHED}{}-{ABOUT}", std::process::id()));
    let text = serde_json::to_vec_pretty(about)
        .map_err(|error| Error::io(&path)(std::io::Error::other(error)))?;
    fs::write(&draft, text)
        .and_then(|()| fs::rename(&draft, &path))
        .map_err(Error::io(path))
}

/// Removes what copies before it left. What can't be removed takes room and is
/// read by nobody.
fn tidy(folder: &Path, about: &About) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("documents-") && name != about.folder {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_where_the_specification_says() {
        let check = |url: &str, expect: &str| assert_eq!(manifest_url(url), expect, "{url}");
        check(
            "https://example.com/",
            "https://example.com/.well-known/vex-repository.json",
        );
        check(
            "https://github.com/aquasecurity/vexhub",
            "https://raw.githubusercontent.com/aquasecurity/vexhub/main/vex-repository.json",
        );
        check(
            "https://example.com/x/m.json",
            "https://example.com/x/m.json",
        );
    }
}
