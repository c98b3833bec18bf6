//! The text of a Go program's build info: a line each for its path, its
//! modules and the settings it was built with (`runtime/debug.ParseBuildInfo`).

use crate::Sink;

/// A module as the text names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    /// Its path: `github.com/spf13/cobra`; of a replacement perhaps a folder.
    pub(super) path: String,
    /// Its version: `v1.8.0`, a pseudo-version, `(devel)`.
    pub(super) version: String,
    /// `h1:` and its hash, where it has one.
    pub(super) sum: String,
    /// What was built instead of it.
    pub(super) replacement: Option<Box<Module>>,
}

/// The text, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ModuleInfo {
    /// The path of its main package.
    pub(super) path: String,
    /// Its main module.
    pub(super) main: Option<Module>,
    /// The modules it depends on.
    pub(super) dependencies: Vec<Module>,
    /// How it was built: `CGO_ENABLED`, `-ldflags`, `vcs.revision`.
    pub(super) settings: Vec<(String, String)>,
}

impl ModuleInfo {
    /// Takes the text apart; at most `most` modules are taken.
    pub(super) fn parse(text: &str, most: usize, sink: &mut Sink) -> ModuleInfo {
        let mut info = ModuleInfo::default();
        let mut last_is_main = false;
        for line in text.lines() {
            let (word, rest) = line.split_once('\t').unwrap_or((line, ""));
            match word {
                "path" => info.path = rest.to_owned(),
                "mod" => {
                    info.main = Some(module(rest));
                    last_is_main = true;
                }
                "dep" => {
                    if info.dependencies.len() >= most {
                        sink.incomplete(format!("more than {most} modules in Go build info"));
                        break;
                    }
                    info.dependencies.push(module(rest));
                    last_is_main = false;
                }
                "=>" => {
                    let replaced = match last_is_main {
                        true => info.main.as_mut(),
                        false => info.dependencies.last_mut(),
                    };
                    match replaced {
                        Some(replaced) => replaced.replacement = Some(Box::new(module(rest))),
                        None => sink.incomplete("Go build info replaces a module it does not name"),
                    }
                }
                "build" => {
                    if let Some((key, value)) = rest.split_once('=') {
                        info.settings.push((unquoted(key), unquoted(value)));
                    }
                }
                _ => {}
            }
        }
        info
    }

    /// The value of a setting.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// A version that the linker was told to put into a variable: `-X
    /// main.version=1.2.3`. Of several the one in package `main`, then one in
    /// the main module, then the first.
    pub(super) fn linked_version(&self) -> Option<(&str, &str)> {
        let main = self.main.as_ref().map_or("", |main| main.path.as_str());
        let flags = self.setting("-ldflags")?;
        let mut words = flags.split_ascii_whitespace();
        let mut best: Option<(u8, &str, &str)> = None;
        while let Some(word) = words.next() {
            let definition = match word.strip_prefix("-X=") {
                Some(definition) => definition,
                None if word == "-X" || word == "--X" => words.next()?,
                None => continue,
            };
            let definition = definition.trim_matches(['\'', '"']);
            let Some((variable, value)) = definition.split_once('=') else {
                continue;
            };
            let name = variable.rsplit('.').next().unwrap_or(variable);
            let named = matches!(
                name.to_ascii_lowercase().as_str(),
                "version" | "gitversion" | "buildversion" | "appversion" | "tag" | "gittag"
            );
            if !named || !is_version(value) {
                continue;
            }
            let rank = match variable {
                _ if variable.starts_with("main.") => 0,
                _ if !main.is_empty() && variable.starts_with(main) => 1,
                _ => 2,
            };
            if best.is_none_or(|(other, ..)| rank < other) {
                best = Some((rank, variable, value));
            }
        }
        best.map(|(_, variable, value)| (variable, value))
    }
}

/// `1.2`, `v1.2.3-rc1`: digits, a dot, a digit.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    matches!(text.as_bytes().get(digits..digits + 2), Some([b'.', next]) if next.is_ascii_digit())
        && digits > 0
        && text.len() < 128
}

fn module(rest: &str) -> Module {
    let mut words = rest.split('\t').map(str::to_owned);
    let mut next = || words.next().unwrap_or_default();
    Module {
        path: next(),
        version: next(),
        sum: next(),
        replacement: None,
    }
}

/// Without the quotes Go writes around words with blanks.
fn unquoted(text: &str) -> String {
    if let Some(raw) = text
        .strip_prefix('`')
        .and_then(|text| text.strip_suffix('`'))
    {
        return raw.to_owned();
    }
    let Some(quoted) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_the_linker_was_given_is_found() {
        let check = |flags: &str, expect: Option<&str>| {
            let text = format!("mod\tgithub.com/a/b\t(devel)\t\nbuild\t-ldflags={flags}\n");
            let mut sink = Sink::default();
            let info = ModuleInfo::parse(&text, 10, &mut sink);
            assert_eq!(
                info.linked_version().map(|(_, value)| value),
                expect,
                "{flags}"
            );
        };
        check("\"-s -w -X main.version=1.2.3\"", Some("1.2.3"));
        check(
            "\"-X github.com/x/y.Version=v9.9.9 -X main.Version=v1.2.3\"",
            Some("v1.2.3"),
        );
        check(
            "\"-X github.com/x/y.Version=v9.9.9 -X github.com/a/b/v.gitVersion=1.0\"",
            Some("1.0"),
        );
        check("\"-X 'main.version=2.0.0-rc1'\"", Some("2.0.0-rc1"));
        check("-X=main.version=3.1.4", Some("3.1.4"));
        check("\"-X main.version=dev\"", None);
        check("\"-X main.goVersion=1.22.0\"", None);
        check("\"-X\"", None);
    }

    #[test]
    fn quotes_are_taken_off() {
        let check = |text: &str, expect: &str| assert_eq!(unquoted(text), expect);
        check("plain", "plain");
        check("\"a b\"", "a b");
        check(r#""a \"b\" \\""#, r#"a "b" \"#);
        check("`a b`", "a b");
        check("\"", "\"");
    }
}
