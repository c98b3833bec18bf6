//! Debian's releases, as of 2026-08 up to `duke`, which follows `forky`.
//!
//! <https://www.debian.org/releases/>

const RELEASES: [(&str, &str); 20] = [
    ("buzz", "1.1"),
    ("rex", "1.2"),
    ("bo", "1.3"),
    ("hamm", "2.0"),
    ("slink", "2.1"),
    ("potato", "2.2"),
    ("woody", "3.0"),
    ("sarge", "3.1"),
    ("etch", "4.0"),
    ("lenny", "5.0"),
    ("squeeze", "6.0"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// The number of a release by its code name: `bookworm` is `12`. The release
/// that never is one, `sid`, has none and is the empty text, as its os-release
/// has no version.
#[must_use]
pub fn release(codename: &str) -> Option<&'static str> {
    let codename = codename.trim();
    if matches!(codename, "sid" | "unstable") {
        return Some("");
    }
    RELEASES
        .iter()
        .find(|(name, _)| *name == codename)
        .map(|(_, number)| *number)
}
