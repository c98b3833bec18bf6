use super::*;

fn sample() -> Vec<u8> {
    let all = (0..300).map(|at| {
        advisory(
            &format!("CVE-2024-{at:04}"),
            &format!("p{}", at % 70),
            "1.2",
        )
    });
    let epss = Epss {
        score: 0.5,
        percentile: 0.9,
        day: None,
    };
    let score = Exploitation {
        epss: Some(epss),
        exploits: vec!["EDB-1".into()],
        kev: None,
    };
    let scores = (0..99).map(|at| (format!("CVE-2024-{at:04}"), score.clone()));
    build(&(all.collect(), scores.collect()))
}

/// Asks everything there is to ask. Answers do not matter, panics do.
fn ask<B: AsRef<[u8]> + Sync>(database: &Database<B>) {
    for at in (0..70).step_by(23) {
        let _ = database.about(Place::Registry(PackageType::Npm), &format!("p{at}"));
        let _ = database.naming(&format!("CVE-2024-{at:04}"));
        let _ = database.exploitation(&format!("CVE-2024-{at:04}"));
    }
    for place in database.places() {
        let _ = database.covers(place);
    }
    let _ = database
        .packages()
        .map(|packages| packages.take(99).count());
    let _ = database.lifecycles();
    let _ = database.verify();
}

#[test]
fn a_file_that_is_cut_or_has_more_behind_it_is_refused() {
    let bytes = sample();
    for length in [0, 7, 8, 12, 100, file::HEADER, bytes.len() - 1] {
        let cut = &bytes[..length];
        assert!(Database::open(cut, LOCAL).is_err(), "{length}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(matches!(
        Database::open(longer, LOCAL),
        Err(DbError::Length { .. })
    ));
    assert!(matches!(
        Database::open(b"PK\x03\x04 something else".repeat(99), LOCAL),
        Err(DbError::Foreign)
    ));
    let mut later = bytes;
    later[8] = 2;
    assert!(matches!(
        Database::open(later, LOCAL),
        Err(DbError::Format(2))
    ));
}

#[test]
fn no_byte_can_be_changed_unnoticed() {
    let bytes = sample();
    let step = (bytes.len() / 1_500).max(1);
    // All of the header, and a spread of the rest.
    let places = (0..file::HEADER).chain((file::HEADER..bytes.len()).step_by(step));
    for at in places {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        let Ok(database) = Database::open(changed, LOCAL) else {
            continue;
        };
        let error = database.verify().unwrap_err();
        assert!(error.to_string().contains("section `"), "{error}");
    }
}

#[test]
fn a_damaged_part_is_an_error_that_names_it_and_the_rest_still_answers() {
    let mut builder = builder(&(vec![advisory("CVE-2024-0007", "a", "1")], Vec::new()));
    // More than a chunk, so that its end is in one of its own.
    (0..3_000).for_each(|at| builder.add_lifecycle(lifecycle(&format!("product-{at:04}"))));
    let mut bytes = builder.finish(None);
    let database = Database::open(bytes.clone(), LOCAL).unwrap();
    let body: usize = Section::ALL
        .map(|section| database.file.len(section))
        .iter()
        .sum();
    bytes[file::HEADER + body - 1] ^= 1;
    let database = Database::open(bytes, LOCAL).unwrap();
    let error = database.lifecycle("product-2999").unwrap_err();
    assert!(error.to_string().contains("`lifecycles`"), "{error}");
    assert_eq!(database.naming("CVE-2024-0007").map(|all| all.len()), Ok(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn content_that_was_made_up_but_sealed_well_never_panics(
        section in 0..Section::COUNT,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let bytes = sample();
        let database = Database::open(bytes, LOCAL).unwrap();
        let mut sections = Section::ALL.map(|section| database.file.section(section).unwrap().to_vec());
        let hostile = &mut sections[section];
        if !hostile.is_empty() {
            for (at, with) in &flips {
                let at = at.index(hostile.len());
                hostile[at] = *with;
            }
            if let Some(cut) = cut {
                hostile.truncate(cut.index(hostile.len()));
            }
        }
        if let Ok(database) = Database::open(file::write(&sections, None), LOCAL) {
            ask(&database);
            let good = Database::open(sample(), LOCAL).unwrap();
            let _ = changed(&good, &database);
            let _ = delta(&database, &good);
        }
    }
}
