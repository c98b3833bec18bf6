//! One licence's name, however it is written, to its SPDX id.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Names that differ in more than spelling from SPDX's id or full name, folded
/// as [`fold`] does.
const ALIASES: &[(&str, &str)] = &[
    ("0bsd", "0BSD"),
    ("2clausebsd", "BSD-2-Clause"),
    ("3clausebsd", "BSD-3-Clause"),
    ("academic3", "AFL-3.0"),
    ("afl2.1", "AFL-2.1"),
    ("al2.0", "Apache-2.0"),
    ("apache", "Apache-2.0"),
    ("apache1.1", "Apache-1.1"),
    ("apache2", "Apache-2.0"),
    ("apachefoundation2.0", "Apache-2.0"),
    ("artistic", "Artistic-1.0-Perl"),
    ("artistic2", "Artistic-2.0"),
    ("artisticclarified", "ClArtistic"),
    ("asf2.0", "Apache-2.0"),
    ("asl1.1", "Apache-1.1"),
    ("asl2", "Apache-2.0"),
    ("asl2.0", "Apache-2.0"),
    ("boost", "BSL-1.0"),
    ("boost1.0", "BSL-1.0"),
    ("bouncycastle", "MIT"),
    ("bsd", "BSD-3-Clause"),
    ("bsd2", "BSD-2-Clause"),
    ("bsd2clause", "BSD-2-Clause"),
    ("bsd2clausefreebsd", "BSD-2-Clause"),
    ("bsd3", "BSD-3-Clause"),
    ("bsd3clause", "BSD-3-Clause"),
    ("bsd4", "BSD-4-Clause"),
    ("bsd4clause", "BSD-4-Clause"),
    ("bsdlike", "BSD-3-Clause"),
    ("bsdstyle", "BSD-3-Clause"),
    ("cc0", "CC0-1.0"),
    ("cc0publicdomaindedication", "CC0-1.0"),
    ("ccby3.0", "CC-BY-3.0"),
    ("ccby4", "CC-BY-4.0"),
    ("ccbysa3.0", "CC-BY-SA-3.0"),
    ("cddl", "CDDL-1.0"),
    ("commonpublic1.0", "CPL-1.0"),
    ("cpl", "CPL-1.0"),
    ("eclipsedistribution1.0", "BSD-3-Clause"),
    ("eclipsedistributionv1.0", "BSD-3-Clause"),
    ("eclipsepublic1.0", "EPL-1.0"),
    ("eclipsepublic2.0", "EPL-2.0"),
    ("edl1.0", "BSD-3-Clause"),
    ("epl", "EPL-1.0"),
    ("epl2", "EPL-2.0"),
    ("expat", "MIT"),
    ("freebsd", "BSD-2-Clause"),
    (
        "gpl2.0withclasspathexception",
        "GPL-2.0-only WITH Classpath-exception-2.0",
    ),
    (
        "gpl2wclasspathexception",
        "GPL-2.0-only WITH Classpath-exception-2.0",
    ),
    ("gpl2wcpe", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("hpnd", "HPND"),
    ("isc", "ISC"),
    ("libpng", "Libpng"),
    ("mit", "MIT"),
    ("mitx", "MIT"),
    ("mitx11", "MIT"),
    ("modifiedbsd", "BSD-3-Clause"),
    ("mozillapublic1.1", "MPL-1.1"),
    ("mozillapublic2.0", "MPL-2.0"),
    ("mpl", "MPL-2.0"),
    ("mpl2", "MPL-2.0"),
    ("newbsd", "BSD-3-Clause"),
    ("ofl", "OFL-1.1"),
    ("perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("perl5", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("php", "PHP-3.01"),
    ("psf", "PSF-2.0"),
    ("psf2", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("python", "Python-2.0"),
    ("pythonfoundation", "PSF-2.0"),
    ("revisedbsd", "BSD-3-Clause"),
    ("ruby", "Ruby"),
    ("simplifiedbsd", "BSD-2-Clause"),
    ("universalpermissive1.0", "UPL-1.0"),
    ("upl", "UPL-1.0"),
    ("vim", "Vim"),
    ("w3c", "W3C"),
    ("wtfpl2", "WTFPL"),
    ("x11", "X11"),
    ("zlib", "Zlib"),
    ("zope2.1", "ZPL-2.1"),
    ("zpl2.1", "ZPL-2.1"),
];

/// Exceptions by other names than SPDX's, folded.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("autoconf", "Autoconf-exception-2.0"),
    ("autoconfexception", "Autoconf-exception-2.0"),
    ("bison", "Bison-exception-2.2"),
    ("bisonexception", "Bison-exception-2.2"),
    ("classpath", "Classpath-exception-2.0"),
    ("classpathexception", "Classpath-exception-2.0"),
    ("fontexception", "Font-exception-2.0"),
    ("gccexception", "GCC-exception-3.1"),
    ("gccruntimelibraryexception", "GCC-exception-3.1"),
    ("libtool", "Libtool-exception"),
    ("llvmexceptions", "LLVM-exception"),
    ("runtimelibraryexception", "GCC-exception-3.1"),
];

/// Ids and full names of SPDX's list and the aliases, folded.
static LICENCES: LazyLock<FxHashMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = FxHashMap::default();
    for (alias, id) in ALIASES {
        names.insert((*alias).to_owned(), *id);
    }
    let list = || spdx::identifiers::LICENSES.iter();
    let deprecated =
        |name: &str| spdx::license_id(name).is_some_and(spdx::LicenseId::is_deprecated);
    for wanted in [false, true] {
        for licence in list().filter(|licence| deprecated(licence.name) == wanted) {
            names.entry(fold(licence.name)).or_insert(licence.name);
        }
        for licence in list().filter(|licence| deprecated(licence.name) == wanted) {
            names.entry(fold(licence.full_name)).or_insert(licence.name);
        }
    }
    names
});

