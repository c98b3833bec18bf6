use std::collections::BTreeSet;

use plimsoll_model::PackageType;
use proptest::prelude::*;

use super::*;
use crate::{
    Scheme,
    advisory::{End, Epss, Import, Kev, Range, SeverityStatement, Source, State},
    lookup::Memory,
};

mod delta;
mod hostile;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

/// An advisory about one package of a registry.
fn advisory(id: &str, name: &str, fixed: &str) -> Advisory {
    Advisory {
        id: id.to_owned(),
        aliases: Vec::new(),
        about: Vec::new(),
        source: Source {
            feed: "test".into(),
            ..Source::default()
        },
        summary: format!("{name} can be broken"),
        details: String::new(),
        severities: Vec::new(),
        weaknesses: Vec::new(),
        references: Vec::new(),
        affected: vec![Affected {
            origin: Origin::Registry(PackageType::Npm),
            name: name.to_owned(),
            scheme: Scheme::Semver,
            ranges: vec![Range {
                introduced: None,
                end: Some(End::Fixed(fixed.to_owned())),
            }],
            versions: Vec::new(),
            state: State::Fixed,
            module: String::new(),
            architectures: Vec::new(),
            fix_published: None,
            imports: Vec::new(),
            notes: BTreeMap::new(),
        }],
        withdrawn: None,
    }
}

/// Few names, so that records meet.
fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn origins() -> impl Strategy<Value = Origin> {
    let distribution = (
        word(&["debian", "alpine", "wolfi"]),
        word(&["", "12", "3.19"]),
        word(&["", "main", "esm"]),
        any::<bool>(),
    );
    prop_oneof![
        distribution.prop_map(|(id, release, stream, source)| Origin::Distribution {
            id,
            release,
            stream,
            source
        }),
        prop::sample::select(&[PackageType::Npm, PackageType::Golang][..])
            .prop_map(Origin::Registry),
        Just(Origin::Program),
    ]
}

fn affecteds() -> impl Strategy<Value = Affected> {
    let range = (
        prop::option::of(word(&["1.0", "2.0"])),
        prop::option::of(word(&["1.5", "3"])),
    );
    let ranges = prop::collection::vec(range, 0..3);
    let name = word(&[
        "openssl",
        "zlib",
        "@types/node",
        "example.com/Upper",
        "",
        "a\0b",
    ]);
    (origins(), name, ranges, any::<bool>(), "[a-z ]{0,9}").prop_map(
        |(origin, name, ranges, fixed, text)| Affected {
            origin,
            name,
            scheme: Scheme::Dpkg,
            ranges: ranges
                .into_iter()
                .map(|(introduced, end)| Range {
                    introduced,
                    end: end.map(if fixed { End::Fixed } else { End::LastAffected }),
                })
                .collect(),
            versions: vec![text.clone()],
            state: if fixed {
                State::Fixed
            } else {
                State::WillNotFix
            },
            module: text.clone(),
            architectures: Vec::new(),
            fix_published: Some(jiff_date(2024)),
            imports: vec![Import {
                path: text.clone(),
                ..Import::default()
            }],
            notes: BTreeMap::from([("urgency".to_owned(), text)]),
        },
    )
}

fn jiff_date(year: i16) -> Date {
    Date::new(year, 2, 29).unwrap()
}

fn advisories() -> impl Strategy<Value = Vec<Advisory>> {
    let ids = &["CVE-2024-0001", "CVE-2024-0002", "GHSA-x", "DSA-1-1"];
    let some = |most| prop::collection::vec(word(ids), 0..most);
    let one = (
        (
            word(ids),
            some(3),
            some(3),
            word(&["debian", "osv", "secdb"]),
        ),
        (
            ".{0,20}",
            prop::collection::vec(affecteds(), 0..4),
            any::<bool>(),
        ),
    );
    let one = one.prop_map(
        |((id, aliases, about, feed), (text, affected, withdrawn))| Advisory {
            id,
            aliases,
            about,
            source: Source {
                feed,
                record: text.clone(),
                published: Some(Timestamp::UNIX_EPOCH),
                modified: None,
            },
            summary: text.clone(),
            details: text.repeat(10),
            severities: vec![SeverityStatement {
                by: "debian".into(),
                word: text.clone(),
                level: Some(plimsoll_model::Severity::High),
                vector: text.clone(),
            }],
            weaknesses: vec!["CWE-79".into()],
            references: vec![text],
            affected,
            withdrawn: withdrawn.then_some(Timestamp::UNIX_EPOCH),
        },
    );
    prop::collection::vec(one, 0..12)
}

