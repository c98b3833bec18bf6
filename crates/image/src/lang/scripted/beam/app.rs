//! `ebin/NAME.app`: applications as releases and build folders hold them
//! (<https://www.erlang.org/doc/apps/kernel/app.html>).

use plimsoll_model::{Package, PackageType};

use super::term::{Term, terms};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink, analyzer::never_by_head,
    lang::scripted::shared::list,
};

/// `ebin/NAME.app`.
pub(crate) const BEAM_APP: Analyzer = Analyzer {
    name: "beam-app",
    version: 1,
    by_path: |path, _| {
        path.strip_suffix(".app")
            .and_then(|stem| stem.rsplit_once('/'))
            .is_some_and(|(folder, _)| folder == "ebin" || folder.ends_with("/ebin"))
    },
    by_head: never_by_head,
    run,
};

/// Applications that come with Erlang: they are of its version, and no package
/// of Hex, whatever is of that name there.
const OTP: &[&str] = &[
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eldap",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ftp",
    "inets",
    "jinterface",
    "kernel",
    "megaco",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
];

/// Applications that come with Elixir.
const ELIXIR: &[&str] = &["eex", "elixir", "ex_unit", "iex", "logger", "mix"];

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    // Descriptions come in Latin-1 too.
    let all = match terms(&String::from_utf8_lossy(&bytes)) {
        Ok(all) => all,
        Err(error) => {
            return sink.incomplete_at(error.at as u64, format!("expected {}", error.what));
        }
    };
    let parts = all.first().map_or(&[][..], Term::tuple);
    let [kind, name, about] = parts else {
        return sink.incomplete("not {application, NAME, [...]}");
    };
    let field = |key: &str| about.get(key).and_then(Term::text).unwrap_or("");
    let name = name.text().unwrap_or("");
    if kind.text() != Some("application") || name.is_empty() {
        return sink.incomplete("not {application, NAME, [...]}");
    }
    let version = field("vsn");
    // Built from a checkout whose version is filled in by a tool.
    if version.is_empty() {
        return sink.incomplete("no version");
    }
    let package = match () {
        () if OTP.contains(&name) => Package::new(PackageType::Generic, "erlang", name, version),
        () if ELIXIR.contains(&name) => Package::new(PackageType::Generic, "elixir", name, version),
        () => Package::new(PackageType::Hex, "", name, version),
    };
    let needs = about.get("applications").map_or(&[][..], Term::items);
    let needs = needs.iter().filter_map(Term::text).map(str::to_owned);
    list(file, sink, |list| {
        list.push(FoundPackage {
            evidence: "ebin".to_owned(),
            needs: needs.collect(),
            ..FoundPackage::new(package, How::Installed)
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn applications_are_told_from_those_of_the_language() {
        let path = "app/lib/jason-1.4.1/ebin/jason.app";
        check(
            &BEAM_APP,
            path,
            "{application,jason,\n [{config_mtime,1},{applications,[kernel,stdlib,decimal]},\n  {description,\"JSON: \\\"fast\\\"\"},{vsn,\"1.4.1\"}]}.\n",
            &["pkg:hex/jason@1.4.1 Installed needs kernel,stdlib,decimal"],
        );
        check(
            &BEAM_APP,
            "usr/lib/erlang/lib/ssl-11.0/ebin/ssl.app",
            "%% comment\n{application, ssl, [{vsn, \"11.0\"}]}.",
            &["pkg:generic/erlang/ssl@11.0 Installed"],
        );
        check(
            &BEAM_APP,
            "lib/elixir/ebin/elixir.app",
            "{application,elixir,[{vsn,\"1.15.0\"}]}.",
            &["pkg:generic/elixir/elixir@1.15.0 Installed"],
        );
        check(&BEAM_APP, path, "{application,a,[]}.", &["! no version"]);
        check(&BEAM_APP, path, "a.", &["! not {application"]);
        check(&BEAM_APP, path, "{application", &["! expected a closing"]);
    }
}
