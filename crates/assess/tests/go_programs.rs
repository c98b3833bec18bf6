//! A real Go program of old modules, from its bytes to its vulnerabilities and
//! which of them are reachable, against what `go version -m`, `go tool nm` and
//! the records of the Go vulnerability database say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use plimsoll_assess::vuln::{
    Scheme,
    lookup::Memory,
    matching::{Options, match_image},
    read::{self, Format},
    version::compare,
};
use plimsoll_image::{
    Limits,
    image::{Run, analyze},
    source::{Blob, Blobs, Descriptor, ImageSource, UNKNOWN},
};
use plimsoll_model::{
    Tristate,
    image::{Image, ImageForm},
};
use serde_json::Value;

const MAIN: &str = r#"package main

import (
	"fmt"
	"strings"

	"github.com/buger/jsonparser"
	"github.com/dgrijalva/jwt-go"
	"github.com/gogo/protobuf/proto"
	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/tidwall/gjson"
	"github.com/ulikunitz/xz"
	"golang.org/x/net/html"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v2"
)

func main() {
	var out map[string]string
	fmt.Println(yaml.Unmarshal([]byte("a: b"), &out), gjson.Get("{}", "a"))
	fmt.Println(language.ParseAcceptLanguage("en"))
	fmt.Println(html.EscapeString("a"), websocket.IsCloseError(nil))
	fmt.Println(jsonparser.GetInt([]byte("{}"), "a"))
	fmt.Println(jwt.DecodeSegment("a"))
	fmt.Println(xz.NewReader(strings.NewReader("")))
	fmt.Println(proto.CompactTextString(nil))
	logrus.Info("a")
}
"#;

const GO_MOD: &str = "module example.com/plimsoll/old

go 1.20

require (
	github.com/buger/jsonparser v1.0.0
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	github.com/gogo/protobuf v1.3.1
	github.com/gorilla/websocket v1.4.0
	github.com/sirupsen/logrus v1.8.0
	github.com/tidwall/gjson v1.6.0
	github.com/ulikunitz/xz v0.5.7
	golang.org/x/net v0.5.0
	golang.org/x/text v0.3.5
	gopkg.in/yaml.v2 v2.2.2
)
";

fn output(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) if output.status.success() => Some(output),
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!("SKIPPED: {command:?}: {error}");
            None
        }
        Err(error) => {
            eprintln!("SKIPPED: {command:?}: {error}");
            None
        }
    }
}

/// One layer, in memory.
struct OneLayer(Vec<u8>);

impl Blobs for OneLayer {
    fn open(&self, _: usize) -> io::Result<Blob> {
        Ok(Blob::At(Arc::new(self.0.clone())))
    }
}

/// The file system that a tar holds, as an image.
fn image(tar: Vec<u8>) -> Image {
    let source = ImageSource {
        attached: Vec::new(),
        name: "root".to_owned(),
        form: ImageForm::RootFs,
        tags: Vec::new(),
        manifest: None,
        index: None,
        other_platforms: Vec::new(),
        config: br#"{"os":"linux","architecture":"amd64"}"#.to_vec(),
        annotations: BTreeMap::new(),
        layers: vec![Descriptor {
            media_type: String::new(),
            digest: UNKNOWN,
            size: tar.len() as u64,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
        }],
    };
    let limits = Limits::default();
    analyze(&source, &OneLayer(tar), &Run::plain(&limits)).image
}

/// Bytes of a file of the test's own, of a known size.
fn bytes(path: &Path) -> Vec<u8> {
    let file = fs::File::open(path).expect("a file");
    plimsoll_assess::image::bounded::read_all(file, 1 << 28).expect("is read")
}

/// Modules and their versions as `go version -m` lists them.
fn modules(text: &str) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words[..] {
            ["", "dep", path, version, ..] => {
                modules.insert(path.to_owned(), version.trim_start_matches('v').to_owned());
            }
            [first] => {
                let version = first.rsplit("go").next().unwrap_or_default();
                modules.insert("stdlib".to_owned(), version.to_owned());
            }
            _ => {}
        }
    }
    modules
}

/// Whether a version is affected by these events (OSV schema, evaluation).
fn is_affected(events: &[Value], version: &str) -> bool {
    let at = |event: &Value, key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut affected = false;
    let mut steps: Vec<(String, bool)> = events
        .iter()
        .filter_map(|event| match at(event, "introduced") {
            Some(version) => Some((version, true)),
            None => at(event, "fixed").map(|version| (version, false)),
        })
        .collect();
    steps.sort_by(|a, b| match (&*a.0, &*b.0) {
        ("0", _) => std::cmp::Ordering::Less,
        (_, "0") => std::cmp::Ordering::Greater,
        (a, b) => compare(Scheme::Go, a, b),
    });
    for (step, begins) in steps {
        if step == "0" || compare(Scheme::Go, version, &step).is_ge() {
            affected = begins;
        }
    }
    affected
}

