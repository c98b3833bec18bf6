//! Which files are searched, and how strictly.
//!
//! Left out are the folders in which packages of distributions and languages
//! keep what is not run: manuals, documentation, translations, headers, the
//! standard libraries of Python, Perl and Go (whose tests are full of keys),
//! package databases, lists of certificates. An image's own files do not
//! belong there. Left out too are pictures, fonts and archives by their
//! names, what is no text, and text above [`MOST`] bytes.
//!
//! Libraries in the folders of package managers (`node_modules`,
//! `site-packages`, `vendor`, `/usr/lib`) are searched for what has a shape of
//! its own alone, and their tests and examples are left out.

use super::scan::{Names, Scope};
use crate::FileRecord;

/// Bytes of a text that is searched.
pub(super) const MOST: u64 = 8 << 20;
/// Bytes of what is no text and searched all the same.
const MOST_BINARY: u64 = 1 << 20;

/// Folders that are left out, with what is below them.
const LEFT_OUT: &[&str] = &[
    "usr/share/doc/",
    "usr/share/man/",
    "usr/share/locale/",
    "usr/share/info/",
    "usr/share/zoneinfo/",
    "usr/share/i18n/",
    "usr/share/icons/",
    "usr/share/fonts/",
    "usr/share/licenses/",
    "usr/share/mime/",
    "usr/share/terminfo/",
    "usr/share/X11/",
    "usr/share/gtk-doc/",
    "usr/share/help/",
    "usr/share/perl",
    "usr/share/ca-certificates/",
    "usr/share/bash-completion/",
    "usr/share/vim/",
    "usr/share/mysql/",
    "usr/share/postgresql/",
    "usr/share/gcc",
    "usr/share/go-",
    "usr/share/common-licenses/",
    "usr/share/unicode/",
    "usr/share/i18n/",
    "usr/include/",
    "usr/src/",
    "usr/lib/locale/",
    "usr/lib/modules/",
    "usr/lib/gcc/",
    "usr/lib/go-",
    "usr/lib/go/",
    "usr/lib/perl",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/lib/aarch64-linux-gnu/perl",
    "usr/lib/firmware/",
    "usr/local/go/",
    "usr/local/include/",
    "usr/local/share/man/",
    "usr/local/share/doc/",
    "usr/local/share/perl",
    "usr/local/lib/perl",
    "lib/modules/",
    "lib/firmware/",
    "lib/apk/db/",
    "boot/",
    "proc/",
    "sys/",
    "dev/",
    "etc/ssl/certs/",
    "etc/pki/ca-trust/",
    "etc/alternatives/",
    "var/lib/dpkg/",
    "var/lib/rpm/",
    "var/lib/apt/",
    "var/lib/pacman/",
    "var/cache/apt/",
    "var/cache/debconf/",
];

/// Ends of names of what is not searched.
const NOT_SEARCHED: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "gif",
    "webp",
    "ico",
    "bmp",
    "tiff",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "mp3",
    "mp4",
    "ogg",
    "wav",
    "avi",
    "mov",
    "webm",
    "pdf",
    "zip",
    "gz",
    "tgz",
    "xz",
    "zst",
    "bz2",
    "lz4",
    "7z",
    "rar",
    "tar",
    "jar",
    "war",
    "ear",
    "whl",
    "egg",
    "deb",
    "rpm",
    "apk",
    "so",
    "a",
    "o",
    "ko",
    "dll",
    "exe",
    "dylib",
    "wasm",
    "node",
    "mo",
    "po",
    "pot",
    "h",
    "hpp",
    "hh",
    "scss",
    "less",
    "crl",
    "csr",
    "sum",
    "lock",
    "sig",
    "asc",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "tex",
    "texi",
    "pod",
    "dict",
    "dic",
    "aff",
    "bin",
    "dat",
    "hyb",
    "pak",
    "gresource",
    "typelib",
    "gir",
    "vapi",
    "elc",
    "el",
    "vim",
    "jmod",
    "pyi",
    "pub",
];

