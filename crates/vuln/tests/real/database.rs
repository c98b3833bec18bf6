//! The database over feeds as their publishers have them. The files are not
//! part of the repository: without them the tests say so and pass.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use plimsoll_model::PackageType;
use plimsoll_vuln::{
    db::{self, Builder, Database, PackageKey, SigningKey, Trust},
    lookup::{FeedInfo, Lookup as _, Place},
    read::{self, Format},
};

use crate::data::{bytes, files, unpack};

/// All JSON files below a folder, sorted.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|path| path.extension().is_some_and(|end| end == "json"));
    found
}

fn open(bytes: &[u8]) -> Database<&[u8]> {
    Database::open(bytes, Trust::SignedOrLocal(&[])).expect("made here")
}

#[test]
fn every_record_of_the_go_database_is_found_by_its_ids_and_by_its_modules() {
    let Some(folder) = unpack("feeds/go-vulndb-osv.tar.gz") else {
        return;
    };
    let mut builder = Builder::new();
    let (mut ids, mut modules) = (0, BTreeSet::new());
    let mut expected = Vec::new();
    for path in documents(folder.path()) {
        let bytes = bytes(&path);
        // The second path: the record's own JSON, not what a reader makes of it.
        let record: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        if let (Some(id), Some(affected)) = (record["id"].as_str(), record["affected"].as_array()) {
            let names = affected
                .iter()
                .filter_map(|one| one["package"]["name"].as_str());
            let names: BTreeSet<String> = names.map(str::to_owned).collect();
            let aliases = record["aliases"].as_array().into_iter().flatten();
            let mut all: Vec<String> = aliases
                .filter_map(|alias| alias.as_str().map(str::to_owned))
                .collect();
            all.push(id.to_owned());
            expected.push((id.to_owned(), all, names));
        }
        let records = read::read(Format::Osv, &path.to_string_lossy(), &bytes);
        assert!(records.skipped.is_empty(), "{:?}", records.skipped);
        records
            .advisories
            .into_iter()
            .for_each(|advisory| builder.add(advisory));
    }
    let bytes = builder.finish(None);
    let database = open(&bytes);
    assert_eq!(database.left_out(), 0);
    for (id, all, names) in &expected {
        for known in all {
            let found = database.by_id(known).expect("whole");
            assert!(
                found.iter().any(|advisory| advisory.id == *id),
                "{id} by {known}"
            );
            ids += 1;
        }
        for name in names {
            let about = database.about(Place::Registry(PackageType::Golang), name);
            let about = about.expect("whole");
            assert!(
                about.iter().any(|entry| entry.advisory.id == *id),
                "{id} by {name}"
            );
            modules.insert(name.clone());
        }
    }
    assert!(
        expected.len() > 4_000 && ids > expected.len(),
        "{}",
        expected.len()
    );
    let packages = database.packages().expect("whole").map(Result::unwrap);
    let packages: BTreeSet<PackageKey> = packages.collect();
    let go = Place::Registry(PackageType::Golang);
    let expected = modules.iter().map(|name| PackageKey::new(go, name));
    let expected: BTreeSet<PackageKey> = expected.collect();
    let more: Vec<_> = packages.symmetric_difference(&expected).take(9).collect();
    assert!(more.is_empty(), "{more:?}");
}

#[test]
fn a_day_of_changes_to_a_real_feed_is_a_small_delta_that_makes_the_signed_file() {
    let Some(folder) = unpack("feeds/bitnami-osv.tar.xz") else {
        return;
    };
    let mut all = Vec::new();
    // Some of it: enough for many blocks, and soon done.
    for path in documents(folder.path()).iter().step_by(5) {
        let bytes = bytes(path);
        all.extend(read::read(Format::Osv, &path.to_string_lossy(), &bytes).advisories);
    }
    let key = SigningKey::from_seed([7; 32]).expect("a key");
    let trusted = [key.public()];
    let make = |from: usize, days: i64| {
        let mut builder = Builder::new();
        let feed = FeedInfo {
            name: all[0].source.feed.clone(),
            as_of: plimsoll_model::Timestamp::from_second(days * 86_400).ok(),
            ..FeedInfo::default()
        };
        builder.add_feed(feed, all[from..from + all.len() - 40].iter().cloned());
        builder.finish(Some(&key))
    };
    let (old, new) = (make(0, 20_000), make(40, 20_001));
    let old = Database::open(old, Trust::Signed(&trusted)).expect("made here");
    let opened = Database::open(new.as_slice(), Trust::Signed(&trusted)).expect("made here");
    let delta = db::delta(&old, &opened).expect("two good files");
    assert!(
        delta.len() < new.len() / 20,
        "{} of {}",
        delta.len(),
        new.len()
    );
    assert!(db::apply(&old, &delta, Trust::Signed(&trusted)) == Ok(new.clone()));
    let changes = db::changed(&old, &opened).expect("whole");
    let packages = |of: &[plimsoll_vuln::advisory::Advisory]| -> BTreeSet<PackageKey> {
        let affected = of.iter().flat_map(|advisory| &advisory.affected);
        affected
            .map(|one| PackageKey::new(one.origin.place(), &one.name))
            .collect()
    };
    let mut expected = packages(&all[..40]);
    expected.extend(packages(&all[all.len() - 40..]));
    assert_eq!(changes.packages, expected);
}

#[test]
fn many_threads_ask_one_database_at_once_and_get_the_same() {
    let Some(folder) = unpack("feeds/go-vulndb-osv.tar.gz") else {
        return;
    };
    let mut builder = Builder::new();
    for path in documents(folder.path()).iter().take(600) {
        let bytes = bytes(path);
        let records = read::read(Format::Osv, &path.to_string_lossy(), &bytes);
        records
            .advisories
            .into_iter()
            .for_each(|advisory| builder.add(advisory));
    }
    let bytes = builder.finish(None);
    let database = open(&bytes);
    let ask = || -> Vec<usize> {
        let packages = database.packages().expect("whole").map(Result::unwrap);
        packages
            .map(|key| {
                database
                    .about(key.place.as_place(), &key.name)
                    .expect("whole")
                    .len()
            })
            .collect()
    };
    let expected: Vec<usize> = {
        let alone = open(&bytes);
        let packages = alone.packages().expect("whole").map(Result::unwrap);
        packages
            .map(|key| {
                alone
                    .about(key.place.as_place(), &key.name)
                    .expect("whole")
                    .len()
            })
            .collect()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), expected);
        }
    });
}
