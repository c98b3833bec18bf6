//! `bench`: criterion's benches, then whole processes on images and estates, then peers where
//! they are installed. It prints figures and ratios and judges none of them: a bound that is
//! asserted breaks on the next machine.

mod advisories;
mod debian;
pub mod estate;
mod images;
pub mod measure;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bench::measure::{Meter, Sample};
use crate::{Usage, shell};

const HELP: &str = "\
usage: ./x bench [--runs N] [--fixtures DIR] [--image FILE]... [--debian] [--feeds DIR]
                [--stored N] [--only PART] [--no-criterion]

  --runs N         how many runs each figure is the median of (5)
  --fixtures DIR   a folder of pod manifests to use in place of the 4,537 that are made up
  --image FILE     an archive of an image to look into as well, beside the floor: its layers
                   decompressed and hashed on all cores, no more (repeatable)
  --debian         images of Debian with compilers, languages and servers as well, in layers
                   and as one, in plain, gzip and zstd (made once with mmdebstrap, in some
                   minutes, and kept in the user's cache)
  --feeds DIR      advisories as publishers have them, in place of 20,000 that are made up
  --stored N       how many images are stored and matched again (10,000)
  --only PART      only whole processes of this part: images, estates or advisories
  --no-criterion   whole processes only";

/// Exit codes of `plimsoll` that say that it did its work.
const DONE: [i32; 3] = [0, 2, 3];
/// The sizes at which an estate is measured.
const SIZES: [usize; 3] = [10_000, 50_000, 100_000];
/// Files of an estate.
const FILES: usize = 200;
/// Pods in the folder of small files.
const PODS: usize = 4_537;
/// Pods for peers that take seconds for a hundred.
const FEW: usize = 88;

struct Options {
    runs: usize,
    fixtures: Option<PathBuf>,
    images: Vec<String>,
    debian: bool,
    feeds: Option<PathBuf>,
    stored: usize,
    only: Option<String>,
    criterion: bool,
}

/// What whole processes are measured on.
const PARTS: [&str; 3] = ["images", "estates", "advisories"];

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

/// Nothing where help is asked for.
fn options(args: &[String]) -> Result<Option<Options>> {
    let mut options = Options {
        runs: 5,
        fixtures: None,
        images: Vec::new(),
        debian: false,
        feeds: None,
        stored: 10_000,
        only: None,
        criterion: true,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .ok_or_else(|| Usage(format!("`{arg}` needs a value\n{HELP}")))
        };
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--runs" => {
                options.runs = value()?
                    .parse()
                    .map_err(|error| Usage(format!("--runs: {error}")))?;
            }
            "--fixtures" => options.fixtures = Some(PathBuf::from(value()?)),
            "--image" => options.images.push(value()?.clone()),
            "--debian" => options.debian = true,
            "--feeds" => options.feeds = Some(PathBuf::from(value()?)),
            "--stored" => {
                options.stored = value()?
                    .parse()
                    .map_err(|error| Usage(format!("--stored: {error}")))?;
            }
            "--only" => {
                let part = value()?;
                if !PARTS.contains(&part.as_str()) {
                    let parts = PARTS.join(", ");
                    return Err(Usage(format!("--only {part}: there are {parts}\n{HELP}")).into());
                }
                options.only = Some(part.clone());
                options.criterion = false;
            }
            "--no-criterion" => options.criterion = false,
            _ => return Err(Usage(format!("no option `{arg}`\n{HELP}")).into()),
        }
    }
    Ok(Some(options))
}

/// Runs everything and prints the tables.
///
/// # Errors
/// A build or a measured program fails, or a folder can't be written.
pub fn bench(args: &[String]) -> Result<()> {
    let Some(options) = options(args)? else {
        println!("{HELP}");
        return Ok(());
    };
    let mut images = options.images.clone();
    if options.debian && options.wants("images") {
        let made = debian::images()?;
        images.extend(made.iter().map(|path| path.to_string_lossy().into_owned()));
    }
    if options.criterion && has_benches()? {
        shell::run(shell::cargo().args(["bench", "--workspace", "--locked", "--benches"]))?;
    }
    shell::run(shell::cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "plimsoll-cli",
    ]))?;
    let plimsoll = target().join("release/plimsoll");
    let work = shell::root().join("target/bench");
    std::fs::create_dir_all(&work).with_context(|| format!("can't make {}", work.display()))?;

    let table = Table {
        meter: Meter::new(options.runs),
    };
    println!(
        "medians of {} runs, whole process, warm file cache",
        options.runs.max(1)
    );
    println!("{:<52} {:>10} {:>10} {:>10}", "", "wall", "CPU", "peak RSS");
    table.run("plimsoll --help", &plimsoll, &["--help"], &[0])?;
    if options.wants("images") {
        images::images(&table, &plimsoll, &images, &work)?;
    }
    if options.wants("advisories") {
        let feeds = options.feeds.as_deref();
        advisories::advisories(&table, &plimsoll, feeds, options.stored, &work)?;
    }
    if options.wants("estates") {
        estates(&table, &plimsoll, options.fixtures, &work)?;
    }
    Ok(())
}