static EXCEPTION_IDS: LazyLock<FxHashMap<String, &'static str>> = LazyLock::new(|| {
    let listed = spdx::identifiers::EXCEPTIONS
        .iter()
        .map(|exception| (fold(exception.name), exception.name));
    let aliases = EXCEPTIONS
        .iter()
        .map(|(alias, id)| ((*alias).to_owned(), *id));
    listed.chain(aliases).collect()
});

/// The SPDX id (or, for a few names, the expression) of a licence's name.
pub(super) fn licence(name: &str) -> Option<&'static str> {
    let name = name.trim();
    if name.is_empty() || name.len() > 200 || is_noise(name) {
        return None;
    }
    let folded = fold(name);
    gnu(&folded)
        .or_else(|| LICENCES.get(&folded).copied())
        .or_else(|| {
            // `GNU General Public License v2 (GPLv2)`, `ISC License (ISCL)`
            let (outer, rest) = name.split_once('(')?;
            let (inner, after) = rest.split_once(')')?;
            if !after.trim().is_empty() || outer.trim().is_empty() {
                return None;
            }
            let of = |text: &str| {
                let folded = fold(text);
                gnu(&folded).or_else(|| LICENCES.get(&folded).copied())
            };
            let (outer, inner) = (of(outer), of(inner));
            // The abbreviation tells the version where the name does not.
            match (outer, inner) {
                (Some(outer), Some(inner)) if outer != inner && is_any_version(outer) => {
                    Some(inner)
                }
                (Some(outer), _) => Some(outer),
                (None, inner) => inner,
            }
        })
}

fn is_any_version(id: &str) -> bool {
    matches!(
        id,
        "GPL-1.0-or-later" | "LGPL-2.0-or-later" | "GFDL-1.1-or-later"
    )
}

/// The SPDX id of an exception's name.
pub(super) fn exception(name: &str) -> Option<&'static str> {
    if name.len() > 200 || is_noise(name) {
        return None;
    }
    EXCEPTION_IDS.get(&fold(name)).copied()
}