fn exploitations() -> impl Strategy<Value = Vec<(String, Exploitation)>> {
    let cve = word(&[
        "CVE-2024-0001",
        "CVE-2024-0002",
        "CVE-1999-10000",
        "CAN-1",
        "CVE-2024-00003",
    ]);
    let kev = any::<bool>().prop_map(|ransomware| Kev {
        added: jiff_date(2024),
        due: None,
        ransomware,
        name: "Name".into(),
    });
    let score = prop_oneof![
        (0_u32..=100_000).prop_map(|at| at as f32 / 100_000.0),
        0.0_f32..1.0
    ];
    let epss = (score.clone(), score, 0_i16..2).prop_map(|(score, percentile, year)| Epss {
        score,
        percentile,
        day: Some(jiff_date(2020 + year * 4)),
    });
    let one = (
        cve,
        prop::option::of(kev),
        prop::option::of(epss),
        any::<bool>(),
    );
    let one = one.prop_map(|(cve, kev, epss, known)| {
        let exploits = known.then(|| "EDB-1".to_owned()).into_iter().collect();
        (
            cve,
            Exploitation {
                kev,
                epss,
                exploits,
            },
        )
    });
    prop::collection::vec(one, 0..8)
}

fn lifecycle(product: &str) -> Lifecycle {
    Lifecycle {
        product: product.to_owned(),
        ..Lifecycle::default()
    }
}

type Content = (Vec<Advisory>, Vec<(String, Exploitation)>);

/// All that is known of one CVE comes at once, as lookups give it.
fn contents() -> impl Strategy<Value = Content> {
    (advisories(), exploitations()).prop_map(|(advisories, exploitation)| {
        let once: BTreeMap<String, Exploitation> = exploitation.into_iter().collect();
        (advisories, once.into_iter().collect())
    })
}

fn builder(content: &Content) -> Builder {
    let mut builder = Builder::new();
    builder.describe(FeedInfo {
        name: "osv".into(),
        as_of: Some(Timestamp::UNIX_EPOCH),
        records: 7,
        ..FeedInfo::default()
    });
    content
        .0
        .iter()
        .cloned()
        .for_each(|advisory| builder.add(advisory));
    for (cve, exploitation) in &content.1 {
        builder.add_exploitation(cve.as_str(), exploitation.clone());
    }
    builder.add_lifecycle(lifecycle("alpine-linux"));
    builder
}

fn build(content: &Content) -> Vec<u8> {
    builder(content).finish(None)
}

/// Entries as what they say, to be compared whatever their order.
fn said(entries: Vec<Entry>) -> BTreeSet<String> {
    let text = |entry: &Entry| {
        let mut advisory = (*entry.advisory).clone();
        advisory.affected = vec![entry.affected().unwrap().clone()];
        format!("{advisory:?}")
    };
    entries.iter().map(text).collect()
}

/// The records of an id without what they say of packages, and whether that is
/// about a distribution's.
fn heads(of: &dyn Lookup, id: &str) -> BTreeSet<String> {
    let head = |head: Head| {
        let bare = Advisory {
            affected: Vec::new(),
            ..(*head.record).clone()
        };
        format!("{} {bare:?}", head.of_distribution)
    };
    of.heads(id).unwrap().into_iter().map(head).collect()
}

