//! `plimsoll check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_model::Period;

use super::{
    AdvisoryArgs, InputArgs, LineArgs, RegistryArgs, ReportArgs, StateArgs, StoreArgs,
    shared::parse_period,
};

const EXAMPLES: &str = "\
Examples:
  plimsoll check                                judge this folder
  plimsoll check deploy/ --goals line/          with the line of another folder
  plimsoll check -o sarif=plimsoll.sarif        and a file for code scanning
  plimsoll check --state .plimsoll/state.json   nightly: keeps first-seen times and verdicts
  kubectl get deploy -A -o yaml | plimsoll check -

Exit codes: 0 every goal holds, 2 a goal is breached, 3 unverified or incomplete,
1 error, 64 usage. A goal that is at risk holds, unless --fail-on at-risk.";

/// Judge the manifests at PATH against goals: the main job.
///
/// Without goals at PATH or in .plimsoll/, a starter line is used: no
/// privileged workloads, and the Pod Security baseline everywhere.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Files and folders; - is standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub line: LineArgs,
    /// Look into the images that workloads name: a folder of archives, or `registry` (repeatable)
    #[arg(
        long,
        value_name = "FOLDER|registry",
        help_heading = "Images",
        long_help = "Look into the images that the workloads name: those of the archives and OCI \
                     layouts in a folder, or with `registry` those that their registries have. \
                     Repeatable; the first that has an image wins"
    )]
    pub images: Vec<String>,
    #[command(flatten)]
    pub registry: RegistryArgs,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
    #[command(flatten)]
    pub store_args: StoreArgs,
    /// Keep what is in the images for `plimsoll image rematch`
    #[arg(long, requires = "images", help_heading = "Store")]
    pub store: bool,
    #[command(flatten)]
    pub state: StateArgs,
    /// Read the state file, but do not record this run in it
    #[arg(long, help_heading = "State")]
    pub dry_run: bool,
    /// How long to wait while another run holds the state file
    #[arg(
        long,
        value_name = "PERIOD",
        default_value = "10s",
        value_parser = parse_period,
        help_heading = "State"
    )]
    pub lock_timeout: Period,
    #[command(flatten)]
    pub output: ReportArgs,
    /// The verdict from which on the exit code is 2: at-risk or breached
    #[arg(
        long,
        value_name = "VERDICT",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub fail_on: FailOn,
}

/// The verdict that fails the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A goal that holds and will not for long fails, too.
    AtRisk,
    /// Only a goal that does not hold fails.
    #[default]
    Breached,
}