/// Manifests: many small files, and estates of three sizes; then peers.
fn estates(table: &Table, plimsoll: &Path, given: Option<PathBuf>, work: &Path) -> Result<()> {
    let (fixtures, origin) = fixtures(given, work)?;
    let fixtures = fixtures.to_string_lossy().into_owned();
    let all = table.run(
        &format!("plimsoll scan, {origin}"),
        plimsoll,
        &["scan", &fixtures, "-o", "json"],
        &DONE,
    )?;

    let mut walls = Vec::new();
    for size in SIZES {
        let folder = fresh(&work.join(format!("estate-{size}")))?;
        write(&folder, estate::estate(size, FILES))?;
        write(
            &folder,
            std::iter::once((estate::GOALS.0.to_owned(), estate::GOALS.1.to_owned())),
        )?;
        let path = folder.to_string_lossy().into_owned();
        for verb in ["scan", "check"] {
            let title = format!("plimsoll {verb}, {size} objects in {FILES} files");
            let sample = table.run(&title, plimsoll, &[verb, &path, "-o", "json"], &DONE)?;
            walls.push((verb, size, sample.wall.as_secs_f64()));
        }
    }
    for verb in ["scan", "check"] {
        let of = |size| {
            walls
                .iter()
                .find(|(v, s, _)| *v == verb && *s == size)
                .map(|found| found.2)
        };
        if let (Some(small), Some(large)) = (of(10_000), of(100_000)) {
            println!(
                "{verb}: ten times the objects take {:.1} times the time (10 is linear)",
                large / small.max(f64::MIN_POSITIVE)
            );
        }
    }

    let few = few(Path::new(&fixtures), work)?;
    let few = few.to_string_lossy().into_owned();
    let ours = table.run(
        &format!("plimsoll scan, {FEW} of them"),
        plimsoll,
        &["scan", &few, "-o", "json"],
        &DONE,
    )?;
    peers(table, &fixtures, all, &few, ours)
}

/// Where cargo builds.
fn target() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    shell::root().join(target)
}

/// Runs each peer that is on `PATH` on the same input, and prints the ratio.
fn peers(table: &Table, fixtures: &str, all: Sample, few: &str, ours: Sample) -> Result<()> {
    let files = yaml_files(Path::new(fixtures))?;
    let mut score = vec!["score", "--output-format", "json"];
    score.extend(files.iter().map(String::as_str));
    let lint = ["lint", "--format", "json", fixtures];
    let trivy = ["config", "--quiet", "--format", "json", few];
    let peers: [(&str, &[&str], Sample); 3] = [
        ("kube-score", &score, all),
        ("kube-linter", &lint, all),
        ("trivy", &trivy, ours),
    ];
    for (name, args, ours) in peers {
        let Some(program) = shell::which(name) else {
            println!("{name}: not on PATH, not compared");
            continue;
        };
        match table.run(&format!("{name}, the same input"), &program, args, &[0, 1]) {
            Ok(theirs) => println!(
                "{name} takes {:.1} times as long as plimsoll",
                theirs.wall.as_secs_f64() / ours.wall.as_secs_f64().max(f64::MIN_POSITIVE)
            ),
            Err(error) => println!("{name}: not compared: {error:#}"),
        }
    }
    Ok(())
}

/// Prints a row for each program it measures.
struct Table {
    meter: Meter,
}

