//! `mix.lock` (<https://hexdocs.pm/mix/Mix.Tasks.Deps.html>) and `rebar.lock`
//! (<https://rebar3.org/docs/configuration/dependencies/>).

use plimsoll_model::{Package, PackageType};

use super::term::{Term, terms};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{has_name, text_or_tell},
        scripted::shared::{checksum, in_package, list},
    },
};

/// `mix.lock`.
pub(crate) const MIX_LOCK: Analyzer = Analyzer {
    name: "mix-lock",
    version: 1,
    by_path: |path, _| has_name(path, "mix.lock") && !in_package(path) && !in_deps(path),
    by_head: never_by_head,
    run: mix,
};

/// `rebar.lock`.
pub(crate) const REBAR_LOCK: Analyzer = Analyzer {
    name: "rebar-lock",
    version: 1,
    by_path: |path, _| has_name(path, "rebar.lock") && !in_package(path) && !in_deps(path),
    by_head: never_by_head,
    run: rebar,
};

/// Whether it is in a package that Mix or Rebar3 fetched.
fn in_deps(path: &str) -> bool {
    path.starts_with("deps/") || path.contains("/deps/") || path.contains("_build/")
}

fn read(file: &Candidate<'_>, sink: &mut Sink) -> Option<Vec<Term>> {
    let text = text_or_tell(file, sink)?;
    match terms(&text) {
        Ok(terms) => Some(terms),
        Err(error) => {
            sink.incomplete_at(error.at as u64, format!("expected {}", error.what));
            None
        }
    }
}

fn texts(terms: &[Term]) -> Vec<&str> {
    terms.iter().map(|term| term.text().unwrap_or("")).collect()
}

fn mix(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(terms) = read(file, sink) else {
        return;
    };
    list(file, sink, |list| {
        for entry in terms.iter().flat_map(Term::items) {
            let [key, value] = entry.tuple() else {
                list.malformed("", "not NAME: {...}");
                continue;
            };
            let key = key.text().unwrap_or("");
            let parts = value.tuple();
            match texts(parts)[..] {
                // Kind, name, version, inner digest, tools, needs, repository, outer digest.
                ["hex", name, version, ref rest @ ..] => {
                    let organisation = rest.get(3).and_then(|repository| {
                        let (_, organisation) = repository.split_once(':')?;
                        Some(organisation)
                    });
                    let needs = parts.get(5).map_or(&[][..], Term::items).iter();
                    let needs = needs.filter_map(|need| need.tuple().first()?.text());
                    list.push(FoundPackage {
                        evidence: "mix.lock".to_owned(),
                        needs: needs.map(str::to_owned).collect(),
                        checksums: rest
                            .get(4)
                            .filter(|sum| !sum.is_empty())
                            .map(|sum| checksum("sha256", sum))
                            .into_iter()
                            .collect(),
                        ..FoundPackage::new(
                            Package::new(
                                PackageType::Hex,
                                organisation.unwrap_or(""),
                                name,
                                version,
                            ),
                            How::Lock,
                        )
                    });
                }
                ["git", address, commit, ..] => list.push(FoundPackage {
                    evidence: format!("mix.lock, {address}#{commit}"),
                    ..FoundPackage::new(Package::new(PackageType::Hex, "", key, ""), How::Lock)
                }),
                ["path", ..] => {}
                _ => list.malformed(key, "neither of hex nor of git"),
            }
        }
    });
}

