//! Build info in made-up programs; real ones are compared in `tests/go.rs`.

use proptest::prelude::*;

use super::*;
use crate::{
    analyzer::testing::{claims, packages, run},
    lang::compiled::binary::testing::elf,
};

const MODULES: &str = "path\texample.com/app/cmd\n\
    mod\texample.com/app\t(devel)\t\n\
    dep\tgithub.com/a/b\tv1.2.3\th1:sum=\n\
    dep\tgithub.com/old/one\tv1.0.0\n\
    =>\tgithub.com/new/one\tv1.1.0\th1:new=\n\
    dep\tgithub.com/my/fork\tv0.1.0\n\
    =>\t./fork\t(devel)\t\n\
    dep\tgolang.org/x/net\tv0.0.0-20200101000000-abcdefabcdef\th1:net=\n\
    build\t-ldflags=\"-s -X main.version=2.3.4\"\n\
    build\tvcs.revision=0123\n";

fn wrapped(modules: &str) -> Vec<u8> {
    match modules {
        "" => Vec::new(),
        text => [&[7u8; 16], text.as_bytes(), &[9u8; 16]].concat(),
    }
}

/// The form from Go 1.18 on.
fn inline(version: &str, modules: &str) -> Vec<u8> {
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    for text in [version.as_bytes(), &wrapped(modules)] {
        let mut length = text.len();
        while length >= 0x80 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend(text);
    }
    elf(&[(".go.buildinfo", &bytes)])
}

/// The form up to Go 1.17; the section begins at 64 of the file.
fn pointers(version: &str, modules: &str) -> Vec<u8> {
    let base = 0x40_0000 + 64u64;
    let modules = wrapped(modules);
    let mut bytes = b"\xff Go buildinf:\x08\x00".to_vec();
    let mut word = |value: u64| bytes.extend(value.to_le_bytes());
    let text = 64 + version.len() as u64;
    for value in [
        base + 32,
        base + 48,
        base + 64,
        version.len() as u64,
        base + text,
        modules.len() as u64,
    ] {
        word(value);
    }
    bytes.extend(version.as_bytes());
    bytes.extend(modules);
    elf(&[(".go.buildinfo", &bytes)])
}

fn listed(sink: &Sink) -> Vec<String> {
    packages(sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            format!(
                "{}/{} {} | {}",
                package.namespace, package.name, package.version, found.evidence
            )
        })
        .collect()
}

#[test]
fn both_forms_tell_the_same() {
    for bytes in [inline("go1.22.3", MODULES), pointers("go1.22.3", MODULES)] {
        assert!(claims(&GO_BINARY, "usr/bin/app", &bytes));
        let sink = run(&GO_BINARY, "usr/bin/app", &bytes);
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        assert_eq!(
            listed(&sink),
            [
                "/stdlib 1.22.3 | go1.22.3",
                "example.com/app 2.3.4 | (devel), -ldflags -X main.version=2.3.4, vcs.revision=0123",
                "github.com/a/b v1.2.3 | h1:sum=",
                "github.com/new/one v1.1.0 | replaces github.com/old/one v1.0.0",
                "github.com/my/fork  | v0.1.0 replaced by ./fork",
                "golang.org/x/net v0.0.0-20200101000000-abcdefabcdef | h1:net=",
            ]
        );
        assert!(matches!(&sink.found[0], Found::Mark { name, .. } if name == "go-stripped"));
    }
}

#[test]
fn the_toolchain_version_is_taken_out_of_its_words() {
    let check = |version: &str, expect: &str| {
        let sink = run(&GO_BINARY, "app", &inline(version, MODULES));
        assert_eq!(packages(&sink)[0].package.version, expect, "{version}");
    };
    check("go1.22.3", "1.22.3");
    check("go1.21.0 X:boringcrypto", "1.21.0");
    check("go1.21rc2", "1.21rc2");
    check("devel go1.23-abcdef Mon Jan 1", "1.23-abcdef");
}

#[test]
fn a_program_without_modules_is_said_to_be_so() {
    for bytes in [inline("go1.22.3", ""), pointers("go1.22.3", "")] {
        let sink = run(&GO_BINARY, "app", &bytes);
        assert_eq!(listed(&sink), ["/stdlib 1.22.3 | go1.22.3"]);
        assert!(sink.found.iter().any(
            |found| matches!(found, Found::Mark { name, .. } if name == "go-without-modules")
        ));
    }
}

#[test]
fn damage_is_told_and_no_package_made_of_it() {
    let whole = inline("go1.22.3", MODULES);
    let magic = whole
        .windows(4)
        .position(|window| window == b"\xff Go")
        .expect("is there");
    let check = |at: usize, byte: u8, problems: usize| {
        let mut bytes = whole.clone();
        bytes[magic + at] = byte;
        let sink = run(&GO_BINARY, "app", &bytes);
        assert_eq!(sink.problems.len(), problems, "{at}");
    };
    // Not the magic: no Go program.
    check(3, b'X', 0);
    // A length beyond the file, and one without end.
    check(32, 0xff, 1);
    // Pointers where there are none.
    check(15, 0, 1);
    assert!(listed(&run(&GO_BINARY, "app", &elf(&[(".text", b"c")]))).is_empty());
}

#[test]
fn symbols_go_to_the_longest_module_that_holds_them() {
    let named = |path: &str| FoundPackage::new(package(path, "v1"), How::Embedded);
    let mut found = [named("stdlib"), named("a.org/m"), named("a.org/m/v2")];
    let names = b"net/http.Get\0a.org/m/x.F\0a.org/m/v2/x.(*T).G\0b.org/y.H\0main.main\0net/http.Get.func1\0";
    let table = line_table::testing::functions(names);
    line_table::assign(&table, &mut found);
    let symbols: Vec<Vec<&str>> = found
        .iter()
        .map(|found| found.symbols.iter().map(String::as_str).collect())
        .collect();
    assert_eq!(
        symbols,
        [
            vec!["net/http.Get"],
            vec!["a.org/m/x.F"],
            vec!["a.org/m/v2/x.T.G"]
        ]
    );
}

proptest! {
    #[test]
    fn any_build_info_is_survived(rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [b"\xff Go buildinf:".as_slice(), &rest].concat();
        let file = elf(&[(".go.buildinfo", &bytes), (".gopclntab", &rest)]);
        run(&GO_BINARY, "app", &file);
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        run(&GO_MOD, "go.mod", text.as_bytes());
        run(&GO_SUM, "go.sum", text.as_bytes());
        run(&GO_BINARY, "app", &inline("go1", &format!("mod\t{text}\n")));
    }
}
