//! Perl: what cpanm and Carton installed, by the `MYMETA.json` they keep
//! (<https://metacpan.org/pod/CPAN::Meta::Spec>), and `cpanfile.snapshot`.

use plimsoll_model::{Package, PackageType};
use serde_json::Value;

use super::shared::{fields, items, json_or_tell, list, text};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{has_name, text_or_tell},
    licence,
};

/// `.meta/NAME-VERSION/MYMETA.json`.
pub(crate) const PERL_META: Analyzer = Analyzer {
    name: "perl-meta",
    version: 1,
    by_path: |path, _| has_name(path, "MYMETA.json") && path.contains(".meta/"),
    by_head: never_by_head,
    run: meta,
};

/// `cpanfile.snapshot`.
pub(crate) const CPANFILE_SNAPSHOT: Analyzer = Analyzer {
    name: "cpanfile-snapshot",
    version: 1,
    by_path: |path, _| has_name(path, "cpanfile.snapshot"),
    by_head: never_by_head,
    run: snapshot,
};

/// What the specification calls licences, where that is no name known elsewhere.
const LICENCES: &[(&str, &str)] = &[
    ("perl_5", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("apache_2_0", "Apache-2.0"),
    ("artistic_1", "Artistic-1.0"),
    ("artistic_2", "Artistic-2.0"),
    ("bsd", "BSD-3-Clause"),
    ("freebsd", "BSD-2-Clause"),
    ("gpl_1", "GPL-1.0-only"),
    ("gpl_2", "GPL-2.0-only"),
    ("gpl_3", "GPL-3.0-only"),
    ("lgpl_2_1", "LGPL-2.1-only"),
    ("lgpl_3_0", "LGPL-3.0-only"),
    ("mit", "MIT"),
    ("mozilla_1_1", "MPL-1.1"),
    ("zlib", "Zlib"),
    ("open_source", ""),
    ("unrestricted", ""),
    ("unknown", ""),
];

fn meta(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(meta) = json_or_tell(file, sink) else {
        return;
    };
    let version = match meta.get("version") {
        Some(Value::String(version)) => version.clone(),
        Some(Value::Number(version)) => version.to_string(),
        _ => String::new(),
    };
    let name = text(&meta, "name");
    if name.is_empty() || version.is_empty() {
        return sink.incomplete("no name and version");
    }
    let mut package = Package::new(PackageType::Cpan, "", name, version);
    let licences = items(&meta, "license").iter().filter_map(Value::as_str);
    package.licences = licence::normalise_all(licences.map(|name| {
        let known = LICENCES.iter().find(|(key, _)| *key == name);
        known.map_or(name, |(_, licence)| licence)
    }));
    let runtime = meta.get("prereqs").and_then(|all| all.get("runtime"));
    let needs = runtime.into_iter().flat_map(|all| fields(all, "requires"));
    let needs = needs.filter(|(name, _)| *name != "perl");
    list(file, sink, |list| {
        list.push(FoundPackage {
            evidence: "MYMETA.json".to_owned(),
            needs: needs.map(|(name, _)| name.to_owned()).collect(),
            ..FoundPackage::new(package, How::Installed)
        });
    });
}

/// Distributions two steps in, their fields four, modules six.
fn snapshot(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(all) = text_or_tell(file, sink) else {
        return;
    };
    list(file, sink, |list| {
        let mut last: Option<FoundPackage> = None;
        let mut section = "";
        for line in all.lines() {
            let line = line.trim_end();
            let inner = line.trim_start_matches(' ');
            match line.len() - inner.len() {
                _ if inner.is_empty() || inner.starts_with('#') => {}
                0 if inner == "DISTRIBUTIONS" => {}
                2 => {
                    if let Some(found) = last.take() {
                        list.push(found);
                    }
                    let Some((name, version)) = inner.rsplit_once('-') else {
                        list.malformed(inner, "not NAME-VERSION");
                        continue;
                    };
                    let package = Package::new(PackageType::Cpan, "", name, version);
                    let mut found = FoundPackage::new(package, How::Lock);
                    found.evidence = "cpanfile.snapshot".to_owned();
                    last = Some(found);
                }
                4 => section = inner,
                6 if section == "requirements:" => {
                    let need = inner.split(' ').next().unwrap_or(inner);
                    if let Some(found) = last.as_mut().filter(|_| need != "perl") {
                        found.needs.push(need.to_owned());
                    }
                }
                6 => {}
                _ => list.malformed(inner, "not a line of a snapshot"),
            }
        }
        if let Some(found) = last {
            list.push(found);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn an_installed_distribution_is_told_by_its_metadata() {
        let path = "usr/local/lib/perl5/x86_64-linux/.meta/Try-Tiny-0.31/MYMETA.json";
        check(
            &PERL_META,
            path,
            r#"{"name":"Try-Tiny","version":"0.31","license":["mit","perl_5"],"prereqs":{"runtime":{"requires":{"perl":"5.006","Carp":"0"}}}}"#,
            &[
                "pkg:cpan/Try-Tiny@0.31 Installed <Artistic-1.0-Perl OR GPL-1.0-or-later;MIT> needs Carp",
            ],
        );
        check(
            &PERL_META,
            path,
            r#"{"name":"a","version":1.5}"#,
            &["pkg:cpan/a@1.5 Installed"],
        );
        check(&PERL_META, path, "{}", &["! no name and version"]);
        check(&PERL_META, path, "", &["! not JSON"]);
    }

    #[test]
    fn the_snapshot_of_carton_is_read() {
        check(
            &CPANFILE_SNAPSHOT,
            "app/cpanfile.snapshot",
            "# carton snapshot format: version 1.0\nDISTRIBUTIONS\n  Try-Tiny-0.31\n    pathname: E/ET/ETHER/Try-Tiny-0.31.tar.gz\n    provides:\n      Try::Tiny 0.31\n    \
             requirements:\n      Carp 0\n      perl 5.006\n  version-v0.9.29\n  odd\nx\n",
            &[
                "pkg:cpan/Try-Tiny@0.31 needs Carp",
                "pkg:cpan/version@v0.9.29",
                r#"! "odd": not NAME-VERSION"#,
                r#"! "x": not a line"#,
            ],
        );
    }
}
