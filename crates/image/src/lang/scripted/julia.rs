//! Julia: `Manifest.toml` of both versions
//! (<https://pkgdocs.julialang.org/v1/toml-files/>).

use plimsoll_model::{Package, PackageType};
use serde_json::Value;

use super::shared::{checksum, fields, items, list, text, toml_or_tell};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink, analyzer::never_by_head,
    lang::compiled::text::file_name,
};

/// `Manifest.toml`, `JuliaManifest.toml`, `Manifest-v1.11.toml`.
pub(crate) const JULIA_MANIFEST: Analyzer = Analyzer {
    name: "julia-manifest",
    version: 1,
    by_path: |path, _| {
        let name = file_name(path).strip_suffix(".toml").unwrap_or("");
        let name = name.strip_prefix("Julia").unwrap_or(name);
        name == "Manifest" || name.starts_with("Manifest-v")
    },
    by_head: never_by_head,
    run,
};

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(manifest) = toml_or_tell(file, sink) else {
        return;
    };
    // Version 1 has the packages at the top.
    let is_new = manifest.get("manifest_format").is_some();
    let packages = match is_new {
        true => manifest.get("deps"),
        false => Some(&manifest),
    };
    let Some(packages) = packages.and_then(Value::as_object) else {
        return;
    };
    list(file, sink, |list| {
        for (name, entries) in packages {
            let entries = entries.as_array().into_iter().flatten();
            for entry in entries.filter(|entry| entry.get("uuid").is_some()) {
                let version = text(entry, "version");
                // Without a version it is part of Julia, by a path the project's own.
                if version.is_empty() || entry.get("path").is_some() {
                    continue;
                }
                let mut package = Package::new(PackageType::Julia, "", name, version);
                let uuid = text(entry, "uuid").to_owned();
                package.qualifiers.insert("uuid".to_owned(), uuid);
                let needs = items(entry, "deps").iter().filter_map(Value::as_str);
                let needs = needs.chain(fields(entry, "deps").map(|(name, _)| name));
                list.push(FoundPackage {
                    evidence: match text(entry, "repo-url") {
                        "" => file_name(file.path).to_owned(),
                        url => format!("{}, {url}", file_name(file.path)),
                    },
                    needs: needs.map(str::to_owned).collect(),
                    checksums: match text(entry, "git-tree-sha1") {
                        "" => Vec::new(),
                        sum => vec![checksum("sha1", sum)],
                    },
                    ..FoundPackage::new(package, How::Lock)
                });
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn both_versions_are_read() {
        check(
            &JULIA_MANIFEST,
            "app/Manifest.toml",
            "julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n[[deps.JSON]]\ndeps = [\"Dates\"]\ngit-tree-sha1 = \"AB\"\nuuid = \"682c\"\nversion = \"0.21.4\"\n\
             [[deps.Dates]]\nuuid = \"ade2\"\n[[deps.Own]]\npath = \".\"\nuuid = \"1\"\nversion = \"0.1.0\"\n",
            &["pkg:julia/JSON@0.21.4?uuid=682c needs Dates sums sha1:ab"],
        );
        check(
            &JULIA_MANIFEST,
            "Manifest-v1.11.toml",
            "[[JSON]]\nuuid = \"682c\"\nversion = \"0.21.4\"\n[JSON.deps]\nParsers = \"69de\"\n",
            &["pkg:julia/JSON@0.21.4?uuid=682c needs Parsers"],
        );
        check(&JULIA_MANIFEST, "Manifest.toml", "[other]\na = [1]\n", &[]);
        check(&JULIA_MANIFEST, "JuliaManifest.toml", "[", &["! not TOML"]);
    }
}
