use super::*;
use crate::db::{DeltaError, apply, changed, delta};

fn open(bytes: Vec<u8>) -> Database<Vec<u8>> {
    Database::open(bytes, LOCAL).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_delta_makes_the_new_database_byte_for_byte(old in contents(), new in contents()) {
        let signer = key(7);
        let (old, bytes) = (open(build(&old)), builder(&new).finish(Some(&signer)));
        let trusted = [signer.public()];
        let new = Database::open(bytes.as_slice(), Trust::Signed(&trusted)).unwrap();
        let made = delta(&old, &new).unwrap();
        prop_assert_eq!(apply(&old, &made, Trust::Signed(&trusted)), Ok(bytes.clone()));
        let other = [key(8).public()];
        let distrusted = Err(DeltaError::Database(DbError::UnknownKey(signer.public().id())));
        prop_assert_eq!(apply(&old, &made, Trust::Signed(&other)), distrusted);
    }

    #[test]
    fn what_changed_are_the_packages_of_which_something_else_is_said(old in contents(), new in contents()) {
        let (old, new) = (open(build(&old)), open(build(&new)));
        let changes = changed(&old, &new).unwrap();
        let packages = |database: &Database<Vec<u8>>| -> BTreeSet<PackageKey> {
            database.packages().unwrap().map(Result::unwrap).collect()
        };
        for key in packages(&old).union(&packages(&new)) {
            let about = |database: &Database<Vec<u8>>| said(database.about(key.place.as_place(), &key.name).unwrap());
            if about(&old) != about(&new) {
                prop_assert!(changes.packages.contains(key));
            }
        }
        prop_assert_eq!(changed(&old, &old), Ok(Default::default()));
    }

    #[test]
    fn a_delta_that_is_damaged_is_refused(at in any::<prop::sample::Index>(), with: u8, cut in any::<bool>()) {
        let old = open(build(&(vec![advisory("CVE-2024-0001", "a", "1")], Vec::new())));
        let content = (vec![advisory("CVE-2024-0002", "b", "2")], Vec::new());
        let new = open(build(&content));
        let good = delta(&old, &new).unwrap();
        let mut bad = good.clone();
        let at = at.index(bad.len());
        if cut {
            bad.truncate(at);
        } else {
            bad[at] = with;
        }
        match apply(&old, &bad, LOCAL) {
            Ok(made) => prop_assert_eq!(made, build(&content)),
            Err(error) => prop_assert!(bad != good && !error.to_string().is_empty()),
        }
    }
}

#[test]
fn only_what_changed_is_to_be_matched_again() {
    let fixed = |version: &str, name: &str| advisory(&format!("CVE-{name}"), name, version);
    let old = vec![
        fixed("1", "same"),
        fixed("1", "other"),
        fixed("1", "gone"),
        fixed("1", "known"),
    ];
    let mut new = vec![
        fixed("1", "same"),
        fixed("2", "other"),
        fixed("1", "known"),
        fixed("1", "new"),
    ];
    new[3].affected[0].origin = Origin::Program;
    let exploited = Exploitation {
        exploits: vec!["EDB-1".into()],
        ..Exploitation::default()
    };
    let old = open(build(&(old, Vec::new())));
    let new = open(build(&(new, vec![("CVE-known".into(), exploited)])));
    let changes = changed(&old, &new).unwrap();
    let npm = Place::Registry(PackageType::Npm);
    let expected = [
        PackageKey::new(npm, "gone"),
        PackageKey::new(npm, "known"),
        PackageKey::new(npm, "other"),
        PackageKey::new(Place::Program, "new"),
    ];
    assert_eq!(changes.packages, BTreeSet::from(expected));
    assert_eq!(changes.places, BTreeSet::from([PlaceBuf::Program]));
}

#[test]
fn a_delta_fits_one_database_and_holds_only_what_differs() {
    let text = |at: usize| blake3::hash(&at.to_le_bytes()).to_hex().to_string();
    let all: Vec<Advisory> = (0..2_000)
        .map(|at| advisory(&format!("CVE-2024-{at:04}"), &text(at), "1"))
        .collect();
    let old = open(build(&(all[1..].to_vec(), Vec::new())));
    let bytes = build(&(all[..1_999].to_vec(), Vec::new()));
    let new = open(bytes.clone());
    let made = delta(&old, &new).unwrap();
    assert!(made.len() < 2_000, "{}", made.len());
    assert_eq!(apply(&old, &made, LOCAL), Ok(bytes));
    assert_eq!(apply(&new, &made, LOCAL), Err(DeltaError::OtherBase));
    assert_eq!(apply(&old, b"something", LOCAL), Err(DeltaError::Foreign));
}