fn texts(advisories: Vec<Arc<Advisory>>) -> BTreeSet<String> {
    advisories
        .iter()
        .map(|advisory| format!("{advisory:?}"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_database_answers_what_was_put_into_it(content in contents()) {
        let mut memory = Memory::new();
        memory.describe(builder(&content).feeds["osv"].clone());
        content.0.iter().cloned().for_each(|advisory| memory.add(advisory));
        for (cve, exploitation) in &content.1 {
            memory.add_exploitation(cve.as_str(), exploitation.clone());
        }
        let database = Database::open(build(&content), LOCAL).unwrap();
        prop_assert_eq!(database.verify(), Ok(()));
        prop_assert_eq!(database.left_out(), 0);
        prop_assert_eq!(database.feeds(), memory.feeds());
        let places: BTreeSet<PlaceBuf> = database.places().map(Into::into).collect();
        let mut asked = BTreeSet::new();
        for affected in content.0.iter().flat_map(|advisory| &advisory.affected) {
            let (place, name) = (affected.origin.place(), affected.name.as_str());
            prop_assert!(places.contains(&place.into()));
            prop_assert_eq!(
                said(database.about(place, name).unwrap()),
                said(memory.about(place, name).unwrap())
            );
            let gists = |of: &dyn Lookup| {
                let mut seen = BTreeSet::new();
                let mut see = |gist: &Gist<'_>| !seen.insert(format!("{gist:?}"));
                of.about_if(place, name, &mut see).unwrap();
                seen
            };
            prop_assert_eq!(gists(&database), gists(&memory));
            let mut fixed = |gist: &Gist<'_>| gist.state == State::Fixed;
            prop_assert_eq!(
                said(database.about_if(place, name, &mut fixed).unwrap()),
                said(memory.about_if(place, name, &mut fixed).unwrap())
            );
            prop_assert_eq!(database.covers(place), memory.covers(place));
            asked.insert(PackageKey::new(place, name));
        }
        let packages: Vec<PackageKey> = database.packages().unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(packages.len(), asked.len());
        prop_assert_eq!(BTreeSet::from_iter(packages), asked);
        for id in ["CVE-2024-0001", "CVE-2024-0002", "GHSA-x", "DSA-1-1", "CVE-1999-10000"] {
            prop_assert_eq!(texts(database.by_id(id).unwrap()), texts(memory.by_id(id).unwrap()));
            prop_assert_eq!(heads(&database, id), heads(&memory, id));
            let named = content.0.iter().filter(|advisory| {
                advisory.id == id || [&advisory.aliases, &advisory.about].iter().any(|ids| ids.contains(&id.to_owned()))
            });
            let named: BTreeSet<String> = named.map(|advisory| format!("{advisory:?}")).collect();
            prop_assert_eq!(texts(database.naming(id).unwrap()), named);
        }
        for (cve, exploitation) in &content.1 {
            let expected = (*exploitation != Exploitation::default()).then_some(exploitation);
            let known = database.exploitation(cve).unwrap();
            prop_assert_eq!(known.as_ref(), expected);
        }
        prop_assert_eq!(database.exploitation("CVE-2000-0001"), Ok(None));
        let kept = database.lifecycle("alpine-linux").unwrap();
        prop_assert_eq!(kept, Some(lifecycle("alpine-linux")));
    }

    #[test]
    fn the_same_content_makes_the_same_bytes_in_whatever_order_it_comes(
        content in contents(),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let mut other = content.clone();
        if !other.0.is_empty() {
            let by = shuffled.index(other.0.len());
            other.0.rotate_left(by);
            other.0.swap(0, by);
            // Once more is not more.
            other.0.push(other.0[by].clone());
        }
        other.1.reverse();
        prop_assert_eq!(build(&content), build(&other));
    }
}

#[test]
fn what_is_known_of_a_cve_adds_up_whoever_comes_first() {
    let kev = Kev {
        added: jiff_date(2024),
        due: None,
        ransomware: true,
        name: "Name".into(),
    };
    let epss = |year| Epss {
        score: 0.5,
        percentile: 0.9,
        day: Some(jiff_date(year)),
    };
    let exploit = |name: &str| vec![name.to_owned()];
    let parts = [
        Exploitation {
            kev: Some(kev.clone()),
            ..Exploitation::default()
        },
        Exploitation {
            epss: Some(epss(2020)),
            exploits: exploit("b"),
            ..Exploitation::default()
        },
        Exploitation {
            epss: Some(epss(2024)),
            exploits: exploit("a"),
            ..Exploitation::default()
        },
    ];
    let expected = Exploitation {
        kev: Some(kev),
        epss: Some(epss(2024)),
        exploits: vec!["a".into(), "b".into()],
    };
    for cve in ["CVE-2024-0001", "no CVE"] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut builder = Builder::new();
            for at in order {
                builder.add_exploitation(cve, parts[at].clone());
            }
            let database = Database::open(builder.finish(None), LOCAL).unwrap();
            assert_eq!(
                database.exploitation(cve).unwrap().as_ref(),
                Some(&expected)
            );
        }
    }
}

