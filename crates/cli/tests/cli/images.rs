//! `plimsoll image` and `check --images`, over images made here.

use serde_json::{Value, json};
use sha2::Digest;

use crate::support::{NOW, Run, Sandbox};

/// A tar of regular files, folders and links.
#[derive(Default)]
pub struct Tar(Vec<u8>);

impl Tar {
    fn entry(mut self, path: &str, kind: u8, mode: u32, link: &str, data: &[u8]) -> Self {
        let mut head = [0_u8; 512];
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, path.as_bytes());
        put(100, format!("{mode:07o}\0").as_bytes());
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", data.len()).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[kind]);
        put(157, link.as_bytes());
        put(257, b"ustar\x0000");
        let sum: u32 = head.iter().map(|&byte| u32::from(byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend(head);
        self.0.extend(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn file(self, path: &str, data: &str) -> Self {
        self.entry(path, b'0', 0o644, "", data.as_bytes())
    }

    pub fn done(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// Alpine's package database, of packages with a version.
pub fn apk(packages: &[(&str, &str)]) -> String {
    packages
        .iter()
        .map(|(name, version)| {
            format!("P:{name}\nV:{version}\nA:x86_64\nL:MIT\no:{name}\nF:usr/bin\nR:{name}\n\n")
        })
        .collect()
}

pub const RELEASE: &str = "ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\n";

/// What `docker save` writes of an image with these layers.
pub fn saved(tag: &str, config: &Value, layers: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = Tar::default();
    let mut names = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let name = format!("{at}/layer.tar");
        tar = tar.entry(&name, b'0', 0o644, "", layer);
        names.push(name);
    }
    let manifest = json!([{"Config": "config.json", "RepoTags": [tag], "Layers": names}]);
    tar.file("config.json", &config.to_string())
        .file("manifest.json", &manifest.to_string())
        .done()
}

/// `sha256:` and the hash.
pub fn digest(bytes: &[u8]) -> String {
    let hash = sha2::Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

pub fn config(user: &str, layers: &[Vec<u8>]) -> Value {
    json!({
        "os": "linux",
        "architecture": "amd64",
        "config": {"User": user, "Cmd": ["/bin/web"], "Env": ["PATH=/bin"]},
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>(),
        },
        "history": (0..layers.len())
            .map(|at| json!({"created_by": format!("step {at}")}))
            .collect::<Vec<_>>(),
    })
}

/// A layer with an operating system of these packages and versions.
pub fn system(packages: &[(&str, &str)]) -> Vec<u8> {
    Tar::default()
        .file("etc/os-release", RELEASE)
        .file("lib/apk/db/installed", &apk(packages))
        .done()
}

/// A folder with two versions of an image: `one.tar` and `two.tar`.
pub fn images() -> Sandbox {
    let sandbox = Sandbox::empty();
    let one = system(&[("musl", "1.2.4-r2"), ("busybox", "1.36.1-r15")]);
    let two = system(&[("musl", "1.2.5-r0"), ("curl", "8.5.0-r0")]);
    let app = Tar::default()
        .entry("bin/web", b'0', 0o755, "", b"#!/bin/sh\n")
        .entry("bin/start", b'2', 0o777, "web", b"")
        .done();
    let put = |name: &str, bytes: Vec<u8>| {
        std::fs::write(sandbox.path().join(name), bytes).expect("writable");
    };
    let one = [one, app.clone()];
    put("one.tar", saved("shop/web:1", &config("", &one), &one));
    let two = [two, app];
    put("two.tar", saved("shop/web:2", &config("10001", &two), &two));
    sandbox
}

fn image(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut all = [&["image"], args, &["--now", NOW, "--no-cache"]].concat();
    if args.first() == Some(&"scan") {
        all.push("--no-vulnerabilities");
    }
    sandbox.run(&all)
}

/// The packages of a report, as `name version`.
fn packages(image: &Value) -> Vec<String> {
    let word = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    image["packages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| format!("{} {}", word(p, "name"), word(p, "version")))
        .collect()
}

#[test]
fn each_verb_of_images_at_a_glance() {
    let sandbox = images();
    let check = |name: &str, code: i32, args: &[&str]| {
        let run = image(&sandbox, args).exits(code);
        insta::assert_snapshot!(format!("image-{name}"), run);
    };
    check("scan", 0, &["scan", "one.tar"]);
    check("scan-verbose", 0, &["scan", "one.tar", "-v"]);
    check("ls", 0, &["ls", "one.tar"]);
    check("diff", 0, &["diff", "one.tar", "two.tar"]);
    check("diff-same", 0, &["diff", "one.tar", "one.tar"]);
    check("no-file", 1, &["scan", "./none.tar"]);
    check("two-streams", 64, &["diff", "-", "-"]);
}

#[test]
fn an_image_its_sbom_and_its_root_have_the_same_packages() {
    let sandbox = images();
    let whole = image(&sandbox, &["sbom", "one.tar", "-o", "json"]).json();
    let expected = ["busybox 1.36.1-r15", "musl 1.2.4-r2"];
    assert_eq!(packages(&whole), expected);
    for (format, file) in [("cyclonedx", "one.cdx.json"), ("spdx", "one.spdx.json")] {
        image(
            &sandbox,
            &["sbom", "one.tar", "-o", &format!("{format}={file}")],
        )
        .exits(0);
        let again = image(&sandbox, &["sbom", file, "-o", "json"]).exits(0);
        assert_eq!(packages(&again.json()), expected, "{format}");
    }
    sandbox.write("root/etc/os-release", RELEASE);
    let database = apk(&[("musl", "1.2.4-r2"), ("busybox", "1.36.1-r15")]);
    sandbox.write("root/lib/apk/db/installed", &database);
    let root = image(&sandbox, &["sbom", "root", "-o", "json"]).exits(0);
    assert_eq!(packages(&root.json()), expected);
}

#[test]
fn a_diff_says_what_changed_and_fails_where_that_is_asked() {
    let sandbox = images();
    let diff = image(&sandbox, &["diff", "one.tar", "two.tar", "-o", "json"]).json();
    let changes: Vec<(&str, &str)> = diff["packages"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|p| Some((p["name"].as_str()?, p["change"].as_str()?)))
        .collect();
    let expected = [
        ("busybox", "removed"),
        ("curl", "added"),
        ("musl", "upgraded"),
    ];
    assert_eq!(changes, expected);
    assert_eq!(diff["config"][0]["field"], "user");
    image(
        &sandbox,
        &["diff", "one.tar", "two.tar", "--fail-on-change"],
    )
    .exits(2);
}

#[test]
fn the_worst_finding_fails_the_run_where_that_is_asked() {
    let sandbox = images();
    image(&sandbox, &["scan", "one.tar", "--fail-on", "medium"]).exits(2);
    let control = ["--control", "image-runs-as-root"];
    let scan = |file: &str| {
        let run = image(
            &sandbox,
            &[&["scan", file, "-o", "json"], &control[..]].concat(),
        );
        run.json()["findings"].as_array().map(Vec::len)
    };
    assert_eq!(scan("one.tar"), Some(1));
    assert_eq!(scan("two.tar"), Some(0));
}

#[test]
fn a_second_run_takes_its_layers_from_the_cache() {
    let sandbox = images();
    let scan = || {
        let args = ["image", "sbom", "one.tar", "--now", NOW, "-o", "json"];
        sandbox
            .run(&[&args[..], &["--cache-dir", "cache"]].concat())
            .stdout
    };
    let first = scan();
    assert_eq!(scan(), first);
    let info = sandbox
        .run(&["cache", "info", "--cache-dir", "cache"])
        .exits(0);
    assert!(info.stdout.contains("layers    2, of which 0"), "{info}");
}

/// The files of a cache with this ending.
fn kept(sandbox: &Sandbox, ending: &str) -> Vec<std::path::PathBuf> {
    let mut kept = Vec::new();
    let mut folders = vec![sandbox.path().join("cache")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|is| is == ending) {
                kept.push(path);
            }
        }
    }
    kept
}

/// Whoever has just written a file may do so again without its times telling.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(60));
}

#[test]
fn an_image_seen_before_is_described_without_its_layers() {
    use std::io::Write;
    let sandbox = images();
    let gzipped = std::fs::File::create(sandbox.path().join("one.tgz")).expect("writable");
    let mut gzip = flate2::write::GzEncoder::new(gzipped, flate2::Compression::fast());
    gzip.write_all(&crate::support::bytes(&sandbox.path().join("one.tar")))
        .and_then(|()| gzip.finish())
        .expect("written");
    settle();
    for (file, images) in [("one.tar", 1), ("one.tgz", 2)] {
        let run = |verb: &[&str]| {
            let args = ["--now", NOW, "--cache-dir", "cache"];
            let target = [&["image"], verb, &[file]].concat();
            sandbox.run(&[&target[..], &args].concat())
        };
        let scan = ["scan", "--no-vulnerabilities", "--no-store", "-o", "json"];
        let verbs = [
            &scan[..],
            &["sbom"],
            &["ls", "-o", "json"],
            &["fix", "-o", "json"],
        ];
        let first = run(&scan);
        assert!(first.stdout.contains("busybox"), "{first}");
        assert_eq!(kept(&sandbox, "summary").len(), images, "{file}");
        let layers = kept(&sandbox, "layer");
        assert!(!layers.is_empty());
        for layer in layers {
            std::fs::remove_file(layer).expect("removed");
        }
        assert_eq!(run(&scan).stdout, first.stdout);
        for verb in verbs {
            let seen = run(verb);
            let without = [&["image"], verb, &[file, "--now", NOW, "--no-cache"]].concat();
            let fresh = sandbox.run(&without);
            assert_eq!(
                (seen.stdout, seen.code),
                (fresh.stdout, fresh.code),
                "{verb:?}"
            );
        }
        // Had a layer been opened, what is in it had been kept.
        assert_eq!(kept(&sandbox, "layer").len(), 0, "{file}");
    }
    // Files are told of by the layers alone.
    let args = [
        "image",
        "diff",
        "one.tar",
        "two.tar",
        "--cache-dir",
        "cache",
    ];
    let diff = sandbox.run(&args);
    assert_eq!(diff.stdout, sandbox.run(&args).stdout);
    let info = sandbox
        .run(&["cache", "info", "--cache-dir", "cache"])
        .exits(0);
    assert!(info.stdout.contains("layers    3, of which 0"), "{info}");
    assert!(info.stdout.contains("images    2, of which 0"), "{info}");
    let clear = sandbox
        .run(&["cache", "clear", "--cache-dir", "cache"])
        .exits(0);
    assert!(clear.stdout.contains("3 layers and 2 images"), "{clear}");
}

#[test]
fn an_archive_that_was_written_to_is_read_again() {
    let sandbox = images();
    let path = sandbox.path().join("one.tar");
    settle();
    let scan = || {
        let args = ["image", "sbom", "one.tar", "--now", NOW, "-o", "json"];
        sandbox.run(&[&args[..], &["--cache-dir", "cache"]].concat())
    };
    let first = scan().exits(0);
    assert_eq!(kept(&sandbox, "summary").len(), 1);
    // Written to in place, with the same size and the time it had: what it says of
    // itself, its layers' digests too, is as before.
    let time = path.metadata().and_then(|is| is.modified()).expect("known");
    let mut bytes = crate::support::bytes(&path);
    let at = bytes.windows(7).position(|part| part == b"busybox");
    bytes[at.expect("there")] = b'B';
    std::fs::write(&path, &bytes).expect("writable");
    let file = std::fs::File::options()
        .write(true)
        .open(&path)
        .expect("there");
    file.set_modified(time).expect("set");
    settle();
    let told = scan().exits(3);
    assert!(told.stderr.contains("not the bytes of the layer"), "{told}");
    assert!(told.stdout.contains("Busybox"), "{told}");
    // What is not what it says is told each time.
    assert_eq!(scan().exits(3).stdout, told.stdout);
    assert_eq!(kept(&sandbox, "summary").len(), 1);
    // And what was put back is what it was.
    bytes[at.expect("there")] = b'b';
    std::fs::write(&path, &bytes).expect("writable");
    assert_eq!(scan().exits(0).stdout, first.stdout);
}

#[test]
fn a_torn_archive_is_told_and_never_clean() {
    let sandbox = images();
    let bytes = sandbox.read("one.tar").into_bytes();
    for cut in [1, 511, 700, 2_000, bytes.len() / 2] {
        std::fs::write(sandbox.path().join("torn.tar"), &bytes[..cut]).expect("writable");
        let run = image(&sandbox, &["scan", "torn.tar", "-o", "json"]);
        assert!(matches!(run.code, Some(1 | 3)), "cut at {cut}: {run}");
        assert!(run.stderr.contains("torn.tar"), "cut at {cut}: {run}");
    }
}

#[test]
fn a_check_looks_into_the_images_its_workloads_name() {
    let sandbox = images();
    let pod = |name: &str, image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec: \
             {{containers: [{{name: web, image: '{image}'}}]}}\n---\n"
        )
    };
    let pods = ["1", "2", "3"].map(|tag| pod(&format!("web-{tag}"), &format!("shop/web:{tag}")));
    sandbox.write("pods/pods.yaml", &pods.concat());
    let goal = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: no-root}\n\
                spec:\n  owner: platform\n  why: Images start as somebody.\n  \
                assets: {all: true}\n  require:\n  \
                - image: {runsAsRoot: forbid}\n";
    sandbox.write("goal.yaml", goal);
    let args = [
        "check",
        "pods",
        "--goals",
        "goal.yaml",
        "--now",
        NOW,
        "-o",
        "json",
    ];
    // Nobody looked: unknown.
    let blind = sandbox.run(&args);
    // One starts as root, one does not, and of one there is no image.
    let seen = sandbox.run(&[&args[..], &["--images", ".", "--no-cache"]].concat());
    let counts = |run: &Run| run.json()["goals"][0]["counts"].clone();
    assert_eq!(counts(&blind)["unknown"], 3, "{blind}");
    let counts = counts(&seen);
    assert_eq!(counts["violated"], 1, "{seen}");
    assert_eq!(counts["unknown"], 1, "{seen}");
    assert_eq!(counts["satisfied"], 1, "{seen}");
}

