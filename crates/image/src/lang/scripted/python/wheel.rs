//! Wheels and eggs: archives that hold a distribution with what it says of
//! itself (<https://packaging.python.org/en/latest/specifications/binary-distribution-format/>).

use super::metadata::read;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{compiled::zip::Zip, scripted::shared::list},
};

/// `*.whl`, `*.egg`.
pub(crate) const WHEEL: Analyzer = Analyzer {
    name: "wheel",
    version: 1,
    by_path: |path, _| path.ends_with(".whl") || path.ends_with(".egg"),
    by_head: never_by_head,
    run,
};

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let zip = match Zip::open(file.content) {
        Ok(zip) => zip,
        Err(error) => return sink.incomplete(error.to_string()),
    };
    let is_own = |name: &str| match name.strip_suffix(".dist-info/METADATA") {
        Some(folder) => !folder.contains('/'),
        None => name == "EGG-INFO/PKG-INFO",
    };
    let Some(entry) = zip.entries.iter().find(|entry| is_own(&entry.name)) else {
        return sink.incomplete("an archive without the metadata of a distribution");
    };
    let bytes = match zip.read(entry, file.limits.document_bytes) {
        Ok(bytes) => bytes,
        Err(error) => return sink.incomplete(format!("{}: {error}", entry.name)),
    };
    let Some(found) = read(&bytes, How::Embedded) else {
        return sink.incomplete(format!("{}: no Name and Version", entry.name));
    };
    list(file, sink, |list| {
        list.push(FoundPackage {
            inner: entry.name.clone(),
            evidence: match file.path.ends_with(".whl") {
                true => "wheel".to_owned(),
                false => "egg".to_owned(),
            },
            ..found
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{compiled::zip::testing::zip, scripted::shared::testing::listed};

    #[test]
    fn a_wheel_is_told_by_the_metadata_in_it() {
        let path = "usr/share/python-wheels/a-1.0-py3-none-any.whl";
        let headers = b"Name: a\nVersion: 1.0\n";
        let bytes = zip(&[
            ("a/_vendor/b-2.dist-info/METADATA", b"Name: b\nVersion: 2\n"),
            ("a-1.0.dist-info/METADATA", headers),
        ]);
        assert_eq!(
            listed(&WHEEL, path, &bytes),
            ["pkg:pypi/a@1.0 Embedded !a-1.0.dist-info/METADATA"]
        );
        let bytes = zip(&[("EGG-INFO/PKG-INFO", headers)]);
        assert_eq!(
            listed(&WHEEL, "a-1.0-py3.egg", &bytes),
            ["pkg:pypi/a@1.0 Embedded !EGG-INFO/PKG-INFO"]
        );
        assert_eq!(
            listed(&WHEEL, path, &zip(&[("x", b"")])),
            ["! an archive without the metadata of a distribution"]
        );
        assert_eq!(
            listed(
                &WHEEL,
                path,
                &zip(&[("a.dist-info/METADATA", b"Name: a\n")])
            ),
            ["! a.dist-info/METADATA: no Name and Version"]
        );
        assert_eq!(
            listed(&WHEEL, path, b"PK"),
            ["! no zip archive, or its end is missing"]
        );
    }
}
