//! Running a program several times and taking the median: wall clock, CPU, peak memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

/// What one run cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// From start to end.
    pub wall: Duration,
    /// CPU time (user and system) and peak resident memory in KiB, where they can be had.
    pub usage: Option<(Duration, u64)>,
}

/// How runs are measured on this machine.
#[derive(Debug)]
pub struct Meter {
    /// GNU time. Without it a child's CPU and memory can't be read in safe Rust.
    time: Option<PathBuf>,
    /// How many runs the median is of.
    runs: usize,
}

impl Meter {
    /// A meter that runs each command `runs` times.
    #[must_use]
    pub fn new(runs: usize) -> Self {
        let time = shell::which("time");
        if time.is_none() {
            println!(
                "CPU and peak memory are not measured: no `time` program (apt-get install time)"
            );
        }
        Self {
            time,
            runs: runs.max(1),
        }
    }

    /// The median run of `program args`, by wall clock, after one that is not counted. The output
    /// is thrown away.
    ///
    /// # Errors
    /// It can't be started, or ends with a code not in `accepted`.
    pub fn median(&self, program: &Path, args: &[String], accepted: &[i32]) -> Result<Sample> {
        self.once(program, args, accepted)?;
        let mut samples = Vec::with_capacity(self.runs);
        for _ in 0..self.runs {
            samples.push(self.once(program, args, accepted)?);
        }
        middle(samples).context("no run was made")
    }

    /// [`Meter::median`] of two programs, whose runs take turns.
    ///
    /// # Errors
    /// As [`Meter::median`].
    pub fn pair(&self, programs: [(&Path, &[String], &[i32]); 2]) -> Result<[Sample; 2]> {
        let mut samples = [Vec::new(), Vec::new()];
        for run in 0..=self.runs {
            for ((program, args, accepted), samples) in programs.iter().zip(&mut samples) {
                let sample = self.once(program, args, accepted)?;
                if run > 0 {
                    samples.push(sample);
                }
            }
        }
        let [first, second] = samples.map(middle);
        Ok([
            first.context("no run was made")?,
            second.context("no run was made")?,
        ])
    }

    /// How many runs the median is of.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// One run of `program args`. Its output is thrown away.
    ///
    /// # Errors
    /// As [`Meter::median`].
    pub fn once(&self, program: &Path, args: &[String], accepted: &[i32]) -> Result<Sample> {
        let log = shell::root().join("target/bench/time");
        let mut command = match &self.time {
            Some(time) => {
                let mut command = Command::new(time);
                command
                    .args(["-q", "-f", "%U %S %M", "-o"])
                    .arg(&log)
                    .arg("--")
                    .arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let start = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("can't start {}", program.display()))?;
        let wall = start.elapsed();
        if !output
            .status
            .code()
            .is_some_and(|code| accepted.contains(&code))
        {
            bail!(
                "`{} {}` ended with {}:\n{}",
                program.display(),
                args.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr)
                    .lines()
                    .take(20)
                    .collect::<Vec<_>>()
                    .join("\n")
            );
        }
        let usage = match self.time {
            Some(_) => parse(&shell::read(&log)?),
            None => None,
        };
        Ok(Sample { wall, usage })
    }
}

/// The sample in the middle, by wall clock.
fn middle(mut samples: Vec<Sample>) -> Option<Sample> {
    samples.sort_by_key(|sample| sample.wall);
    samples.get(samples.len() / 2).copied()
}

/// `USER SYSTEM KIB`, seconds in decimals, on the last line (GNU time puts a note on a failed
/// command above it).
fn parse(log: &str) -> Option<(Duration, u64)> {
    let mut fields = log.lines().last()?.split_whitespace();
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    let memory: u64 = fields.next()?.parse().ok()?;
    Some((Duration::try_from_secs_f64(user + system).ok()?, memory))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn the_log_of_gnu_time_is_read() {
        let check = |log: &str, expect: Option<(Duration, u64)>| assert_eq!(parse(log), expect);
        check(
            "0.25 0.50 10240\n",
            Some((Duration::from_millis(750), 10240)),
        );
        check(
            "Command exited with non-zero status 2\n1.00 0.00 7\n",
            Some((Duration::from_secs(1), 7)),
        );
        check("", None);
        check("nonsense\n", None);
    }
}
