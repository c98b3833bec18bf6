//! Options that several verbs share.

use std::path::PathBuf;

use clap::Args;
use plimsoll_model::{Date, Period, Timestamp, time};
use plimsoll_report::Format;

use crate::{bounded, output::OutputChoice};

/// What is read, and as what.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// The cluster that the objects belong to [default: files]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The namespace of objects that name none [default: default]
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Leave out files that match, as .gitignore would (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    pub now: Option<Timestamp>,
    /// Bytes of one file read at most [default: 256M]
    #[arg(long, value_name = "SIZE", value_parser = bounded::parse_size)]
    pub max_file_size: Option<u64>,
    /// Threads [default: one for each core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
}

impl InputArgs {
    /// Of a verb that reads no manifests: only the clock and the threads.
    pub fn of_run(now: Option<Timestamp>, jobs: Option<u16>) -> Self {
        InputArgs {
            cluster: None,
            namespace: None,
            exclude: Vec::new(),
            now,
            max_file_size: None,
            jobs,
        }
    }
}

/// Where the line comes from.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct LineArgs {
    /// Take goals, classes, baselines and exceptions from here alone (repeatable)
    #[arg(
        long,
        value_name = "PATH",
        long_help = "Take goals, classes, baselines and exceptions from this file or folder alone \
                     (repeatable). Without it they are found at PATH and in .plimsoll/"
    )]
    pub goals: Vec<PathBuf>,
}

/// What earlier runs left.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "State")]
pub struct StateArgs {
    /// The file that keeps first-seen times and earlier verdicts [default: none]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// Where the report of a check or scan goes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ReportArgs {
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        help = output_help(&Format::ALL),
        long_help = output_long_help(&Format::ALL)
    )]
    pub output: Vec<OutputChoice>,
}

/// Where other results go.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        help = output_help(&OutputArgs::FORMATS),
        long_help = output_long_help(&OutputArgs::FORMATS)
    )]
    pub output: Vec<OutputChoice>,
}

impl OutputArgs {
    /// What a plan, a diff and a simulation can be written as.
    pub const FORMATS: [Format; 3] = [Format::Terminal, Format::Json, Format::Markdown];
}

/// The help of `-o` for these formats.
pub fn output_help(formats: &[Format]) -> String {
    format!(
        "{}; =FILE writes a file (repeatable) [default: terminal]",
        names(formats)
    )
}

/// The long help of `-o` for these formats.
pub fn output_long_help(formats: &[Format]) -> String {
    format!(
        "The format of the result, and the file to write it to: {}. Repeatable. Without =FILE it \
         goes to standard output, where the terminal format is the default",
        names(formats)
    )
}

fn names(formats: &[Format]) -> String {
    match formats {
        [] => String::new(),
        [one] => one.to_string(),
        [init @ .., last] => {
            let init: Vec<_> = init.iter().map(|format| format.as_str()).collect();
            format!("{} or {last}", init.join(", "))
        }
    }
}

/// Reads `--now`: an instant, or a date for its first instant in UTC.
pub fn parse_now(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<Date>().ok().map(time::start_of))
        .ok_or_else(|| {
            "write a time such as `2027-01-31T08:00:00Z`, or a date such as `2027-01-31`".to_owned()
        })
}

/// Reads a period of time.
pub fn parse_period(text: &str) -> Result<Period, String> {
    text.parse()
        .map_err(|error: time::ParsePeriodError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_an_instant_or_a_date() {
        let check = |text: &str, expect: Option<&str>| {
            let got = parse_now(text).ok().map(|now| now.to_string());
            assert_eq!(got.as_deref(), expect, "{text}");
        };
        check("2027-01-31", Some("2027-01-31T00:00:00Z"));
        check("2027-01-31T08:00:00Z", Some("2027-01-31T08:00:00Z"));
        check("2027-01-31T09:00:00+01:00", Some("2027-01-31T08:00:00Z"));
        check("yesterday", None);
    }
}