/// `{VERSION, [{NAME, {pkg, NAME, VERSION}, DEPTH}]}`, or the list alone; then
/// digests.
fn rebar(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(terms) = read(file, sink) else {
        return;
    };
    let entries = match terms.first() {
        Some(Term::Tuple(parts)) => parts.get(1).map_or(&[][..], Term::items),
        Some(list) => list.items(),
        None => &[],
    };
    let sums = terms.get(1).and_then(|sums| sums.get("pkg_hash_ext"));
    list(file, sink, |list| {
        for entry in entries {
            let [name, source, ..] = entry.tuple() else {
                list.malformed(entry.text().unwrap_or(""), "not {NAME, SOURCE, DEPTH}");
                continue;
            };
            let key = name.text().unwrap_or("");
            let (package, place) = match (texts(source.tuple()).as_slice(), source.tuple()) {
                (["pkg", name, version, ..], _) => {
                    (Package::new(PackageType::Hex, "", *name, *version), None)
                }
                (["git", address, ..], [_, _, reference, ..]) => {
                    let commit = texts(reference.tuple()).get(1).copied().unwrap_or("");
                    let package = Package::new(PackageType::Hex, "", key, "");
                    (package, Some(format!("{address}#{commit}")))
                }
                _ => {
                    list.malformed(key, "neither of hex nor of git");
                    continue;
                }
            };
            let sum = sums.and_then(|sums| sums.get(key)?.text());
            list.push(FoundPackage {
                evidence: match place {
                    Some(place) => format!("rebar.lock, {place}"),
                    None => "rebar.lock".to_owned(),
                },
                checksums: sum.map(|sum| checksum("sha256", sum)).into_iter().collect(),
                ..FoundPackage::new(package, How::Lock)
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{analyzer::testing::claims, lang::scripted::shared::testing::check};

    #[test]
    fn the_lock_file_of_mix_is_read() {
        check(
            &MIX_LOCK,
            "app/mix.lock",
            "%{\n  \"jason\": {:hex, :jason, \"1.4.1\", \"af\", [:mix], [{:decimal, \"~> 1.0 or ~> 2.0\", [hex: :decimal, repo: \"hexpm\", optional: true]}], \"hexpm\", \"FB\"},\n  \
             \"own\": {:hex, :own, \"1.0.0\", \"af\", [:mix], [], \"hexpm:acme\", \"\"},\n  \
             \"g\": {:git, \"https://example.com/g.git\", \"ab12\", [tag: \"v1\"]},\n  \"odd\": {:svn, \"x\"},\n}\n",
            &[
                "pkg:hex/jason@1.4.1 needs decimal sums sha256:fb",
                "pkg:hex/acme/own@1.0.0",
                "pkg:hex/g",
                r#"! "odd": neither"#,
            ],
        );
        check(
            &MIX_LOCK,
            "mix.lock",
            "%{\"a\": {",
            &["! expected a closing bracket"],
        );
        check(&MIX_LOCK, "mix.lock", "%{}", &[]);
        assert!(!claims(&MIX_LOCK, "app/deps/a/mix.lock", b""));
    }

    #[test]
    fn the_lock_file_of_rebar_is_read() {
        check(
            &REBAR_LOCK,
            "rebar.lock",
            "{\"1.2.0\",\n[{<<\"cowboy\">>,{pkg,<<\"cowboy\">>,<<\"2.9.0\">>},0},\n {<<\"g\">>,{git,\"https://x/g\",{ref,\"ab12\"}},1},\n {<<\"odd\">>,{hg},0}, x]}.\n\
             [\n{pkg_hash,[{<<\"cowboy\">>, <<\"AA\">>}]},\n{pkg_hash_ext,[{<<\"cowboy\">>, <<\"BB\">>}]}\n].\n",
            &[
                "pkg:hex/cowboy@2.9.0 sums sha256:bb",
                "pkg:hex/g",
                r#"! "odd": neither"#,
                r#"! "x": not"#,
            ],
        );
        check(
            &REBAR_LOCK,
            "rebar.lock",
            "[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1.0\">>},0}].",
            &["pkg:hex/a@1.0"],
        );
        check(&REBAR_LOCK, "rebar.lock", "[].", &[]);
        check(
            &REBAR_LOCK,
            "rebar.lock",
            "[",
            &["! expected a closing bracket"],
        );
    }
}
