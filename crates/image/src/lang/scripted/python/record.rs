//! `RECORD` of an installed distribution: its files
//! (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>).

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{compiled::text::text_or_tell, scripted::shared::list},
};

/// `RECORD` of a `dist-info` folder.
pub(crate) const PYTHON_RECORD: Analyzer = Analyzer {
    name: "python-record",
    version: 1,
    by_path: |path, _| path.ends_with(".dist-info/RECORD"),
    by_head: never_by_head,
    run,
};

/// Tells of the package again, by the name of the folder, with the files that
/// are programs and libraries: which modules it has is of no use to anybody.
fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(folder) = file.path.strip_suffix(".dist-info/RECORD") else {
        return;
    };
    let (home, identity) = folder.rsplit_once('/').unwrap_or(("", folder));
    let Some((name, version)) = identity.rsplit_once('-') else {
        return sink.incomplete(format!("{identity} is not NAME-VERSION"));
    };
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let mut files = Vec::new();
    let mut count = 0_usize;
    for line in text.lines() {
        let path = match line.strip_prefix('"') {
            Some(rest) => rest.split("\",").next().unwrap_or(rest),
            None => line.split(',').next().unwrap_or(line),
        };
        if path.is_empty() {
            continue;
        }
        count += 1;
        if is_binary(path)
            && let Some(path) = resolve(home, path)
        {
            files.push(path);
        }
    }
    files.sort();
    files.dedup();
    list(file, sink, |list| {
        list.push(FoundPackage {
            evidence: format!("RECORD, {count} files"),
            files,
            ..FoundPackage::new(package(name, version), How::Installed)
        });
    });
}

fn is_binary(path: &str) -> bool {
    if path.contains(".dist-info/") {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        None => true,
        Some((_, extension)) => {
            path.starts_with("../")
                || matches!(extension, "so" | "dll" | "dylib" | "exe" | "pyd" | "a")
                || name.contains(".so.")
        }
    }
}

/// A path below `home`; `..` goes up, never above the root.
fn resolve(home: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let absolute = path.starts_with('/');
    let start = if absolute { "" } else { home };
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn programs_of_a_distribution_are_told() {
        check(
            &PYTHON_RECORD,
            "usr/lib/python3.11/site-packages/Foo_Bar-1.0.dist-info/RECORD",
            "../../../bin/foo,sha256=ab,12\n../../../../../../../etc/x,,\nfoo/__init__.py,sha256=cd,0\n\
             \"foo/a,b.so\",,\nfoo/lib.so.1,,\n/opt/tool,,\nFoo_Bar-1.0.dist-info/RECORD,,\n",
            &["pkg:pypi/foo-bar@1.0 Installed files opt/tool,usr/bin/foo,\
                 usr/lib/python3.11/site-packages/foo/a,b.so,\
                 usr/lib/python3.11/site-packages/foo/lib.so.1"],
        );
        check(
            &PYTHON_RECORD,
            "odd.dist-info/RECORD",
            "",
            &["! odd is not"],
        );
    }
}
