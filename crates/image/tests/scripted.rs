//! What is found of scripted languages equals what their own tools list: npm
//! and pip over real trees (`./x trees` makes them), gem over what is installed
//! here, composer over a project made for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use common::{InPlace, output};
use plimsoll_image::{
    FileKind, FileRecord, FoundPackage, Limits, analyzer,
    image::{Run, analyze},
    source::{Blob, Blobs, Descriptor, ImageSource, UNKNOWN},
};
use plimsoll_model::{PackageType, image::ImageForm};
use serde_json::Value;

mod common;

/// A folder that `./x trees` makes.
fn tree(name: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let path = cache.join("plimsoll/trees").join(name);
    if !path.is_dir() {
        eprintln!("SKIPPED: no {}; ./x trees makes it", path.display());
        return None;
    }
    Some(path)
}

/// All regular files below a folder, by their paths from there.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&at)).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if at.is_empty() {
                name
            } else {
                format!("{at}/{name}")
            };
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What this analyzer finds below a folder, with the files it found it in. It
/// must find all there is.
fn found(name: &str, folder: &Path) -> Vec<(String, FoundPackage)> {
    let analyzer = analyzer::all()
        .find(|analyzer| analyzer.name == name)
        .unwrap_or_else(|| panic!("no analyzer {name}"));
    let mut all = Vec::new();
    for path in files(folder) {
        let record = FileRecord {
            kind: FileKind::Regular,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: std::fs::metadata(folder.join(&path)).expect("there").len(),
            mtime: 0,
            digests: Vec::new(),
            binary: false,
        };
        if !(analyzer.by_path)(&path, &record) {
            continue;
        }
        let sink = common::run(name, &path, &InPlace::open(&folder.join(&path)));
        assert!(sink.problems.is_empty(), "{path}: {:?}", sink.problems);
        let packages = common::packages(&sink).into_iter().cloned();
        all.extend(packages.map(|package| (path.clone(), package)));
    }
    all
}

fn identities<'a>(packages: impl IntoIterator<Item = &'a FoundPackage>) -> BTreeSet<String> {
    let identity = |found: &FoundPackage| {
        let package = &found.package;
        format!("{} {}", package.full_name(), package.version)
    };
    packages.into_iter().map(identity).collect()
}

fn all_of(packages: &[(String, FoundPackage)]) -> BTreeSet<String> {
    identities(packages.iter().map(|(_, package)| package))
}

fn json(path: &Path) -> Value {
    let file = std::fs::File::open(path).expect("the tree is whole");
    serde_json::from_reader(io::BufReader::new(file)).expect("it is JSON")
}

/// Names and versions of a tree as `npm ls --all --json` prints it.
fn npm_tree(tree: &Value, into: &mut BTreeSet<String>) {
    for (name, entry) in tree["dependencies"].as_object().into_iter().flatten() {
        if let Some(version) = entry["version"].as_str() {
            // It lists an alias by the name it has here.
            let name = if name == "aliased" { "ms" } else { name };
            into.insert(format!("{name} {version}"));
        }
        npm_tree(entry, into);
    }
}

#[test]
fn packages_of_a_node_project_are_those_npm_lists() {
    let Some(tree) = tree("node-1") else { return };
    let mut told = BTreeSet::new();
    npm_tree(&json(&tree.join("npm-ls.json")), &mut told);
    assert!(told.len() > 100, "{told:?}");
    let installed = found("npm-package", &tree);
    let (own, brought): (Vec<_>, Vec<_>) = installed
        .iter()
        .map(|(_, package)| package)
        .partition(|package| package.evidence == "package.json");
    assert_eq!(identities(own), told);
    // Nothing in these packages looks like another one.
    assert!(brought.is_empty(), "{brought:?}");
    let with_licence = installed
        .iter()
        .filter(|(_, found)| !found.package.licences.is_empty());
    assert!(with_licence.count() > 100);
}

