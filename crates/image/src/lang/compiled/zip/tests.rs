//! Archives that are whole, and ones that lie.

use proptest::prelude::*;

use super::*;

fn sample() -> Vec<u8> {
    testing::zip(&[
        ("a.txt", b"first first first"),
        ("b.jar", b"second"),
        ("c", b""),
    ])
}

fn read_all_of(bytes: &Vec<u8>) -> Vec<(String, Result<Vec<u8>, String>)> {
    let zip = Zip::open(bytes).expect("opens");
    zip.entries
        .iter()
        .map(|entry| {
            let read = zip.read(entry, 100).map(Cow::into_owned);
            (entry.name.clone(), read.map_err(|error| error.to_string()))
        })
        .collect()
}

fn whole() -> Vec<(String, Result<Vec<u8>, String>)> {
    [
        ("a.txt", &b"first first first"[..]),
        ("b.jar", b"second"),
        ("c", b""),
    ]
    .map(|(name, bytes)| (name.to_owned(), Ok(bytes.to_vec())))
    .to_vec()
}

#[test]
fn files_are_read_packed_and_stored_with_bytes_around_the_archive() {
    let check = |bytes: Vec<u8>| {
        assert_eq!(read_all_of(&bytes), whole());
        let zip = Zip::open(&bytes).expect("opens");
        assert!(zip.problems.is_empty(), "{:?}", zip.problems);
        assert!(zip.stored(&zip.entries[0]).is_none());
        let stored = zip.stored(&zip.entries[1]).expect("is stored");
        assert_eq!(stored.as_slice(), Some(&b"second"[..]));
    };
    check(sample());
    check([b"#!/bin/sh\nexec java\n".to_vec(), sample()].concat());
    // A comment.
    let mut bytes = sample();
    let last = bytes.len() - 2;
    bytes[last] = 4;
    bytes.extend(b"PK\x05!");
    check(bytes);
    // Bytes behind it.
    check([sample(), b"trailing".to_vec()].concat());
}

/// The sample with one byte of the central directory's entry changed.
fn changed(entry: usize, at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = sample();
    let place = memchr::memmem::find_iter(&bytes, b"PK\x01\x02")
        .nth(entry)
        .expect("is there");
    bytes[place + at] = byte;
    bytes
}

#[test]
fn lies_are_found_out() {
    let check = |bytes: Vec<u8>, entry: usize, message: &str| {
        let read = read_all_of(&bytes);
        let error = read[entry].1.as_ref().expect_err("does not read");
        assert!(error.contains(message), "{error}");
        for (index, other) in read.iter().enumerate().filter(|(index, _)| *index != entry) {
            assert_eq!(*other, whole()[index], "one bad file sinks no other");
        }
    };
    check(changed(0, 8, 1), 0, "encrypted");
    check(changed(0, 10, 12), 0, "method 12");
    check(changed(0, 24, 200), 0, "200 bytes; at most 100");
    check(changed(0, 24, 3), 0, "damaged");
    check(changed(0, 24, 30), 0, "damaged");
    check(changed(1, 16, 0), 1, "damaged");
    check(changed(1, 42, 1), 1, "no local header at byte");
}

#[test]
fn a_directory_that_does_not_add_up_is_told() {
    let check = |bytes: Vec<u8>, message: &str| {
        let problems = Zip::open(&bytes).expect("opens").problems;
        assert!(
            problems
                .iter()
                .any(|(problem, _)| problem.contains(message)),
            "{problems:?}"
        );
    };
    check(changed(1, 0, b'X'), "a damaged central directory");
    check(changed(0, 20, 200), "share bytes");
    let mut bytes = sample();
    let end = bytes.len() - 22;
    bytes[end + 10] = 9;
    check(bytes, "3 entries where 9 are stated");
    for bytes in [
        b"".to_vec(),
        b"PK\x03\x04".to_vec(),
        sample()[..60].to_vec(),
    ] {
        assert!(matches!(Zip::open(&bytes), Err(ZipError::NoEnd)));
    }
}

#[test]
fn large_archives_have_another_end() {
    let mut bytes = sample();
    let end = bytes.split_off(bytes.len() - 22);
    let (size, at) = (ints(&end).u32(12), ints(&end).u32(16));
    let record = bytes.len() as u64;
    bytes.extend(b"PK\x06\x06");
    bytes.extend([0; 20]);
    for value in [3, 3, u64::from(size.unwrap()), u64::from(at.unwrap())] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(record.to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    assert_eq!(read_all_of(&bytes), whole());
    assert_eq!(read_all_of(&[b"prefix".to_vec(), bytes].concat()), whole());
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x50\0\0\0\0\0\0\0\0\0";
        for bytes in [bytes.clone(), [bytes, end.to_vec()].concat()] {
            if let Ok(zip) = Zip::open(&bytes) {
                for entry in &zip.entries {
                    let _ = (zip.read(entry, 1000), zip.stored(entry).is_some());
                }
            }
        }
    }

    #[test]
    fn any_change_is_survived(at in 0usize..400, byte in any::<u8>()) {
        let mut bytes = sample();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(zip) = Zip::open(&bytes) {
            for entry in &zip.entries {
                let _ = (zip.read(entry, 1000), zip.stored(entry).is_some());
            }
        }
    }
}
