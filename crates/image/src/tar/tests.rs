use proptest::prelude::*;

use super::{
    build::{Head, Tar, record},
    *,
};

/// Entries as `kind path -> link size stored`, with their data; then problems
/// as `offset: message`.
fn shown(bytes: &[u8]) -> Vec<String> {
    let mut reader = Reader::new(bytes);
    let mut lines = Vec::new();
    loop {
        let next = reader.next();
        let problems = reader.take_problems();
        lines.extend(problems.iter().map(told));
        match next {
            Ok(Some(entry)) => {
                let mut data = vec![0; usize::try_from(reader.left()).expect("small")];
                let read = reader.data_exact(&mut data);
                lines.push(format!(
                    "{:?} {} {} {}/{} {}",
                    entry.kind,
                    entry.path.escape_ascii(),
                    entry.link.escape_ascii(),
                    entry.stored,
                    entry.size,
                    data.escape_ascii(),
                ));
                lines.extend(read.err().iter().map(told));
            }
            Ok(None) => return lines,
            Err(problem) => {
                lines.push(told(&problem));
                assert_eq!(reader.next(), Ok(None), "an error ends the archive");
                return lines;
            }
        }
    }
}

fn told(problem: &Problem) -> String {
    let path = problem.path.as_deref().unwrap_or(b"-");
    format!(
        "{} {}: {}",
        problem.offset,
        path.escape_ascii(),
        problem.message
    )
}

fn check(tar: Tar, expect: &[&str]) {
    assert_eq!(shown(&tar.end()), expect);
}

#[test]
fn entries_of_every_kind() {
    let tar = Tar::default()
        .file("a", b"12345")
        .node(b'5', "d/", "")
        .node(b'2', "s", "../a")
        .node(b'1', "h", "a")
        .node(b'3', "c", "")
        .node(b'4', "b", "")
        .node(b'6', "p", "")
        .entry(Head::new("old/", 0, 0), b"")
        .entry(Head::new("name", b'0', 0).field(345, b"prefix"), b"")
        .entry(Head::new("seven", b'7', 1), b"7");
    check(
        tar,
        &[
            "Regular a  5/5 12345",
            "Directory d/  0/0 ",
            "Symlink s ../a 0/0 ",
            "Hardlink h a 0/0 ",
            "Special c  0/0 ",
            "Special b  0/0 ",
            "Special p  0/0 ",
            "Directory old/  0/0 ",
            "Regular prefix/name  0/0 ",
            "Regular seven  1/1 7",
        ],
    );
}

#[test]
fn long_names_and_extended_headers() {
    let long = "n/".repeat(80);
    let tar = Tar::default()
        .entry(
            Head::new("././@LongLink", b'L', 161),
            format!("{long}\0").as_bytes(),
        )
        .entry(Head::new("././@LongLink", b'K', 3), b"to\0")
        .node(b'2', "short", "short")
        .pax(b'x', &[("path", "p\u{e9}"), ("size", "2"), ("uid", "7")])
        .entry(Head::new("other", b'0', 0), b"ab")
        .pax(b'g', &[("mtime", "5")])
        .file("after", b"");
    let expect = [
        &*format!("Symlink {long} to 0/0 "),
        "Regular p\\xc3\\xa9  2/2 ab",
        "Regular after  0/0 ",
    ];
    check(tar, &expect);
}

#[test]
fn global_headers_do_not_rename() {
    let tar = Tar::default()
        .pax(b'g', &[("path", "evil"), ("mtime", "5")])
        .file("a", b"1");
    let expect = [
        "0 -: a global extended header sets a path, a link or a size for all entries that \
         follow: not applied, as container engines do not",
        "Regular a  1/1 1",
    ];
    check(tar, &expect);
}