/// Whether a text has what no name of a licence has. What is left of such a
/// text without it may look like one.
fn is_noise(name: &str) -> bool {
    name.contains(|c: char| c.is_control() || matches!(c, '?' | '…' | '\u{fffd}'))
}

/// Lower case letters, digits, `.` and `+` alone, without the words and the
/// `v` that say nothing: `The Apache License, Version 2.0` is `apache2.0`.
fn fold(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let mut folded = kept;
    // `unlicense` and `unlicensed` are names of their own.
    if !folded.starts_with("unlicen") {
        for word in [
            "licensed", "license", "licence", "software", "version", "gnu",
        ] {
            if folded.contains(word) {
                folded = folded.replace(word, if word == "version" { "v" } else { "" });
            }
        }
    }
    if let Some(rest) = folded.strip_prefix("the") {
        folded = rest.to_owned();
    }
    let mut result = String::with_capacity(folded.len());
    let mut chars = folded.chars().peekable();
    while let Some(c) = chars.next() {
        if c == 'v' && chars.peek().is_some_and(char::is_ascii_digit) {
            continue;
        }
        result.push(c);
    }
    result
}

/// The licences of GNU, whose names are put together from a family, a version
/// and whether later ones do.
fn gnu(folded: &str) -> Option<&'static str> {
    const FAMILIES: &[(&str, &str)] = &[
        ("afferogeneralpublic", "AGPL"),
        ("agpl", "AGPL"),
        ("lesserorlibrarygeneralpublic", "LGPL"),
        ("libraryorlessergeneralpublic", "LGPL"),
        ("librarygeneralpublic", "LGPL"),
        ("lessergeneralpublic", "LGPL"),
        ("lessergpl", "LGPL"),
        ("lgpl", "LGPL"),
        ("generalpublic", "GPL"),
        ("gpl", "GPL"),
        ("freedocumentation", "GFDL"),
        ("gfdl", "GFDL"),
        ("fdl", "GFDL"),
    ];
    let (rest, family) = FAMILIES
        .iter()
        .find_map(|(name, family)| Some((folded.strip_prefix(name)?, *family)))?;
    // `GNU Affero General Public License (AGPL) v3`
    let digits = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (version, suffix) = rest.split_at(digits);
    let later = match suffix {
        "" | "only" => false,
        "+" | "orlater" | "oranylater" | "orgreater" | "orabove" | "ornewer" | "orhigher" => true,
        _ => return None,
    };
    let version = version.trim_end_matches('.');
    let at = |only, or_later| Some(if later { or_later } else { only });
    match (family, version) {
        ("GPL", "") if suffix != "only" => Some("GPL-1.0-or-later"),
        ("LGPL", "") if suffix != "only" => Some("LGPL-2.0-or-later"),
        ("GFDL", "") if suffix != "only" => Some("GFDL-1.1-or-later"),
        ("GPL", "1" | "1.0") => at("GPL-1.0-only", "GPL-1.0-or-later"),
        ("GPL", "2" | "2.0") => at("GPL-2.0-only", "GPL-2.0-or-later"),
        ("GPL", "3" | "3.0") => at("GPL-3.0-only", "GPL-3.0-or-later"),
        ("LGPL", "2" | "2.0") => at("LGPL-2.0-only", "LGPL-2.0-or-later"),
        ("LGPL", "2.1") => at("LGPL-2.1-only", "LGPL-2.1-or-later"),
        ("LGPL", "3" | "3.0") => at("LGPL-3.0-only", "LGPL-3.0-or-later"),
        ("AGPL", "1" | "1.0") => at("AGPL-1.0-only", "AGPL-1.0-or-later"),
        ("AGPL", "3" | "3.0") => at("AGPL-3.0-only", "AGPL-3.0-or-later"),
        ("GFDL", "1.1") => at("GFDL-1.1-only", "GFDL-1.1-or-later"),
        ("GFDL", "1.2") => at("GFDL-1.2-only", "GFDL-1.2-or-later"),
        ("GFDL", "1.3") => at("GFDL-1.3-only", "GFDL-1.3-or-later"),
        _ => None,
    }
}
