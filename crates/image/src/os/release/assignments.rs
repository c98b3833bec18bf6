//! `os-release` and `lsb-release`: assignments as a shell reads them.

use std::collections::BTreeMap;

use crate::{Release, Sink, os::text::tell};

/// Variables that are kept; the rest is passed over.
const MOST_VARIABLES: usize = 256;

/// The variables of a file. Lines that are none are told in `sink`.
fn variables<'a>(text: &'a str, sink: &mut Sink) -> BTreeMap<&'a str, String> {
    let mut variables = BTreeMap::new();
    for line in text.lines() {
        let at = line.as_ptr().addr() - text.as_ptr().addr();
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let assignment = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let Some((name, value)) = assignment.split_once('=') else {
            tell(sink, at, "not an assignment");
            continue;
        };
        if variables.len() < MOST_VARIABLES {
            variables.insert(name.trim_end(), unquoted(value));
        }
    }
    variables
}

/// A value without its quotes, with what is escaped: of a shell's rules those
/// that os-release(5) asks for.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut rest = value.trim().chars();
    while let Some(char) = rest.next() {
        match (char, quote) {
            ('\'' | '"', None) => quote = Some(char),
            (char, Some(open)) if char == open => quote = None,
            ('\\', None | Some('"')) => text.extend(rest.next()),
            (' ' | '\t', None) => break,
            (char, _) => text.push(char),
        }
    }
    text.trim().to_owned()
}

/// `os-release`. Without an `ID` it is `linux`, as os-release(5) has it.
pub(super) fn os_release(text: &str, sink: &mut Sink) -> Option<Release> {
    let variables = variables(text, sink);
    let get = |name: &str| variables.get(name).cloned().unwrap_or_default();
    if variables.is_empty() {
        // An empty file says nothing; one that says other things than a
        // release was told line by line.
        return None;
    }
    let id = match get("ID") {
        id if id.is_empty() => "linux".to_owned(),
        id => id.to_lowercase(),
    };
    let name = match get("PRETTY_NAME") {
        name if name.is_empty() => match get("NAME") {
            name if name.is_empty() => id.clone(),
            name => named(&name, &get("VERSION")),
        },
        name => name,
    };
    let mut codename = get("VERSION_CODENAME");
    if codename.is_empty() {
        codename = get("UBUNTU_CODENAME");
    }
    if codename.is_empty() && id == "debian" {
        // Before Debian 9 only `VERSION="8 (jessie)"` has it; testing has
        // `PRETTY_NAME="Debian GNU/Linux trixie/sid"` and no version.
        codename = in_parentheses(&get("VERSION")).unwrap_or_default();
        if codename.is_empty()
            && let Some((before, _)) = name.split_once("/sid")
        {
            codename = before.rsplit(' ').next().unwrap_or(before).to_owned();
        }
    }
    Some(Release {
        id_like: get("ID_LIKE")
            .split_whitespace()
            .map(str::to_lowercase)
            .collect(),
        version: get("VERSION_ID"),
        codename,
        variant: get("VARIANT_ID"),
        name,
        cpe: get("CPE_NAME"),
        id,
    })
}

fn in_parentheses(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('(')?;
    Some(rest.split_once(')')?.0.trim().to_owned())
}

/// A name and a version for a person.
pub(super) fn named(name: &str, version: &str) -> String {
    match version {
        "" => name.to_owned(),
        version => format!("{name} {version}"),
    }
}

/// `lsb-release`: Ubuntu and others before os-release; OpenWrt's
/// `openwrt_release` has the same names.
pub(super) fn lsb_release(text: &str, sink: &mut Sink) -> Option<Release> {
    let variables = variables(text, sink);
    let get = |name: &str| variables.get(name).cloned().unwrap_or_default();
    let distributor = get("DISTRIB_ID").to_lowercase();
    // Red Hat's and its kin's have only `LSB_VERSION`: they say nothing.
    let id = match &*distributor {
        "" => return None,
        "redhatenterprise" | "redhatenterpriseserver" | "redhatenterpriselinux" => "rhel",
        "amazonami" | "amazon" => "amzn",
        "oracleserver" => "ol",
        "suse linux" | "suse" => "sles",
        "opensuse project" => "opensuse",
        "vmware photon os" | "vmware photon" => "photon",
        "manjarolinux" => "manjaro",
        other => other,
    };
    let name = match get("DISTRIB_DESCRIPTION") {
        name if name.is_empty() => named(&get("DISTRIB_ID"), &get("DISTRIB_RELEASE")),
        name => name,
    };
    let version = match get("DISTRIB_RELEASE") {
        version if version == "rolling" => String::new(),
        version => version,
    };
    Some(Release {
        id: id.to_owned(),
        version,
        codename: get("DISTRIB_CODENAME"),
        name,
        ..Release::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unquoted_as_a_shell_does() {
        let check = |value: &str, expect: &str| assert_eq!(unquoted(value), expect, "{value}");
        check("debian", "debian");
        check(
            "\"Debian GNU/Linux 12 (bookworm)\"",
            "Debian GNU/Linux 12 (bookworm)",
        );
        check("'one \\ two'", "one \\ two");
        check(r#""a \"b\" \$c \\""#, r#"a "b" $c \"#);
        check("12 # a remark", "12");
        check("\"open", "open");
        check("\\", "");
        check("", "");
        check("'a'\"b\"c", "abc");
    }

    #[test]
    fn lines_that_assign_nothing_are_told() {
        let mut sink = Sink::default();
        let release = os_release("# remark\n\nID=Debian\nrubbish\n", &mut sink);
        assert_eq!(release.expect("has an id").id, "debian");
        assert_eq!(sink.problems, [("not an assignment".to_owned(), Some(20))]);
        let mut sink = Sink::default();
        assert_eq!(os_release("", &mut sink), None);
        assert_eq!(os_release("NAME=x\n", &mut sink).expect("one").id, "linux");
        assert_eq!(lsb_release("LSB_VERSION=base-4.0\n", &mut sink), None);
        assert!(sink.problems.is_empty());
    }
}