#[test]
fn sparse_files_in_all_four_forms() {
    let map = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")];
    let real = [("GNU.sparse.realsize", "10"), ("GNU.sparse.name", "real")];
    let mut data = b"1\n8\n2\n".to_vec();
    data.resize(BLOCK, 0);
    data.extend(b"ab");
    let old = Head::new("old", b'S', 2)
        .field(257, b"ustar  \0")
        .field(386, b"00000000010\x0000000000002\0")
        .field(483, b"00000000012\0");
    let far = Head::new("far", b'S', 2)
        .field(257, b"ustar  \0")
        .field(386, b"00000000000\x0000000000001\0")
        .field(482, b"\x01")
        .field(483, b"00000000012\0");
    let mut more = [0; BLOCK];
    more[..24].copy_from_slice(b"00000000005\x0000000000001\0");
    let tar = Tar::default()
        .pax(b'x', &[map, real].concat())
        .entry(
            Head::new("GNUSparseFile.0/real", b'0', data.len() as u64),
            &data,
        )
        .pax(
            b'x',
            &[("GNU.sparse.size", "10"), ("GNU.sparse.map", "0,1,5,1")],
        )
        .file("one", b"ab")
        .pax(
            b'x',
            &[
                ("GNU.sparse.size", "10"),
                ("GNU.sparse.offset", "3"),
                ("GNU.sparse.numbytes", "2"),
            ],
        )
        .file("zero", b"ab")
        .entry(old, b"ab")
        .entry(far, &[&more[..], b"ab"].concat());
    check(
        tar,
        &[
            "Regular real  2/10 ab",
            "Regular one  2/10 ab",
            "Regular zero  2/10 ab",
            "Regular old  2/10 ab",
            "Regular far  2/10 ab",
        ],
    );
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let good = Tar::default().file("a", b"1");
    let bad = |tar: Tar, expect: &str| {
        let lines = shown(&good.clone().raw(&tar.0).0);
        assert_eq!(lines[0], "Regular a  1/1 1");
        assert_eq!(lines[1..].join("\n"), expect);
    };
    let tar = Tar::default;
    bad(
        tar().raw(&[1; BLOCK]),
        "1024 -: the header has a wrong checksum",
    );
    bad(
        tar().raw(&[1; 100]),
        "1024 -: the archive ends within a header",
    );
    bad(
        tar().entry(Head::new("n", b'0', 0).field(124, &[0xff; 12]), b""),
        "1024 n: the size in the header is negative",
    );
    bad(
        tar().entry(Head::new("n", b'0', 0).field(124, b"zz"), b""),
        "1024 n: the size in the header is no number",
    );
    bad(
        tar().entry(Head::new("n", b'V', 0), b""),
        "1024 n: an entry of type `V`, which means nothing in a layer",
    );
    bad(
        tar().entry(Head::new("n", b'0', 0).field(108, b"zz"), b""),
        "1024 n: the owner in the header is no number\nRegular n  0/0 ",
    );
    bad(
        tar().raw(&[0; BLOCK]).file("b", b"2"),
        "1024 -: a zero block that does not end the archive: container engines read no further \
         than this\nRegular b  1/1 2",
    );
    bad(
        tar().pax(b'x', &[("path", "b")]),
        "1024 -: an extended header is the last thing",
    );
    bad(
        tar()
            .entry(Head::new("x", b'x', 9), b"99 path=b")
            .file("b", b""),
        "1536 -: a record of the extended header is malformed\nRegular b  0/0 ",
    );
    bad(
        tar()
            .pax(b'x', &[("GNU.sparse.size", "1"), ("GNU.sparse.map", "0,9")])
            .file("b", b"2"),
        "1024 b: the map of this sparse file is malformed: it is not looked into\n\
         Regular b  0/1 2",
    );
    let cut = Tar::default().file("b", &[7; 700]).0;
    assert_eq!(
        shown(&cut[..1000]).last().map(String::as_str),
        Some("1000 b: the archive ends 212 bytes before the end of this entry")
    );
}

#[test]
fn long_names_beyond_the_limit_are_passed_over() {
    let long = vec![b'n'; usize::try_from(MOST_EXTENSION).expect("small") + 1];
    let tar = Tar::default()
        .entry(Head::new("././@LongLink", b'L', long.len() as u64), &long)
        .file("short", b"1")
        .file("next", b"2");
    check(
        tar,
        &[
            "0 short: its extended header has 1048577 bytes; at most 1048576 are read: left out",
            "Regular next  1/1 2",
        ],
    );
}

#[test]
fn what_is_passed_over_in_place_is_not_read() {
    let bytes = Tar::default()
        .file("a", &[1; 100_000])
        .file("b", b"2")
        .end();
    let mut reader = Reader::new(InPlace::new(&bytes));
    let mut places = Vec::new();
    while let Some(entry) = reader.next().expect("sound") {
        places.push((entry.path, entry.data_at));
    }
    assert_eq!(
        places,
        [(b"a".to_vec(), 512), (b"b".to_vec(), 512 + 100_352 + 512)]
    );
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        shown(&bytes);
    }

    /// A sound archive with some bytes changed, checksums mended.
    #[test]
    fn any_change_ends(changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 1..9)) {
        let tar = Tar::default()
            .pax(b'x', &[("path", "p"), ("GNU.sparse.size", "9"), ("GNU.sparse.map", "0,1")])
            .file("a", b"1")
            .entry(Head::new("s", b'S', 1).field(257, b"ustar  \0"), b"1")
            .file("b", b"2");
        let mut bytes = tar.end();
        let size = bytes.len();
        for (at, byte) in changes {
            bytes[at % size] = byte;
        }
        for block in bytes.chunks_exact_mut(BLOCK) {
            let mended = Head(block.try_into().expect("a block")).block();
            if block[257..262] == *b"ustar" {
                block.copy_from_slice(&mended);
            }
        }
        shown(&bytes);
    }

    #[test]
    fn names_of_any_length_come_back(name in "[a-z/]{1,300}", data in "[a-z]{0,600}") {
        let records = record("path", &name);
        let bytes = Tar::default()
            .entry(Head::new("x", b'x', records.len() as u64), records.as_bytes())
            .file("short", data.as_bytes())
            .end();
        let size = data.len();
        prop_assert_eq!(shown(&bytes), [format!("Regular {name}  {size}/{size} {data}")]);
    }
}