#[test]
fn lock_files_of_node_projects_list_what_npm_lists() {
    let Some(tree) = tree("node-1") else { return };
    let mut told = BTreeSet::new();
    npm_tree(&json(&tree.join("npm-ls.json")), &mut told);
    // Only for another system: locked, and not installed here.
    told.insert("fsevents 2.3.3".to_owned());
    let mut dev: Option<BTreeSet<String>> = None;
    let names_of = |all: &BTreeSet<String>| -> BTreeSet<String> {
        let names = all.iter().filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect()
    };
    // The latter choose on their own: the same packages, not always in the same versions, and
    // what they themselves build with.
    for (name, analyzer, tells_dev, chooses) in [
        ("npm-1", "npm-lock", true, false),
        ("npm-2", "npm-lock", true, false),
        ("npm-3", "npm-lock", true, false),
        ("pnpm", "pnpm-lock", true, false),
        ("yarn", "yarn-lock", false, true),
        ("berry", "yarn-lock", false, true),
        ("bun", "bun-lock", true, true),
        ("deno", "deno-lock", false, true),
    ] {
        let folder = tree.join("locks").join(name);
        if !folder.is_dir() {
            // Made by hand only: their tools are large.
            assert!(matches!(name, "berry" | "bun" | "deno"), "{name}");
            continue;
        }
        let locked = found(analyzer, &folder);
        let all = all_of(&locked);
        let differ: Vec<String> = match chooses {
            true => &names_of(&told) - &names_of(&all),
            false => &all ^ &told,
        }
        .into_iter()
        .collect();
        assert!(differ.is_empty(), "{name}: {differ:?}");
        let packages = locked.iter().map(|(_, package)| package);
        if name != "berry" {
            let without = packages.clone().find(|found| found.checksums.is_empty());
            assert!(without.is_none(), "{name}: {without:?}");
        }
        if tells_dev {
            // What is there twice is for development when both are.
            let mut found = identities(packages.clone().filter(|found| found.dev));
            for used in identities(packages.filter(|found| !found.dev)) {
                found.remove(&used);
            }
            assert!(found.contains("mocha 10.2.0"), "{name}: {found:?}");
            let dev = dev.get_or_insert_with(|| found.clone());
            if chooses {
                continue;
            }
            let differ: Vec<&String> = found.symmetric_difference(dev).collect();
            assert!(differ.is_empty(), "{name}: {differ:?}");
        }
    }
}

/// The names of the index, as its own normalisation has them.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn pip_list(tree: &Path) -> BTreeSet<String> {
    let told = json(&tree.join("pip-list.json"));
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("a text").to_owned();
    let entries = told.as_array().expect("a list");
    let entries = entries.iter().map(|entry| {
        let name = normal(&text(entry, "name"));
        format!("{name} {}", text(entry, "version"))
    });
    entries.collect()
}

#[test]
fn packages_of_a_python_environment_are_those_pip_lists() {
    let Some(tree) = tree("python-1") else { return };
    let told = pip_list(&tree);
    assert!(told.len() > 10, "{told:?}");
    let installed = found("python-metadata", &tree.join("venv"));
    // Deeper down are those that pip and setuptools bring along within themselves.
    let own = installed.iter().filter(|(path, _)| {
        let below = path.split_once("site-packages/").map(|(_, below)| below);
        below.is_some_and(|below| below.matches('/').count() == 1)
    });
    assert_eq!(identities(own.map(|(_, package)| package)), told);
    // The lists of files name the same packages, and files that are there.
    let recorded = found("python-record", &tree.join("venv"));
    let all = all_of(&installed);
    assert!(all_of(&recorded).is_subset(&all), "{recorded:?}");
    let files: Vec<&String> = recorded
        .iter()
        .flat_map(|(_, found)| &found.files)
        .collect();
    assert!(files.iter().any(|file| **file == "bin/flask"), "{files:?}");
    for file in files {
        assert!(tree.join("venv").join(file).is_file(), "{file}");
    }
}

