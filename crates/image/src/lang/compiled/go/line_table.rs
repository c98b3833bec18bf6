//! Names of the functions in a Go program, from the line table that even a
//! stripped one has (`debug/gosym`, "Go 1.2 Runtime Symbol Information" and
//! the headers of 1.16, 1.18 and 1.20): what of a module is linked in.

use std::{borrow::Cow, io};

use rustc_hash::FxHashMap;

use super::super::binary::{Binary, Ints, part};
use crate::{FoundPackage, ReadAt};

/// Bytes of names that are read; the largest programs have some 10 MB.
const MOST_NAMES: u64 = 48 << 20;
/// Bytes that are searched for the table where no section has its name.
const SEARCHED: u64 = 64 << 20;

/// The names, separated by zero bytes.
pub(super) struct Functions<'a> {
    names: Cow<'a, [u8]>,
    most: usize,
}

/// The table of function names; empty for programs older than Go 1.16, whose
/// names lie scattered, and where there is no table.
pub(super) fn functions<'a>(
    content: &'a dyn ReadAt,
    binary: &Binary,
    most: usize,
) -> io::Result<Functions<'a>> {
    let names = match locate(content, binary)? {
        Some(at) => names(content, at, binary)?,
        None => Cow::Borrowed(&[][..]),
    };
    Ok(Functions { names, most })
}

fn locate(content: &dyn ReadAt, binary: &Binary) -> io::Result<Option<u64>> {
    let named = binary.section(&[".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab"]);
    if let Some(section) = named {
        return Ok(Some(section.offset));
    }
    // Windows programs have it among their constants.
    let Some(section) = binary.section(&[".rdata"]) else {
        return Ok(None);
    };
    let bytes = part(content, section.offset, section.size.min(SEARCHED))?;
    Ok(memchr::memmem::find_iter(&bytes, b"\xff\xff\xff\0\0")
        .filter_map(|at| at.checked_sub(1))
        .find(|&at| header(&bytes[at..], false).is_some())
        .map(|at| section.offset + at as u64))
}

/// Where the header says that names begin and end, from its own beginning on.
fn header(bytes: &[u8], big: bool) -> Option<(u64, u64)> {
    let ints = |wide| Ints { bytes, big, wide };
    let first = match ints(false).u32(0)? {
        0xffff_fffa => 2,
        0xffff_fff0 | 0xffff_fff1 => 3,
        _ => return None,
    };
    let (Some([0, 0]), Some(1 | 2 | 4)) = (bytes.get(4..6), bytes.get(6)) else {
        return None;
    };
    let word = match bytes.get(7)? {
        size @ (4 | 8) => usize::from(*size),
        _ => return None,
    };
    let ints = ints(word == 8);
    let (from, to) = (
        ints.word(8 + first * word)?,
        ints.word(8 + (first + 1) * word)?,
    );
    (from <= to).then_some((from, to))
}

/// How many bytes are read of a line table that begins so: its header and the
/// names, that follow. None where it is none.
pub(super) fn needed(head: &[u8]) -> Option<u64> {
    let (_, to) = header(head, false).or_else(|| header(head, true))?;
    Some(to)
}

fn names<'a>(content: &'a dyn ReadAt, at: u64, binary: &Binary) -> io::Result<Cow<'a, [u8]>> {
    let head = part(content, at, 96)?;
    match header(&head, binary.big) {
        Some((from, to)) => part(
            content,
            at.saturating_add(from),
            (to - from).min(MOST_NAMES),
        ),
        None => Ok(Cow::Borrowed(&[])),
    }
}

