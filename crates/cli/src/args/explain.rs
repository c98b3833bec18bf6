//! `plimsoll explain`.

use std::path::PathBuf;

use clap::Args;

use super::{AdvisoryArgs, InputArgs, LineArgs, RegistryArgs, StateArgs};

const EXAMPLES: &str = "\
Examples:
  plimsoll explain pss-privileged         a control, also by other tools' names
  plimsoll explain pss/restricted@1.29    a baseline
  plimsoll explain pending                a word of the reports
  plimsoll explain crown-jewels-hold .    a goal and its verdict
  plimsoll explain shop/web .             an asset: what is known, how it stands
  plimsoll explain CVE-2021-44228 .       a vulnerability, and with --images where it is
  plimsoll explain 3f9a1c02 .             a finding, by its id's first digits";

/// Say in plain words what a control, goal, verdict or finding is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// A control, baseline, goal, clause, verdict, state, class, asset, finding id or word
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// Where goals and findings are looked for [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub line: LineArgs,
    #[command(flatten)]
    pub state: StateArgs,
    /// Look into the images that workloads name: a folder of archives, or `registry` (repeatable)
    #[arg(long, value_name = "FOLDER|registry", help_heading = "Images")]
    pub images: Vec<String>,
    #[command(flatten)]
    pub registry: RegistryArgs,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
}