#[test]
fn a_program_of_old_modules_has_what_the_go_database_says_and_reaches_what_is_in_it() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let archive = data.join("feeds/go-vulndb-osv.tar.gz");
    if !archive.is_file() {
        eprintln!("SKIPPED: no feeds/go-vulndb-osv.tar.gz here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    fs::write(at.join("main.go"), MAIN).expect("is written");
    fs::write(at.join("go.mod"), GO_MOD).expect("is written");
    let run = |program: &str, arguments: &[&str]| {
        output(
            Command::new(program)
                .args(arguments)
                .current_dir(at)
                .env("GOOS", "linux")
                .env("GOARCH", "amd64")
                .env("CGO_ENABLED", "0")
                .env("GOTOOLCHAIN", "local")
                .env("GOFLAGS", "-mod=mod -buildvcs=false"),
        )
    };
    let text = |output: Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let feeds = archive.to_string_lossy();
    let (Some(_), Some(_), Some(told), Some(symbols), Some(_)) = (
        run("tar", &["-xf", &feeds]),
        run("go", &["build", "-o", "app", "."]),
        run("go", &["version", "-m", "app"]),
        run("go", &["tool", "nm", "app"]),
        run("tar", &["-cf", "root.tar", "app"]),
    ) else {
        return;
    };
    let modules = modules(&text(told));
    assert!(modules.len() > 10, "{modules:?}");
    let symbols: BTreeSet<String> = text(symbols)
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(|symbol| symbol.replace(['(', ')', '*'], "").replace("%2e", "."))
        .collect();

    let mut db = Memory::new();
    let mut expect: BTreeSet<(String, String)> = BTreeSet::new();
    // For each record and module whether `nm` has one of its functions.
    let mut linked: BTreeMap<(String, String), bool> = BTreeMap::new();
    for entry in fs::read_dir(at.join("data/osv")).expect("records") {
        let path = entry.expect("a record").path();
        let file = bytes(&path);
        let name = path.to_string_lossy();
        for advisory in read::read(Format::Osv, &name, &file).advisories {
            db.add(advisory);
        }
        let record: Value = serde_json::from_slice(&file).expect("JSON");
        let list = |value: &Value, key: &str| -> Vec<Value> {
            value
                .get(key)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
        if record.get("withdrawn").is_some() {
            continue;
        }
        for affected in list(&record, "affected") {
            let module = affected.pointer("/package/name").and_then(Value::as_str);
            let Some((module, version)) = module.and_then(|name| modules.get_key_value(name))
            else {
                continue;
            };
            let ranges = list(&affected, "ranges");
            if !ranges
                .iter()
                .any(|range| is_affected(&list(range, "events"), version))
            {
                continue;
            }
            let key = (module.clone(), id.to_owned());
            expect.insert(key.clone());
            let specific = affected.get("ecosystem_specific").unwrap_or(&Value::Null);
            for import in list(specific, "imports") {
                let path = import
                    .get("path")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let names = list(&import, "symbols");
                let os = list(&import, "goos");
                let mut functions = names.iter().filter_map(Value::as_str);
                let has = (os.is_empty() || os.iter().any(|os| os == "linux"))
                    && functions.any(|name| symbols.contains(&format!("{path}.{name}")));
                *linked.entry(key.clone()).or_default() |= has;
            }
        }
    }

    let image = image(bytes(&at.join("root.tar")));
    assert!(image.gaps.is_empty(), "{:?}", image.gaps);
    let matched = match_image(&image, &db, &Options::default());
    assert!(matched.unknown.is_empty(), "{:?}", matched.unknown);
    let found: BTreeSet<(String, String)> = matched
        .vulnerabilities
        .iter()
        .flat_map(|hit| {
            let records = hit.names().filter(|name| name.starts_with("GO-"));
            records.map(|id| (hit.package.name.clone(), id.to_owned()))
        })
        .collect();
    assert_eq!(found, expect);

    let mut answers: BTreeMap<Tristate, u64> = BTreeMap::new();
    for hit in &matched.vulnerabilities {
        let answer = hit.reachable.answer;
        *answers.entry(answer).or_default() += 1;
        let is_linked = hit
            .names()
            .filter_map(|id| linked.get(&(hit.package.name.clone(), id.to_owned())))
            .any(|linked| *linked);
        // What `nm` has is in the program; it lacks what was put in line.
        assert!(!is_linked || answer == Tristate::Yes, "{hit:#?}");
        assert_eq!(
            answer == Tristate::Unknown,
            hit.reachable.evidence.is_empty()
        );
    }
    let of = |answer| answers.get(&answer).copied().unwrap_or_default();
    eprintln!(
        "{} vulnerabilities, reachable: {answers:?}",
        matched.vulnerabilities.len()
    );
    assert!(
        of(Tristate::Yes) >= 3 && of(Tristate::No) >= 3,
        "{answers:?}"
    );
}