/// Ends of names of settings: what stands under a name there is meant.
const SETTINGS: &[&str] = &[
    "env",
    "ini",
    "conf",
    "cfg",
    "cnf",
    "config",
    "properties",
    "yaml",
    "yml",
    "toml",
    "json",
    "xml",
    "tfvars",
    "sh",
    "bash",
    "service",
    "local",
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "secret",
    "secrets",
    "credentials",
    "password",
    "dockerfile",
];

/// Ends of names of code: what is in quotes there may be meant.
const CODE: &[&str] = &[
    "py", "js", "mjs", "cjs", "ts", "jsx", "tsx", "rb", "php", "go", "java", "kt", "scala", "cs",
    "rs", "ex", "exs", "erl", "groovy", "gradle", "pl", "lua", "swift", "dart", "r", "jl", "tf",
    "hcl", "ps1", "sql", "txt",
];

/// Ends of names of what is no text and searched all the same.
const BINARY: &[&str] = &[
    "pyc", "class", "db", "sqlite", "sqlite3", "dump", "plist", "history",
];

/// Folders of what package managers of languages installed.
const LIBRARIES: &[&str] = &[
    "/node_modules/",
    "/site-packages/",
    "/dist-packages/",
    "/gems/",
    "/vendor/",
    "/third_party/",
    "/go/pkg/mod/",
    "/.cargo/registry/",
    "/.m2/repository/",
    "/.gradle/",
    "/.nuget/",
    "/.cache/",
    "/R/library/",
    "/pkgs/",
];

/// Folders of those with what is not run.
const ASIDE: &[&str] = &[
    "/test/",
    "/tests/",
    "/testing/",
    "/testdata/",
    "/test_data/",
    "/spec/",
    "/specs/",
    "/fixtures/",
    "/example/",
    "/examples/",
    "/docs/",
    "/doc/",
    "/__tests__/",
    "/benchmarks/",
    "/demo/",
];

/// The end of a file's name, lower case: behind the last dot.
fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((_, end)) => end.to_ascii_lowercase(),
        None if name.eq_ignore_ascii_case("dockerfile") => "dockerfile".to_owned(),
        None => String::new(),
    }
}

/// Whether the file is searched, judged by path, record and first bytes.
pub(super) fn is_searched(path: &str, record: &FileRecord, head: &[u8]) -> bool {
    if record.size < 8 || record.size > MOST || record.binary || is_left_out(path) {
        return false;
    }
    if super::whole::is_one(path, head) {
        return !is_library(path);
    }
    let extension = extension(path);
    // Types alone, with examples in their comments.
    if path.ends_with(".d.ts") || NOT_SEARCHED.contains(&&*extension) {
        return false;
    }
    if is_text(head) {
        let is_shown = matches!(
            &*extension,
            "md" | "rst" | "html" | "htm" | "css" | "map" | "svg"
        );
        return !(is_library(path) && (is_aside(path) || is_shown));
    }
    record.size <= MOST_BINARY && BINARY.contains(&&*extension) && !is_library(path)
}

