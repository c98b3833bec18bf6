//! `plimsoll fix`.

use std::path::PathBuf;

use clap::Args;

use super::{InputArgs, LineArgs, OutputArgs, StateArgs};

const EXAMPLES: &str = "\
Examples:
  plimsoll fix                          the plan for all goals
  plimsoll fix --diff | git apply       as a patch
  plimsoll fix --goal pci --write       edit the files for one goal

Only the edited fields change: comments, order and quoting stay. What a person must
decide is listed on standard error and left alone.";

/// Show or write the smallest change that reaches the goals.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FixArgs {
    /// Files and folders; - is standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only what this goal needs [default: all goals together]
    #[arg(long, value_name = "NAME")]
    pub goal: Option<String>,
    /// Print the edits as a unified diff, for git apply or patch -p1
    #[arg(long, conflicts_with = "write")]
    pub diff: bool,
    /// Edit the files in place
    #[arg(long)]
    pub write: bool,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub line: LineArgs,
    #[command(flatten)]
    pub state: StateArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