#[test]
fn only_what_a_trusted_key_signed_is_opened_and_the_unsigned_only_where_that_is_allowed() {
    let (ours, theirs) = (key(1), key(2));
    let trusted = [key(3).public(), ours.public()];
    let content = || {
        builder(&(
            vec![advisory("CVE-2024-0001", "left-pad", "1.2")],
            Vec::new(),
        ))
    };
    let signed = content().finish(Some(&ours));
    let foreign = content().finish(Some(&theirs));
    let unsigned = content().finish(None);
    let open = |bytes: &[u8], trust: Trust<'_>| {
        Database::open(bytes.to_vec(), trust).map(|database| database.signed_by())
    };
    let (strict, local) = (Trust::Signed(&trusted), Trust::SignedOrLocal(&trusted));
    for trust in [strict, local] {
        assert_eq!(open(&signed, trust), Ok(Some(ours.public().id())));
        assert_eq!(
            open(&foreign, trust),
            Err(DbError::UnknownKey(theirs.public().id()))
        );
    }
    assert_eq!(open(&unsigned, strict), Err(DbError::Unsigned));
    assert_eq!(open(&unsigned, local), Ok(None));
    assert_eq!(
        Database::open(signed.as_slice(), strict)
            .unwrap()
            .identity(),
        Database::open(unsigned.as_slice(), local)
            .unwrap()
            .identity()
    );
}

#[test]
fn what_no_file_can_hold_is_left_out_and_counted() {
    let mut long = advisory("CVE-2024-0001", &"x".repeat(3_000), "1");
    long.affected.extend(advisory("", "kept", "1").affected);
    long.aliases = (0..5_000).map(|at| format!("A-{at}")).collect();
    let database = Database::open(build(&(vec![long], Vec::new())), LOCAL).unwrap();
    assert_eq!(database.left_out(), 1 + 904);
    let kept = database
        .about(Place::Registry(PackageType::Npm), "kept")
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(database.verify(), Ok(()));
}

#[test]
fn many_packages_and_records_are_found_across_blocks() {
    let all = (0..5_000).map(|at| {
        advisory(
            &format!("CVE-2024-{at:05}"),
            &format!("p{}", at % 700),
            "1.2",
        )
    });
    let database = Database::open(build(&(all.collect(), Vec::new())), LOCAL).unwrap();
    assert_eq!(database.verify(), Ok(()));
    for at in (0..5_000).step_by(37) {
        let id = format!("CVE-2024-{at:05}");
        let found = database.by_id(&id).unwrap();
        assert_eq!(*found[0], advisory(&id, &format!("p{}", at % 700), "1.2"));
    }
    for at in 0..700 {
        let about = database
            .about(Place::Registry(PackageType::Npm), &format!("p{at}"))
            .unwrap();
        assert_eq!(about.len(), if at < 100 { 8 } else { 7 });
    }
    let none = database
        .about(Place::Registry(PackageType::Npm), "p700")
        .unwrap();
    assert_eq!(none, []);
}

#[test]
fn what_is_encoded_has_the_shape_of_this_format() {
    let mut advisory = advisory("CVE-2024-0001", "left-pad", "1.2");
    advisory.source.published = Some(Timestamp::UNIX_EPOCH);
    advisory.severities.push(SeverityStatement {
        by: "nvd".into(),
        word: "high".into(),
        level: Some(plimsoll_model::Severity::High),
        vector: "CVSS:3.1/".into(),
    });
    advisory.withdrawn = Some(Timestamp::UNIX_EPOCH);
    advisory.affected[0].fix_published = Some(jiff_date(2024));
    advisory.affected[0].imports.push(Import::default());
    let exploitation = Exploitation {
        kev: Some(Kev {
            added: jiff_date(2024),
            due: Some(jiff_date(2024)),
            ransomware: true,
            name: "Name".into(),
        }),
        epss: Some(Epss {
            score: 0.5,
            percentile: 0.5,
            day: Some(jiff_date(2024)),
        }),
        exploits: vec!["EDB-1".into()],
    };
    let cycle = crate::advisory::Cycle {
        end: crate::advisory::Ending::On(jiff_date(2024)),
        ..Default::default()
    };
    let mut lifecycle = lifecycle("alpine-linux");
    lifecycle.cycles.push(cycle);
    let everything = (advisory, exploitation, lifecycle, Meta::default());
    let bytes = postcard::to_stdvec(&everything).unwrap();
    assert_eq!(
        (FORMAT, blake3::hash(&bytes).to_hex().as_str()),
        (
            1,
            "71c954ed0885c61e54d6cb26724a7abbe72498ae794f4452733cb58fb97c8cfd"
        ),
        "what is encoded has another shape: raise FORMAT, so that no program misreads the other's files"
    );
}
