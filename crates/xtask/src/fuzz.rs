//! `fuzz`: the targets of `fuzz/`, one after the other, for a time each.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::{Usage, shell, tools};

const HELP: &str = "\
usage: ./x fuzz [--seconds N] [TARGET...]

  --seconds N   how long each target runs (60)
  TARGET        which of the targets of fuzz/Cargo.toml; all of them without

Seeds are fuzz/seeds/TARGET; what is found on the way stays in fuzz/corpus/TARGET, an input
that crashes in fuzz/artifacts/TARGET.";

/// Seconds and targets, or nothing where help is asked for.
fn options(args: &[String]) -> Result<Option<(u32, Vec<String>)>> {
    let mut seconds = 60;
    let mut targets = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--seconds" => {
                let value = args
                    .next()
                    .ok_or_else(|| Usage(format!("--seconds needs a number\n{HELP}")))?;
                seconds = value
                    .parse()
                    .map_err(|error| Usage(format!("--seconds {value}: {error}")))?;
            }
            _ if arg.starts_with('-') => {
                return Err(Usage(format!("no option `{arg}`\n{HELP}")).into());
            }
            _ => targets.push(arg.clone()),
        }
    }
    Ok(Some((seconds, targets)))
}

/// The names of the targets in `fuzz/Cargo.toml`, sorted.
fn targets(manifest: &str) -> Result<Vec<String>> {
    let table: toml::Table = toml::from_str(manifest).context("fuzz/Cargo.toml")?;
    let bins = table.get("bin").and_then(toml::Value::as_array);
    let mut names: Vec<String> = bins
        .into_iter()
        .flatten()
        .filter_map(|bin| Some(bin.get("name")?.as_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// How many inputs libFuzzer says it ran, from a line of its final statistics.
fn runs(line: &str) -> Option<u64> {
    line.trim()
        .strip_prefix("stat::number_of_executed_units:")?
        .trim()
        .parse()
        .ok()
}

/// Runs the targets. All are run even after one crashed.
///
/// # Errors
/// A target crashes, hangs or can't be built; or there is no such target.
pub fn fuzz(args: &[String]) -> Result<()> {
    let Some((seconds, asked)) = options(args)? else {
        println!("{HELP}");
        return Ok(());
    };
    let root = shell::root();
    let known = targets(&shell::read(&root.join("fuzz/Cargo.toml"))?)?;
    if known.is_empty() {
        bail!("fuzz/Cargo.toml has no [[bin]]: nothing would be fuzzed");
    }
    if let Some(target) = asked.iter().find(|target| !known.contains(target)) {
        return Err(Usage(format!(
            "no target `{target}`; there are: {}",
            known.join(", ")
        ))
        .into());
    }
    let chosen = if asked.is_empty() { known } else { asked };
    let program = tools::path(tools::CARGO_FUZZ)?;
    let mut failed = Vec::new();
    let mut summary = Vec::new();
    for target in chosen {
        match run(&program, &target, seconds) {
            Ok(count) => summary.push(format!("{target}: {count} runs in {seconds} s, no crash")),
            Err(error) => {
                summary.push(format!("{target}: FAILED: {error:#}"));
                failed.push(target);
            }
        }
    }
    for line in summary {
        println!("{line}");
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("failed: {}", failed.join(", "))
    }
}

/// Runs one target and returns how many inputs it ran.
fn run(program: &std::path::Path, target: &str, seconds: u32) -> Result<u64> {
    let root = shell::root();
    let corpus = root.join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&corpus).with_context(|| format!("can't make {}", corpus.display()))?;
    let mut command = std::process::Command::new(program);
    command
        .args(["fuzz", "run", target])
        .arg(&corpus)
        .current_dir(&root)
        // The sanitizer's flags are unstable; this lets the pinned stable compiler take them.
        .env("RUSTC_BOOTSTRAP", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let seeds = root.join("fuzz/seeds").join(target);
    if seeds.is_dir() {
        command.arg(&seeds);
    }
    command
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg("-print_final_stats=1");
    eprintln!("xtask: {}", shell::shown(&command));
    let mut child = command
        .spawn()
        .with_context(|| format!("can't start {}", program.display()))?;
    let mut count = None;
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n') {
            let line = line.context("the output of libFuzzer")?;
            let line = String::from_utf8_lossy(&line);
            eprintln!("{line}");
            count = runs(&line).or(count);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{status}; the input is in fuzz/artifacts/{target}");
    }
    count.context("libFuzzer printed no statistics: did it run at all?")
}

#[cfg(test)]
mod tests {
    use super::{options, runs, targets};

    #[test]
    fn options_are_read() {
        let check = |args: &[&str], expect: Result<Option<(u32, usize)>, ()>| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let read = options(&args)
                .map(|read| read.map(|(s, t)| (s, t.len())))
                .map_err(|_| ());
            assert_eq!(read, expect, "{args:?}");
        };
        check(&[], Ok(Some((60, 0))));
        check(&["--seconds", "5", "a", "b"], Ok(Some((5, 2))));
        check(&["-h"], Ok(None));
        check(&["--seconds"], Err(()));
        check(&["--minutes"], Err(()));
    }

    #[test]
    fn targets_and_statistics_are_read() {
        let names = targets("[[bin]]\nname = \"b\"\n[[bin]]\nname = \"a\"\n").expect("it is TOML");
        assert_eq!(names, ["a", "b"]);
        assert!(targets("[").is_err());
        assert_eq!(runs("stat::number_of_executed_units: 1234"), Some(1234));
        assert_eq!(runs("stat::peak_rss_mb: 12"), None);
    }
}