#[test]
fn lock_files_of_python_projects_list_what_pip_lists() {
    let Some(tree) = tree("python-1") else { return };
    let mut told = pip_list(&tree);
    // They come with the environment.
    told.retain(|line| !line.starts_with("pip ") && !line.starts_with("setuptools "));
    for (name, analyzer) in [
        ("pip", "python-requirements"),
        ("uv", "uv-lock"),
        ("pylock", "pylock"),
        ("poetry", "poetry-lock"),
        ("pdm", "pdm-lock"),
        ("pipenv", "pipfile-lock"),
    ] {
        let folder = tree.join("locks").join(name);
        if !folder.is_dir() {
            // Made by hand only: their tools are large.
            assert!(matches!(name, "poetry" | "pdm" | "pipenv"), "{name}");
            continue;
        }
        let locked = found(analyzer, &folder);
        let mut all = all_of(&locked);
        // For systems other than this one.
        all.retain(|line| !line.starts_with("colorama ") && !line.starts_with("win-inet-pton "));
        let missing: Vec<&String> = told.difference(&all).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
        if name == "uv" {
            let dev = identities(
                locked
                    .iter()
                    .map(|(_, found)| found)
                    .filter(|found| found.dev),
            );
            assert_eq!(dev, BTreeSet::from(["iniconfig 2.0.0".to_owned()]));
        }
    }
}

/// Layers, each in a file.
struct Files(Vec<PathBuf>);

impl Blobs for Files {
    fn open(&self, at: usize) -> io::Result<Blob> {
        Ok(Blob::At(Arc::new(InPlace::open(&self.0[at]))))
    }
}

