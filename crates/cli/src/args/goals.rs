//! `plimsoll goals`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{InputArgs, LineArgs, OutputArgs, StateArgs};

/// Propose goals, try them out, compare two states.
#[derive(Debug, Args)]
pub struct GoalsArgs {
    #[command(subcommand)]
    pub verb: GoalsVerb,
}

/// What to do with goals.
#[derive(Debug, Subcommand)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub enum GoalsVerb {
    /// Propose classes and goals that hold today, and a ramp to a better line
    Init(InitArgs),
    /// Show what would flip or be denied if another line were drawn
    Simulate(SimulateArgs),
    /// Show what changed between two states, and why
    Diff(DiffArgs),
}

const INIT_EXAMPLES: &str = "\
Examples:
  plimsoll goals init .                 print a proposal
  plimsoll goals init . --write         write it to .plimsoll/goals.yaml
  plimsoll goals init . --write=line    write it to line/goals.yaml";

/// Propose classes and goals that hold today, and a ramp to a better line.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// Files and folders; - is standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write goals.yaml into DIR in place of printing it [default: .plimsoll]
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ".plimsoll",
        help_heading = "Output"
    )]
    pub write: Option<PathBuf>,
    /// Replace a goals.yaml that is there
    #[arg(long, requires = "write", help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub input: InputArgs,
}

const SIMULATE_EXAMPLES: &str = "\
Examples:
  plimsoll goals simulate . --goals stricter/                   against the line in force
  plimsoll goals simulate . --goals new/ --against old/ -o markdown";

/// Show what would flip or be denied if another line were drawn.
///
/// Exits with 0 whatever would flip: it is a question, not a gate.
#[derive(Debug, Args)]
#[command(after_help = SIMULATE_EXAMPLES)]
pub struct SimulateArgs {
    /// Files and folders; - is standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The line to try: files and folders of goals (repeatable)
    #[arg(long, value_name = "PATH", required = true, help_heading = "Input")]
    pub goals: Vec<PathBuf>,
    /// The line to compare with [default: what is at PATH and in .plimsoll/]
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub against: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub state: StateArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  plimsoll goals diff monday.json tuesday.json    two reports of plimsoll check -o json
  plimsoll goals diff monday.json .               a report and what is there now
  plimsoll goals diff main/ branch/ --exit-code   two folders, as a gate";

/// Show what changed between two states, and why.
#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffArgs {
    /// The earlier state: a saved JSON report, or files to check
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The later state
    #[arg(value_name = "B")]
    pub b: PathBuf,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub line: LineArgs,
    #[command(flatten)]
    pub state: StateArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Exit with 2 when a verdict got worse or an asset fell below the line
    #[arg(long, help_heading = "Output")]
    pub exit_code: bool,
}
