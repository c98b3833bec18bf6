//! Lua: `*.rockspec` of the rocks that LuaRocks installed
//! (<https://github.com/luarocks/luarocks/wiki/Rockspec-format>). It is a Lua
//! program, read by the patterns in which it is written and never run.
//!
//! LuaRocks' `manifest` lists the same rocks again and is not read.

use plimsoll_model::{Package, PackageType};

use super::shared::list;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink, analyzer::never_by_head,
    lang::compiled::text::text_or_tell, licence,
};

/// `lib/luarocks/rocks-VERSION/NAME/VERSION/NAME-VERSION.rockspec`.
pub(crate) const ROCKSPEC: Analyzer = Analyzer {
    name: "rockspec",
    version: 1,
    by_path: |path, _| path.ends_with(".rockspec") && path.contains("luarocks/rocks"),
    by_head: never_by_head,
    run,
};

/// The first text behind `KEY =`, where that stands as a word of its own.
fn assigned<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.match_indices(key).find_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = text[at + key.len()..].trim_start().strip_prefix('=')?;
        let is_word = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        (!is_word).then(|| quoted(rest.trim_start())).flatten()
    })
}

/// The text that this begins with: `"a"`, `'a'`, `[[a]]`.
fn quoted(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("[[") {
        return rest.split_once("]]").map(|(text, _)| text);
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(quote).map(|(text, _)| text)
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(line));
    let text = lines.collect::<Vec<_>>().join("\n");
    let (Some(name), Some(version)) = (assigned(&text, "package"), assigned(&text, "version"))
    else {
        return sink.incomplete("no package and version that can be read without running it");
    };
    let mut package = Package::new(PackageType::Luarocks, "", name, version);
    package.licences = licence::normalise(assigned(&text, "license").unwrap_or(""));
    let needs = text
        .split_once("\ndependencies")
        .and_then(|(_, rest)| {
            rest.trim_start()
                .strip_prefix('=')?
                .trim_start()
                .strip_prefix('{')
        })
        .and_then(|rest| rest.split_once('}'))
        .map_or("", |(list, _)| list);
    let needs = needs.split(',').filter_map(|need| quoted(need.trim()));
    let needs = needs.filter_map(|need| need.split([' ', '>', '=', '~', '<']).next());
    let needs = needs.filter(|need| !need.is_empty() && *need != "lua");
    list(file, sink, |list| {
        list.push(FoundPackage {
            evidence: "rockspec".to_owned(),
            needs: needs.map(str::to_owned).collect(),
            ..FoundPackage::new(package, How::Installed)
        });
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        analyzer::testing::{claims, run as run_on},
        lang::scripted::shared::testing::check,
    };

    const PATH: &str =
        "usr/local/lib/luarocks/rocks-5.1/lua-cjson/2.1.0-1/lua-cjson-2.1.0-1.rockspec";

    #[test]
    fn an_installed_rock_is_told_by_its_specification() {
        check(
            &ROCKSPEC,
            PATH,
            "rockspec_format = '3.0' -- package = 'no'\npackage = \"lua-cjson\"\nversion = '2.1.0-1'\n\
             description = {\n  summary = [[x]], license = \"MIT\" }\ndependencies = {\n  \"lua >= 5.1\",\n  'lpeg>=1', \"x\"\n}\nbuild = {}\n",
            &["pkg:luarocks/lua-cjson@2.1.0-1 Installed <MIT> needs lpeg,x"],
        );
        check(
            &ROCKSPEC,
            PATH,
            "package = name\nversion = '1'",
            &["! no package and"],
        );
        assert!(!claims(&ROCKSPEC, "app/x-scm-1.rockspec", b""));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(package|version|\ndependencies|license)?[=\\[\\]{}\"'a,é\n -]{0,60}") {
            run_on(&ROCKSPEC, PATH, text.as_bytes());
        }
    }
}