/// Whether bytes look like text: none is zero, few are other controls.
fn is_text(head: &[u8]) -> bool {
    memchr::memchr(0, head).is_none()
        && head
            .iter()
            .filter(|byte| **byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
            .count()
            * 20
            <= head.len()
}

fn is_left_out(path: &str) -> bool {
    LEFT_OUT.iter().any(|folder| path.starts_with(folder)) || is_standard_library(path)
}

/// `usr/lib/python3.12/ssl.py`, but no packages of others below it.
fn is_standard_library(path: &str) -> bool {
    ["lib/python", "lib64/python", "lib/pypy"]
        .iter()
        .filter_map(|folder| path.split_once(folder))
        .any(|(_, rest)| {
            rest.contains('/')
                && !rest.contains("/site-packages/")
                && !rest.contains("/dist-packages/")
        })
}

fn is_library(path: &str) -> bool {
    path.starts_with("usr/lib/")
        || path.starts_with("usr/lib64/")
        || path.starts_with("usr/libexec/")
        || path.starts_with("usr/share/")
        || path.starts_with("lib/")
        || has_folder(path, LIBRARIES)
}

fn is_aside(path: &str) -> bool {
    has_folder(path, ASIDE)
        || path.split(['/', '.', '_', '-']).any(|part| {
            matches!(
                part,
                "test" | "tests" | "testing" | "testdata" | "testcerts" | "mock" | "mocks"
            )
        })
}

fn has_folder(path: &str, folders: &[&str]) -> bool {
    folders
        .iter()
        .any(|folder| path.contains(folder) || path.starts_with(folder.trim_start_matches('/')))
}

/// What a file is searched for.
pub(super) fn scope(path: &str, head: &[u8]) -> Scope {
    let extension = extension(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    let settings =
        SETTINGS.contains(&&*extension) || name.starts_with(".env") || name.ends_with("rc");
    let generated = matches!(
        name,
        "package-lock.json" | "composer.lock" | "installed.json" | "packages.lock.json"
    );
    let own = !is_library(path) && is_text(head);
    let is_code = CODE.contains(&&*extension) || matches!(&*extension, "c" | "cc" | "cpp" | "tmpl");
    Scope {
        shapes_only: !own,
        code_of_others: is_library(path) && is_code,
        names: if !own || generated {
            Names::Not
        } else if settings {
            Names::Any
        } else if CODE.contains(&&*extension) {
            Names::Quoted
        } else {
            Names::Not
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::record;

    #[test]
    fn files_are_chosen_by_place_name_and_kind() {
        let check = |path: &str, head: &[u8], expect| {
            assert_eq!(is_searched(path, &record(100), head), expect, "{path}");
        };
        check("root/go/pkg/mod/a@v1/key_test.go", b"package", false);
        check(
            "opt/python/lib/python3.12/test/keycert.pem",
            b"-----BEGIN",
            false,
        );
        check("app/.env", b"A=b", true);
        check("etc/app/config", b"a: b", true);
        check("root/.ssh/id_rsa", b"-----BEGIN", true);
        check("app/node_modules/a/index.js", b"a", true);
        check("app/settings.pyc", b"\0\0\0a", true);
        check("app/key.p12", &[0x30, 0x82, 1, 1, 2, 1, 3, 0], true);
        check("usr/share/doc/a/README", b"a", false);
        check("usr/lib/python3.12/test/keycert.pem", b"-----BEGIN", false);
        check("usr/lib/python3.12/site-packages/a/b.py", b"import", true);
        check("usr/local/go/src/crypto/tls/x.go", b"package", false);
        check("app/node_modules/a/test/key.pem", b"-----BEGIN", false);
        check("app/node_modules/a/README.md", b"# a", false);
        check("app/logo.png", b"\x89PNG", false);
        check("app/data.raw", b"a\0b", false);
        let large = record(MOST + 1);
        assert!(!is_searched("app/dump.sql", &large, b"insert"));
        assert!(!is_searched("app/empty", &record(0), b""));
    }

    #[test]
    fn names_are_believed_in_settings_alone() {
        let check = |path: &str, names, shapes_only| {
            let scope = scope(path, b"text");
            assert_eq!(
                (scope.names, scope.shapes_only),
                (names, shapes_only),
                "{path}"
            );
        };
        check("app/.env", Names::Any, false);
        check("app/.env.local", Names::Any, false);
        check("app/main.py", Names::Quoted, false);
        check("app/notes", Names::Not, false);
        check("app/package-lock.json", Names::Not, false);
        check("usr/lib/x/y.conf", Names::Not, true);
        check("srv/node_modules/a/x.json", Names::Not, true);
    }
}
