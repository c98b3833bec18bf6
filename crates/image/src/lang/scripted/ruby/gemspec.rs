//! `NAME-VERSION.gemspec` of an installed gem
//! (<https://guides.rubygems.org/specification-reference/>). It is a Ruby
//! program, read by the patterns in which RubyGems writes it and never run.

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{compiled::text::file_name, scripted::shared::list},
    licence,
};

/// Specifications of installed gems, of Ruby's own among them.
pub(crate) const GEMSPEC: Analyzer = Analyzer {
    name: "gemspec",
    version: 1,
    by_path: |path, _| {
        path.strip_suffix(".gemspec")
            .and_then(|stem| stem.rsplit_once('/'))
            .is_some_and(|(folder, _)| {
                folder.ends_with("specifications") || folder.ends_with("specifications/default")
            })
    },
    by_head: never_by_head,
    run,
};

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    // Names of authors come in any encoding.
    let text = String::from_utf8_lossy(&bytes);
    let (mut name, mut version, mut platform) = ("", "", "");
    let mut licences = Vec::new();
    let mut needs: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(stub) = line.strip_prefix("# stub: ") {
            // `NAME VERSION PLATFORM PATHS`; a second line has its extensions.
            let mut words = stub.split(' ');
            if let (true, Some(a), Some(b), Some(c)) =
                (name.is_empty(), words.next(), words.next(), words.next())
            {
                (name, version, platform) = (a, b, c);
            }
            continue;
        }
        let Some((_, rest)) = line.split_once('.') else {
            continue;
        };
        let (key, value) = match rest.split_once(['=', '(']) {
            Some((key, value)) => (key.trim(), value),
            // `s.add_dependency "a"`
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        match key {
            "name" if name.is_empty() => name = quoted(value).next().unwrap_or(""),
            "version" if version.is_empty() => version = quoted(value).next().unwrap_or(""),
            "platform" if platform.is_empty() => platform = quoted(value).next().unwrap_or(""),
            "license" | "licenses" => licences.extend(quoted(value)),
            "add_runtime_dependency" | "add_dependency" => {
                if let Some(need) = quoted(value).next()
                    && !needs.iter().any(|known| known == need)
                {
                    needs.push(need.to_owned());
                }
            }
            _ => {}
        }
    }
    if name.is_empty() || version.is_empty() {
        return sink.incomplete("no name and version that can be read without running it");
    }
    let mut package = package(name, version, platform);
    package.licences = licence::normalise_all(licences);
    let is_default = file.path.contains("specifications/default/");
    list(file, sink, |list| {
        list.push(FoundPackage {
            evidence: match is_default {
                true => format!("{}, part of Ruby", file_name(file.path)),
                false => "gemspec".to_owned(),
            },
            needs,
            ..FoundPackage::new(package, How::Installed)
        });
    });
}

/// The texts of a line: `"a"`, `'a'`, `%q<a>`.
fn quoted(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let at = text.find(['"', '\'', '<'])?;
        let (start, close) = match text.as_bytes().get(at) {
            Some(b'<') if text[..at].ends_with("%q") => (at + 1, '>'),
            Some(b'<') => {
                text = "";
                return None;
            }
            Some(b'"') => (at + 1, '"'),
            _ => (at + 1, '\''),
        };
        let end = start + text[start..].find(close)?;
        let found = &text[start..end];
        text = &text[end + 1..];
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        analyzer::testing::{claims, run as run_on},
        lang::scripted::shared::testing::check,
    };

    #[test]
    fn an_installed_gem_is_told_by_its_specification() {
        check(
            &GEMSPEC,
            "usr/lib/ruby/gems/3.1.0/specifications/nokogiri-1.15.0-x86_64-linux.gemspec",
            "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.0 x86_64-linux lib\n# stub: ext/x/extconf.rb\n\n\
             Gem::Specification.new do |s|\n  s.name = \"nokogiri\".freeze\n  s.version = \"1.15.0\"\n  \
             s.licenses = [\"MIT\".freeze, 'Ruby'.freeze]\n  s.required_ruby_version = Gem::Requirement.new(\">= 2.7\".freeze)\n  \
             s.add_runtime_dependency(%q<racc>.freeze, [\"~> 1.4\"])\n  s.add_dependency(%q<racc>.freeze, [\"~> 1.4\"])\n  \
             s.add_development_dependency(%q<rake>.freeze, [\">= 0\"])\nend\n",
            &["pkg:gem/nokogiri@1.15.0?platform=x86_64-linux Installed <MIT;Ruby> needs racc"],
        );
        check(
            &GEMSPEC,
            "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
            "Gem::Specification.new do |s|\n  s.name = 'json'\n  s.version = Gem::Version.new(\"2.6.1\")\n  s.license = \"Ruby\"\nend\n",
            &["pkg:gem/json@2.6.1 Installed <Ruby>"],
        );
    }

    #[test]
    fn what_would_have_to_be_run_is_told() {
        let path = "specifications/a.gemspec";
        let text = "Gem::Specification.new do |s|\n s.name = NAME\n s.version = A::VERSION\nend";
        check(&GEMSPEC, path, text, &["! no name and version"]);
        check(&GEMSPEC, path, "", &["! no name and version"]);
        assert!(!claims(&GEMSPEC, "app/a.gemspec", b""));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(# stub: | s\\.name|s\\.licenses=)?[%q<>\"'a1 .=(\n]{0,60}") {
            run_on(&GEMSPEC, "specifications/a.gemspec", text.as_bytes());
        }
    }
}