#[test]
fn an_image_of_these_trees_has_each_package_once_with_all_its_places() {
    let (Some(node), Some(python)) = (tree("node-1"), tree("python-1")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut tars = Vec::new();
    for (name, tree, parts) in [
        ("python", &python, ["venv", "locks/uv"]),
        ("node", &node, ["node_modules", "locks/npm-3"]),
    ] {
        let tar = folder.path().join(name);
        let mut command = Command::new("tar");
        command.arg("-cf").arg(&tar).arg("-C").arg(tree).args(parts);
        if output(&mut command).is_none() {
            return;
        }
        tars.push(tar);
    }
    let layers = tars.iter().map(|tar| Descriptor {
        media_type: String::new(),
        digest: UNKNOWN,
        size: std::fs::metadata(tar).expect("there").len(),
        urls: Vec::new(),
        annotations: BTreeMap::new(),
        platform: None,
    });
    let source = ImageSource {
        attached: Vec::new(),
        name: "trees".to_owned(),
        form: ImageForm::RootFs,
        tags: Vec::new(),
        manifest: None,
        index: None,
        other_platforms: Vec::new(),
        config: b"{}".to_vec(),
        annotations: BTreeMap::new(),
        layers: layers.collect(),
    };
    let limits = Limits::default();
    let image = analyze(&source, &Files(tars), &Run::plain(&limits)).image;
    assert!(image.gaps.is_empty(), "{:?}", image.gaps);
    // What lock files alone know is not here.
    let told = |kind: PackageType, layer: u32| -> BTreeSet<String> {
        let of_kind = image.packages.iter().filter(|found| {
            let mut places = found.locations.iter();
            found.package.kind == kind
                && places.any(|place| {
                    let below = place.path.rsplit_once("site-packages/");
                    let own = below.is_none_or(|(_, below)| below.matches('/').count() == 1);
                    place.how == "installed" && place.layer == layer && own
                })
        });
        of_kind
            .map(|found| format!("{} {}", found.package.full_name(), found.package.version))
            .collect()
    };
    assert_eq!(told(PackageType::Pypi, 0), pip_list(&python));
    let mut npm = BTreeSet::new();
    npm_tree(&json(&node.join("npm-ls.json")), &mut npm);
    assert_eq!(told(PackageType::Npm, 1), npm);
    let flask: Vec<_> = image
        .packages
        .iter()
        .filter(|found| found.package.name == "flask")
        .collect();
    let [flask] = flask[..] else {
        panic!("{flask:?}");
    };
    let evidence: Vec<&str> = flask
        .locations
        .iter()
        .map(|place| place.evidence.split(',').next().unwrap_or(""))
        .collect();
    assert_eq!(evidence, ["uv.lock", "METADATA", "RECORD"]);
    assert!(flask.needs.contains(&"werkzeug".to_owned()), "{flask:?}");
    assert!(!flask.checksums.is_empty() && !flask.package.licences.is_empty());
    // For development as far as the lock file goes, but it is installed.
    let mocha = image
        .packages
        .iter()
        .find(|found| found.package.name == "mocha");
    assert!(mocha.is_some_and(|found| !found.dev && found.locations.len() == 2));
}

#[test]
fn gems_are_those_gem_lists() {
    let Some(paths) = output(Command::new("gem").args(["environment", "path"])) else {
        return;
    };
    let Some(told) = output(Command::new("gem").args(["list", "--local", "--all"])) else {
        return;
    };
    // `NAME (default: VERSION, VERSION PLATFORM)`
    let mut expect = BTreeSet::new();
    for line in String::from_utf8_lossy(&told.stdout).lines() {
        let Some((name, versions)) = line.split_once(" (") else {
            continue;
        };
        for version in versions.trim_end_matches(')').split(", ") {
            let version = version.trim_start_matches("default: ");
            let version = version.split(' ').next().unwrap_or(version);
            expect.insert(format!("{name} {version}"));
        }
    }
    let paths = String::from_utf8_lossy(&paths.stdout).into_owned();
    let mut all = BTreeSet::new();
    for folder in paths.trim().split(':').map(Path::new) {
        let folder = folder.join("specifications");
        if folder.is_dir() {
            let parent = folder.parent().expect("has one");
            all.extend(all_of(&found("gemspec", parent)));
        }
    }
    assert_eq!(all, expect);
}

#[test]
fn packages_of_composer_are_those_it_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let write = |path: &str, text: &str| {
        let path = at.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("is made");
        std::fs::write(path, text).expect("is written");
    };
    // Packages in archives on the disk: no registry is asked.
    let mut packages = Vec::new();
    for (name, version, more) in [
        ("acme/base", "v1.2.3", r#""license": ["MIT"]"#),
        (
            "acme/top",
            "2.0.0",
            r#""require": {"acme/base": "^1.0", "php": ">=7"}"#,
        ),
        (
            "acme/tests",
            "3.1.0-beta1",
            r#""license": ["MIT", "GPL-2.0-only"]"#,
        ),
    ] {
        let short = name.replace('/', "-");
        write(
            &format!("{short}/composer.json"),
            &format!("{{\"name\": \"{name}\"}}"),
        );
        let made = output(
            Command::new("tar")
                .args(["-cf", &format!("{short}.tar"), &short])
                .current_dir(at),
        );
        if made.is_none() {
            return;
        }
        let url = at.join(format!("{short}.tar"));
        packages.push(format!(
            r#"{{"name": "{name}", "version": "{version}", {more},
                "dist": {{"type": "tar", "url": "file://{}"}}}}"#,
            url.display()
        ));
    }
    write(
        "composer.json",
        &format!(
            r#"{{"name": "own/app", "repositories": [{{"packagist.org": false}}, {{"type": "package", "package": [{}]}}],
                "minimum-stability": "beta", "require": {{"acme/top": "2.0.0"}}, "require-dev": {{"acme/tests": "*"}}}}"#,
            packages.join(",")
        ),
    );
    let composer = |args: &[&str]| {
        let mut command = Command::new("composer");
        command
            .args(args)
            .args(["--no-interaction", "--no-plugins"])
            .current_dir(at)
            .env("COMPOSER_HOME", at.join("home"))
            .env("COMPOSER_ALLOW_SUPERUSER", "1");
        output(&mut command)
    };
    let Some(_) = composer(&["install", "--quiet"]) else {
        return;
    };
    let Some(told) = composer(&["show", "--format=json"]) else {
        return;
    };
    let told: Value = serde_json::from_slice(&told.stdout).expect("is JSON");
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("a text").to_owned();
    let entries = told["installed"].as_array().expect("a list");
    let expect: BTreeSet<String> = entries
        .iter()
        .map(|entry| format!("{} {}", text(entry, "name"), text(entry, "version")))
        .collect();
    assert_eq!(expect.len(), 3);
    let installed = found("composer-installed", &at.join("vendor"));
    assert_eq!(all_of(&installed), expect);
    let locked = found("composer-lock", at);
    assert_eq!(all_of(&locked), expect);
    for packages in [installed, locked] {
        let dev = identities(
            packages
                .iter()
                .map(|(_, found)| found)
                .filter(|found| found.dev),
        );
        assert_eq!(dev, BTreeSet::from(["acme/tests 3.1.0-beta1".to_owned()]));
    }
}