/// Gives each package the functions of it, as `path/of/package.Type.Method`,
/// sorted. What belongs to no known module is of the standard library when its
/// path does not begin with a host.
pub(super) fn assign(functions: &Functions<'_>, found: &mut [FoundPackage]) {
    let paths: FxHashMap<String, usize> = found
        .iter()
        .enumerate()
        .map(|(index, found)| {
            let package = &found.package;
            let path = match package.namespace.as_str() {
                "" => package.name.clone(),
                namespace => format!("{namespace}/{}", package.name),
            };
            (path, index)
        })
        .collect();
    let standard = paths.get("stdlib").copied();
    let owner = |path: &str| {
        let path = decoded(path);
        let module = prefixes(&path).find_map(|prefix| paths.get(prefix).copied());
        let host = path
            .split('/')
            .next()
            .is_some_and(|first| first.contains('.'));
        let index = module.or(standard.filter(|_| !host && path != "main"))?;
        Some((index, path.into_owned()))
    };
    let mut count = 0;
    // Functions of one package stand together, and so do those within one function.
    let mut last = ("", None);
    for name in functions.names.split(|&byte| byte == 0) {
        if count >= functions.most {
            break;
        }
        let Some((path, symbol)) = std::str::from_utf8(name).ok().and_then(split) else {
            continue;
        };
        if last.0 != path {
            last = (path, owner(path));
        }
        let Some((index, path)) = &last.1 else {
            continue;
        };
        let symbols = &mut found[*index].symbols;
        let known = symbols.last().is_some_and(|other| {
            other.len() == path.len() + 1 + symbol.len()
                && other.starts_with(path.as_str())
                && other.ends_with(&*symbol)
        });
        if !known {
            symbols.push(format!("{path}.{symbol}"));
            count += 1;
        }
    }
    for package in found {
        package.symbols.sort_unstable();
        package.symbols.dedup();
    }
}

/// The path and every path above it.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once('/')?.0))
}

/// The path of the package and the name of the function without pointers,
/// type arguments and what the compiler made inside of it.
fn split(name: &str) -> Option<(&str, Cow<'_, str>)> {
    // Type arguments may hold paths themselves.
    let plain = name.find(['[', '(']).unwrap_or(name.len());
    let slash = name[..plain].rfind('/').map_or(0, |at| at + 1);
    let dot = slash + name[slash..].find('.')?;
    let (path, rest) = (&name[..dot], &name[dot + 1..]);
    if path.is_empty() || path.contains([':', ' ']) || rest.contains(':') {
        return None;
    }
    if plain == name.len() {
        let symbol = outer(rest);
        return (!symbol.is_empty()).then_some((path, Cow::Borrowed(symbol)));
    }
    let mut symbol = String::with_capacity(rest.len());
    let mut depth = 0u32;
    for char in rest.chars() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '(' | ')' | '*' => {}
            other if depth == 0 => symbol.push(other),
            _ => {}
        }
    }
    let length = outer(&symbol).len();
    symbol.truncate(length);
    (!symbol.is_empty()).then_some((path, Cow::Owned(symbol)))
}

/// Type and method, or function, without what is within it: `T.Do` of
/// `T.Do.func1.2` and of `T.Do-fm`.
fn outer(symbol: &str) -> &str {
    let mut end = 0;
    for part in symbol.split('.').take(2) {
        let within = part.is_empty()
            || part.starts_with(|first: char| first.is_ascii_digit())
            || ["func", "gowrap", "deferwrap"].iter().any(|prefix| {
                part.strip_prefix(prefix)
                    .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            });
        if within {
            break;
        }
        end += part.len() + usize::from(end > 0);
    }
    let symbol = &symbol[..end];
    symbol.split('-').next().unwrap_or(symbol)
}

/// The linker writes dots of a path's last part as `%2e`.
fn decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    Cow::Owned(path.replace("%2e", ".").replace("%2E", "."))
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A table of these names.
    pub(in super::super) fn functions(names: &[u8]) -> Functions<'_> {
        Functions {
            names: Cow::Borrowed(names),
            most: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_as_advisories_name_them() {
        let check = |name: &str, expect: Option<(&str, &str)>| {
            let found = split(name);
            let found = found.as_ref().map(|(path, name)| (*path, &**name));
            assert_eq!(found, expect, "{name}");
        };
        check(
            "net/http.(*Server).Serve",
            Some(("net/http", "Server.Serve")),
        );
        check("net/http.Header.Get", Some(("net/http", "Header.Get")));
        check("github.com/a/b.Do.func1.2", Some(("github.com/a/b", "Do")));
        check(
            "github.com/a/b.(*T).Do-fm",
            Some(("github.com/a/b", "T.Do")),
        );
        check(
            "slices.SortFunc[go.shape.[]x/y.Z,go.shape.int]",
            Some(("slices", "SortFunc")),
        );
        check("a/b.(*Set[...]).Add", Some(("a/b", "Set.Add")));
        check(
            "gopkg.in/yaml%2ev3.Unmarshal",
            Some(("gopkg.in/yaml%2ev3", "Unmarshal")),
        );
        check("type:.eq.net/http.x", None);
        check("go:buildid", None);
        check("", None);
        check("runtime", None);
    }
}