impl Table {
    /// Two programs whose runs take turns, so that both see the same machine.
    fn pair(&self, runs: [(&str, &Path, &[&str], &[i32]); 2]) -> Result<[Sample; 2]> {
        let owned = runs.map(|(_, program, args, codes)| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            (program, args, codes)
        });
        let [first, second] = &owned;
        let samples = self.meter.pair([
            (first.0, &first.1, first.2),
            (second.0, &second.1, second.2),
        ])?;
        for ((title, ..), sample) in runs.iter().zip(samples) {
            println!("{}", row(title, sample));
        }
        Ok(samples)
    }

    fn run(&self, title: &str, program: &Path, args: &[&str], codes: &[i32]) -> Result<Sample> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let sample = self.meter.median(program, &args, codes)?;
        println!("{}", row(title, sample));
        Ok(sample)
    }
}

fn row(title: &str, sample: Sample) -> String {
    let wall = seconds(sample.wall.as_secs_f64());
    let (cpu, memory) = sample.usage.map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |(cpu, kib)| (seconds(cpu.as_secs_f64()), format!("{} MiB", kib / 1024)),
    );
    format!("{title:<52} {wall:>10} {cpu:>10} {memory:>10}")
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.2} s")
    }
}

/// The folder of pods to scan and what it is: the one given, the published conformance suite
/// where it lies beside the repository, or pods that are made up.
fn fixtures(given: Option<PathBuf>, work: &Path) -> Result<(PathBuf, String)> {
    if let Some(folder) = given {
        if !folder.is_dir() {
            bail!("--fixtures: {} is no folder", folder.display());
        }
        let title = format!("{} files given", yaml_files(&folder)?.len());
        return Ok((folder, title));
    }
    let shared = std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| shell::root().join("../shared"), PathBuf::from);
    let archive = shared.join("data/conformance/pod-security-standards.tar.xz");
    let folder = fresh(&work.join("fixtures"))?;
    if archive.is_file() {
        shell::run(
            Command::new("tar")
                .arg("-xJf")
                .arg(&archive)
                .arg("-C")
                .arg(&folder),
        )?;
        return Ok((folder, format!("{PODS} published pod fixtures")));
    }
    write(&folder, estate::pods(PODS))?;
    Ok((folder, format!("{PODS} made-up pods")))
}

/// Every so many of the fixtures, in a folder of their own.
fn few(fixtures: &Path, work: &Path) -> Result<PathBuf> {
    let folder = fresh(&work.join("few"))?;
    let files = yaml_files(fixtures)?;
    let step = (files.len() / FEW).max(1);
    for (index, file) in files.iter().step_by(step).take(FEW).enumerate() {
        std::fs::copy(file, folder.join(format!("{index:03}.yaml")))
            .with_context(|| format!("can't copy {file}"))?;
    }
    Ok(folder)
}

/// All `*.yaml` files below, sorted.
fn yaml_files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("can't list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|end| end == "yaml") {
                found.push(entry.path().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// An empty folder: what was there is removed.
fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("can't empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    Ok(folder.to_path_buf())
}

fn write(folder: &Path, files: impl Iterator<Item = (String, String)>) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("can't make {}", parent.display()))?;
        }
        std::fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

/// Whether a crate has a folder of benches.
fn has_benches() -> Result<bool> {
    let crates = shell::root().join("crates");
    let entries =
        std::fs::read_dir(&crates).with_context(|| format!("can't list {}", crates.display()))?;
    for entry in entries {
        if entry?.path().join("benches").is_dir() {
            return Ok(true);
        }
    }
    println!("no crate has benches/: whole processes only");
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{options, row};
    use crate::bench::measure::Sample;

    #[test]
    fn options_are_read() {
        let check = |args: &[&str], expect: Result<Option<usize>, ()>| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let runs = options(&args)
                .map(|read| read.map(|options| options.runs))
                .map_err(|_| ());
            assert_eq!(runs, expect, "{args:?}");
        };
        check(&[], Ok(Some(5)));
        check(&["--runs", "9", "--no-criterion"], Ok(Some(9)));
        check(&["--help"], Ok(None));
        check(&["--runs"], Err(()));
        check(&["--runs", "many"], Err(()));
        check(&["--fast"], Err(()));
    }

    #[test]
    fn figures_line_up() {
        let sample = |usage| Sample {
            wall: Duration::from_millis(1234),
            usage,
        };
        assert_eq!(
            row("a", sample(None))
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["a", "1.23", "s", "-", "-"]
        );
        let used = sample(Some((Duration::from_millis(50), 2048)));
        assert!(
            row("a", used).ends_with("50.0 ms      2 MiB"),
            "{}",
            row("a", used)
        );
    }
}
