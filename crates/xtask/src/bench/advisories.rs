//! Whole processes over advisories: the database made and asked, 1,000 packages
//! compared, ten processes at once, and stored images matched again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Table, fresh, measure::Meter, row, seconds, target};
use crate::shell;

/// Advisories that are made up where no feeds are given.
const MADE_UP: usize = 20_000;
/// Packages that they are about.
const NAMES: usize = 8_000;
/// Processes at once.
const AT_ONCE: usize = 10;
/// The clock of every run: advisories know days.
const NOW: [&str; 2] = ["--now", "2026-11-27"];

/// Measures all of it, with the feeds in a folder or made-up ones and a store of
/// so many images.
///
/// # Errors
/// A measured program fails, or a folder can't be written.
pub(super) fn advisories(
    table: &Table,
    plimsoll: &Path,
    feeds: Option<&Path>,
    images: usize,
    work: &Path,
) -> Result<()> {
    let work = fresh(&work.join("advisories"))?;
    let (feeds, origin) = match feeds {
        Some(feeds) => (feeds.to_path_buf(), "the feeds given".to_owned()),
        None => (made_up(&work)?, format!("{MADE_UP} made-up advisories")),
    };
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let (feeds, db) = (path(&feeds), path(&work.join("db")));
    let import = ["db", "import", &feeds, "--db-dir", &db, NOW[0], NOW[1]];
    table.run(
        &format!("plimsoll db import, {origin}"),
        plimsoll,
        &import,
        &[0, 3],
    )?;
    let file = work.join("db/advisories.db");
    let bytes = file.metadata().context("no database was made")?.len();
    println!("  the database has {:.1} MB", bytes as f64 / 1e6);
    let old = work.join("old.db");
    std::fs::copy(&file, &old).context("can't copy the database")?;

    let example = ["--package", "plimsoll-feeds", "--example", "stored"];
    shell::run(
        shell::cargo()
            .args(["build", "--release", "--locked"])
            .args(example),
    )?;
    let begin = Instant::now();
    let into = path(&work);
    shell::run(
        Command::new(target().join("release/examples/stored")).args([
            &*db,
            &*into,
            &images.to_string(),
        ]),
    )?;
    let filled = seconds(begin.elapsed().as_secs_f64());
    println!("  a store of {images} images of 200 packages was made in {filled}");

    // What cannot be had from it: the cost of starting and mapping.
    let nothing = ["db", "search", "CVE-1999-99999", "--db-dir", &db];
    table.run(
        "plimsoll db search of what is not there",
        plimsoll,
        &nothing,
        &[1],
    )?;
    for (file, what) in [
        ("usual", "1,000 packages, few of them old"),
        ("packages", "1,000 packages, all known, half old"),
    ] {
        let sbom = path(&work.join(file).with_extension("cdx.json"));
        let scan = [
            "image",
            "scan",
            &sbom,
            "--no-store",
            "--db-dir",
            &db,
            NOW[0],
            NOW[1],
        ];
        let title = format!("plimsoll image scan, {what}");
        let one = table.run(&title, plimsoll, &scan, &[0, 3])?;
        at_once(plimsoll, &scan, one.wall)?;
    }

    let further = path(&work.join("further.json"));
    let more = [
        "db", "import", &feeds, &further, "--db-dir", &db, NOW[0], NOW[1],
    ];
    Meter::new(1).median(plimsoll, &strings(&more), &[0, 3])?;
    let new = work.join("new.db");
    std::fs::copy(&file, &new).context("can't copy the database")?;
    rematch(
        table,
        plimsoll,
        [&path(&old), &path(&new)],
        &db,
        &path(&work.join("store")),
    )
}

fn strings(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}

/// Ten processes on one database, against as long as the cores allow.
fn at_once(plimsoll: &Path, args: &[&str], one: Duration) -> Result<()> {
    let begin = Instant::now();
    let mut running = Vec::new();
    for _ in 0..AT_ONCE {
        let started = Command::new(plimsoll)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        running.push(started.with_context(|| format!("can't start {}", plimsoll.display()))?);
    }
    for mut process in running {
        let status = process.wait()?;
        if !status.code().is_some_and(|code| code == 0 || code == 3) {
            bail!("one of ten ended with {status}");
        }
    }
    let all = begin.elapsed();
    let cores = available_parallelism().map_or(1, usize::from).min(AT_ONCE);
    let serial = one.as_secs_f64() * AT_ONCE as f64;
    println!(
        "{AT_ONCE} of them at once: {}, {:.2} times ten after each other; {cores} cores allow {:.2}",
        seconds(all.as_secs_f64()),
        all.as_secs_f64() / serial.max(f64::MIN_POSITIVE),
        1.0 / cores as f64
    );
    Ok(())
}

/// The stored images against two databases in turn, 500 advisories apart.
fn rematch(
    table: &Table,
    plimsoll: &Path,
    [old, new]: [&str; 2],
    folder: &str,
    store: &str,
) -> Result<()> {
    let meter = Meter::new(1);
    let run = |file: &str| -> Result<_> {
        let args = [
            "image",
            "rematch",
            "--db",
            file,
            "--db-dir",
            folder,
            "--store-dir",
            store,
            "-o",
            "json",
            NOW[0],
            NOW[1],
        ];
        meter.once(plimsoll, &strings(&args), &[0, 3])
    };
    println!(
        "{}",
        row(
            "plimsoll image rematch, all images for the first time",
            run(old)?
        )
    );
    println!("{}", row("  again, nothing changed", run(old)?));
    let mut samples = Vec::new();
    for turn in 0..table.meter.runs() {
        samples.push(run(if turn % 2 == 0 { new } else { old })?);
    }
    samples.sort_by_key(|sample| sample.wall);
    let median = samples.get(samples.len() / 2).copied();
    let median = median.context("no run was made")?;
    println!("{}", row("  against a delta of 500 advisories", median));
    Ok(())
}

/// A feed in the form of OSV.
fn made_up(work: &Path) -> Result<PathBuf> {
    let folder = fresh(&work.join("feeds"))?;
    let records: Vec<String> = (0..MADE_UP)
        .map(|number| {
            let (name, minor) = (number % NAMES, number % 9);
            format!(
                "{{\"schema_version\": \"1.6.0\", \"id\": \"CVE-2026-{number:05}\", \
                 \"modified\": \"2026-11-01T00:00:00Z\", \"published\": \"2026-11-01T00:00:00Z\", \
                 \"summary\": \"Package {name} reads beyond the end of something\", \
                 \"details\": \"{}\", \"affected\": [{{\"package\": {{\"ecosystem\": \"npm\", \
                 \"name\": \"package-{name}\"}}, \"ranges\": [{{\"type\": \"SEMVER\", \"events\": \
                 [{{\"introduced\": \"0\"}}, {{\"fixed\": \"1.{minor}.0\"}}]}}]}}]}}",
                "What happens then is told at length. ".repeat(8)
            )
        })
        .collect();
    let file = folder.join("npm.json");
    let text = format!("[{}]", records.join(","));
    std::fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))?;
    Ok(folder)
}