#[test]
fn the_base_of_an_image_is_told_by_its_layers() {
    let sandbox = images();
    // The base is an image of the lowest layer alone.
    let base = Tar::default()
        .file("etc/os-release", RELEASE)
        .file(
            "lib/apk/db/installed",
            &apk(&[("musl", "1.2.4-r2"), ("busybox", "1.36.1-r15")]),
        )
        .done();
    let base = [base];
    let bytes = saved("alpine:3.19", &config("", &base), &base);
    std::fs::write(sandbox.path().join("base.tar"), bytes).expect("writable");
    let args = ["sbom", "one.tar", "-o", "json", "--base", "base.tar"];
    let image_of = |args: &[&str]| image(&sandbox, args).exits(0).json();
    let one = image_of(&args);
    assert_eq!(one["base"]["name"], "alpine:3.19");
    assert_eq!(one["base"]["layers"], 1);
    assert!(
        one["packages"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|p| p["fromBase"] == true)
    );
    // Built on something else.
    let two = image_of(&["sbom", "two.tar", "-o", "json", "--base", "base.tar"]);
    assert_eq!(two["base"], Value::Null);
    image(&sandbox, &["ls", "one.tar", "--base", "none.tar"]).exits(1);
}

#[test]
fn a_goal_asks_what_images_are_built_on() {
    let sandbox = Sandbox::empty();
    let put = |name: &str, bytes: Vec<u8>| {
        std::fs::write(sandbox.path().join(name), bytes).expect("writable");
    };
    let layer = |name: &str| Tar::default().file(name, "x").done();
    // Two bases, and images of the one, of the other, of what the builder's
    // annotation says, and of nobody knows what.
    for (base, created) in [
        ("approved", "2026-11-01T00:00:00Z"),
        ("other", "2026-01-01T00:00:00Z"),
    ] {
        let layers = [layer(base)];
        let mut config = config("1", &layers);
        config["created"] = json!(created);
        let tag = format!("registry.example.com/base/{base}:1");
        put(&format!("{base}.tar"), saved(&tag, &config, &layers));
    }
    let image = |name: &str, below: &str, label: Option<&str>| {
        let layers = [layer(below), layer("app")];
        let mut config = config("1", &layers);
        if let Some(label) = label {
            config["config"]["Labels"] = json!({"org.opencontainers.image.base.name": label});
        }
        let tag = format!("shop/{name}:1");
        put(&format!("images/{name}.tar"), saved(&tag, &config, &layers));
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec: \
             {{containers: [{{name: web, image: '{tag}'}}]}}\n---\n"
        )
    };
    std::fs::create_dir(sandbox.path().join("images")).expect("writable");
    let pods = [
        image("chain", "approved", None),
        image("foreign", "other", None),
        image(
            "said",
            "third",
            Some("registry.example.com/base/approved:2"),
        ),
        image("silent", "third", None),
    ];
    sandbox.write("pods/pods.yaml", &pods.concat());
    let goal = |name: &str, clause: &str| {
        format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: {name}}}\n\
             spec:\n  owner: platform\n  why: Bases are looked after.\n  \
             assets: {{all: true}}\n  require:\n  - image: {clause}\n---\n"
        )
    };
    let goals = [
        goal("by-name", "{bases: ['registry.example.com/base/approved']}"),
        goal("by-age", "{maxBaseAge: 90d}"),
    ];
    sandbox.write("goal.yaml", &goals.concat());
    let args = [
        "check",
        "pods",
        "--goals",
        "goal.yaml",
        "--images",
        "images",
        "--base",
        "approved.tar",
        "--base",
        "other.tar",
        "--no-cache",
        "--no-vulnerabilities",
        "--now",
        NOW,
        "-o",
        "json",
    ];
    let report = sandbox.run(&args).exits(2).json();
    let goals = report["goals"].as_array().expect("a list");
    let mut told: Vec<String> = Vec::new();
    for goal in goals {
        for asset in goal["assets"].as_array().into_iter().flatten() {
            told.push(format!(
                "{} {} {} {}",
                goal["name"], asset["asset"], asset["state"], asset["because"][0]["text"]
            ));
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_secret_that_a_later_layer_deletes_is_found_and_no_output_shows_it() {
    let sandbox = Sandbox::empty();
    // Put together here, so that no scanner takes this file for one.
    let token = ["glpat-", "kJ8sQ2mZx71pLw0RbT5y"].concat();
    let (url, typed) = ("Hunter2Hunter", "SuperGeheim1");
    let layers = [
        Tar::default()
            .file(
                "app/.env",
                &format!("DB=postgres://shop:{url}@db/shop\nTOKEN={token}\n"),
            )
            .file(
                "srv/web/.bash_history",
                &format!("mysql -u root -p{typed}\n"),
            )
            .done(),
        Tar::default().file("app/.wh..env", "").done(),
    ];
    let mut config = config("10001", &layers);
    config["config"]["Env"] = json!(["PATH=/bin", format!("API_TOKEN={token}")]);
    config["config"]["Labels"] = json!({"ci": token});
    config["history"][0]["created_by"] = json!(format!("RUN |1 T={token} /bin/sh -c make"));
    let bytes = saved("shop/web:1", &config, &layers);
    std::fs::write(sandbox.path().join("one.tar"), bytes).expect("writable");

    let report = image(&sandbox, &["scan", "one.tar", "-o", "json"]).json();
    let mut told: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["kind"] == "secret")
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap_or_default();
            (word("control"), word("message"))
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (
                "gitlab-access-token",
                "GitLab access token in /app/.env; layer 2 deletes it, and the image still holds it"
            ),
            (
                "gitlab-access-token",
                "GitLab access token in env:API_TOKEN"
            ),
            (
                "postgres-url-password",
                "Password in the URL of a PostgreSQL database in /app/.env; layer 2 deletes it, and \
                 the image still holds it"
            ),
            (
                "shell-history-password",
                "Password in a shell's history in /srv/web/.bash_history"
            ),
        ]
    );
    let scans = ["table", "json", "sarif", "html", "cyclonedx", "spdx"]
        .map(|o| ["scan", "one.tar", "-v", "-o", o]);
    let mut runs: Vec<Run> = scans.iter().map(|args| image(&sandbox, args)).collect();
    runs.push(image(&sandbox, &["ls", "one.tar", "-o", "json"]));
    runs.push(image(&sandbox, &["sbom", "one.tar", "-o", "json"]));
    for run in runs {
        assert!(!run.stdout.is_empty(), "{run}");
        for secret in [&*token, url, typed] {
            assert!(
                !run.stdout.contains(secret) && !run.stderr.contains(secret),
                "{run}"
            );
        }
    }
    sandbox
        .run(&[
            "image",
            "scan",
            "one.tar",
            "--now",
            NOW,
            "--cache-dir",
            "cache",
        ])
        .exits(3);
    let mut cached = 0;
    let mut folders = vec![sandbox.path().join("cache")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = crate::support::bytes(&path);
            cached += 1;
            for secret in [&*token, url, typed] {
                let held = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!held, "{}", path.display());
            }
        }
    }
    assert!(cached > 0);
}
