//! Whether a version is among those that a statement is about, and which is
//! the first that is not any more.

use std::cmp::Ordering;

use crate::{
    Scheme,
    advisory::State,
    gist::{Bound, Gist, Span},
    version::compare,
};

/// What a statement says of one version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing.
    Nothing,
    /// That it does not have the vulnerability any more, or not yet.
    Clear,
    /// That it is not affected, whatever version it is.
    Not,
    /// That it has the vulnerability, and the first version that has not.
    Hit(Option<String>),
}

/// What `affected` says of `version`.
pub(super) fn judge(affected: &Gist<'_>, version: &str) -> Says {
    // A distribution speaks of all versions when it names none; where a feed
    // of a language names none it gave commits only, which tell nothing here.
    let names_none = affected.ranges.is_empty() && affected.versions.is_empty();
    let all = names_none && affected.source.is_some();
    let hit = all || contains(affected, version);
    match affected.state {
        State::NotAffected if hit || names_none => Says::Not,
        State::NotAffected => Says::Nothing,
        State::Fixed if all => Says::Nothing,
        _ if hit => Says::Hit(first_fixed(affected, version)),
        _ if names_none => Says::Nothing,
        _ => Says::Clear,
    }
}

fn contains(affected: &Gist<'_>, version: &str) -> bool {
    let scheme = affected.scheme;
    affected
        .ranges
        .iter()
        .any(|range| is_in(scheme, range, version))
        || affected.versions.contains(&version)
        // Other ways to write the same version: `1.0` and `1.0.0`.
        || affected
            .versions
            .iter()
            .any(|one| compare(scheme, one, version) == Ordering::Equal)
}

fn is_in(scheme: Scheme, range: &Span<'_>, version: &str) -> bool {
    let begun = range.introduced.is_none_or(|first| {
        // What OSV calls the beginning of all versions.
        first == "0" || compare(scheme, first, version) != Ordering::Greater
    });
    begun
        && match range.end {
            None => true,
            Some(Bound::Fixed(fixed)) => compare(scheme, version, fixed) == Ordering::Less,
            Some(Bound::LastAffected(last)) => compare(scheme, version, last) != Ordering::Greater,
        }
}

/// The first version after this one that no range and no list has: the end of
/// the range it is in, and of the next where that begins there.
fn first_fixed(affected: &Gist<'_>, version: &str) -> Option<String> {
    let scheme = affected.scheme;
    let mut fixes: Vec<&str> = affected
        .ranges
        .iter()
        .filter_map(|range| match range.end {
            Some(Bound::Fixed(fixed)) => Some(fixed),
            _ => None,
        })
        .filter(|fixed| compare(scheme, fixed, version) == Ordering::Greater)
        .collect();
    fixes.sort_by(|a, b| compare(scheme, a, b));
    fixes
        .into_iter()
        .find(|fixed| {
            !affected
                .ranges
                .iter()
                .any(|range| is_in(scheme, range, fixed))
                && !affected.versions.contains(fixed)
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plimsoll_model::PackageType;

    use super::*;
    use crate::advisory::{Affected, End, Origin, Range};

    fn range(text: &str) -> Range {
        let (first, end) = text.split_once("..").expect("a range");
        Range {
            introduced: (!first.is_empty()).then(|| first.to_owned()),
            end: match end.strip_prefix('=') {
                Some(last) => Some(End::LastAffected(last.to_owned())),
                None => (!end.is_empty()).then(|| End::Fixed(end.to_owned())),
            },
        }
    }

    fn affected(state: State, ranges: &[&str], versions: &[&str]) -> Affected {
        Affected {
            origin: Origin::Registry(PackageType::Npm),
            name: "a".into(),
            scheme: Scheme::Semver,
            ranges: ranges.iter().map(|text| range(text)).collect(),
            versions: versions.iter().map(|text| (*text).to_owned()).collect(),
            state,
            module: String::new(),
            architectures: Vec::new(),
            fix_published: None,
            imports: Vec::new(),
            notes: BTreeMap::new(),
        }
    }

    #[test]
    fn a_version_is_in_any_range_or_in_the_list() {
        let hit = |fixed: &str| Says::Hit((!fixed.is_empty()).then(|| fixed.to_owned()));
        let check = |ranges: &[&str], versions: &[&str], version: &str, expect: Says| {
            let says = judge(&(&affected(State::Fixed, ranges, versions)).into(), version);
            assert_eq!(says, expect, "{version} of {ranges:?} {versions:?}");
        };
        check(&["0..1.2.0"], &[], "1.1.9", hit("1.2.0"));
        check(&["0..1.2.0"], &[], "1.2.0", Says::Clear);
        check(&["0..1.2.0"], &[], "0.0.0-alpha", hit("1.2.0"));
        check(&["1.0.0..1.2.0"], &[], "1.0.0-rc.1", Says::Clear);
        check(&["..1.2.0", "2.0.0..2.0.5"], &[], "2.0.4", hit("2.0.5"));
        check(&["..1.2.0", "2.0.0..2.0.5"], &[], "1.5.0", Says::Clear);
        // The fix of one range is in the next: the first that is in none.
        check(&["..1.2.0", "1.2.0..1.3.0"], &[], "1.1.0", hit("1.3.0"));
        check(&["..1.2.0", "1.1.0.."], &[], "1.1.5", hit(""));
        check(&["1.0.0..=1.4.0"], &[], "1.4.0", hit(""));
        check(&["1.0.0..=1.4.0"], &[], "1.4.1", Says::Clear);
        check(&[], &["1.0.0", "1.0.1"], "1.0.1", hit(""));
        check(&["..1.0.0"], &["1.0.1"], "1.0.1+build", hit(""));
        check(&[], &[], "1.0.0", Says::Nothing);
        check(&[".."], &[], "1.0.0", hit(""));
    }

    #[test]
    fn a_distribution_that_names_no_version_speaks_of_all() {
        let check = |state: State, ranges: &[&str], expect: Says| {
            let mut affected = affected(state, ranges, &[]);
            affected.scheme = Scheme::Dpkg;
            affected.origin = Origin::Distribution {
                id: "debian".into(),
                release: "12".into(),
                stream: String::new(),
                source: true,
            };
            assert_eq!(
                judge(&(&affected).into(), "1.0-1"),
                expect,
                "{state} {ranges:?}"
            );
        };
        check(State::Affected, &[], Says::Hit(None));
        check(State::WillNotFix, &[], Says::Hit(None));
        check(State::NotAffected, &[], Says::Not);
        check(State::NotAffected, &[".."], Says::Not);
        check(State::NotAffected, &["2.0.."], Says::Nothing);
        check(State::Fixed, &["..0"], Says::Clear);
        check(
            State::Fixed,
            &["..1.0-1+deb12u1"],
            Says::Hit(Some("1.0-1+deb12u1".into())),
        );
        check(State::Fixed, &[], Says::Nothing);
    }
}
