//! `plimsoll scan`.

use std::path::PathBuf;

use clap::Args;
use plimsoll_model::{Severity, SeverityBound};

use super::{InputArgs, ReportArgs};

const EXAMPLES: &str = "\
Examples:
  plimsoll scan deploy/                                       all controls
  plimsoll scan deploy/ --baseline pss/restricted@1.29 -o json
  plimsoll scan . --control pss-privileged --fail-on high

Exit codes: 0 done, 2 a finding is as bad as --fail-on, 3 a part could not be read,
1 error, 64 usage";

/// List findings, without goals.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ScanArgs {
    /// Files and folders; - is standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only the controls of this baseline, such as pss/restricted@1.29 (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Controls")]
    pub baseline: Vec<String>,
    /// Only this control (repeatable) [default: all controls]
    #[arg(long, value_name = "ID", help_heading = "Controls")]
    pub control: Vec<String>,
    /// Only findings of this severity: high means at least high, =low exactly low
    #[arg(long, value_name = "BOUND", help_heading = "Controls")]
    pub severity: Option<SeverityBound>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub output: ReportArgs,
    /// Exit with 2 when a finding is at least this severe [default: never]
    #[arg(
        long,
        value_name = "SEVERITY",
        help_heading = "Output",
        long_help = "Exit with 2 when a finding is at least this severe [default: never]. A \
                     finding that an annotation waives does not count; it is shown"
    )]
    pub fail_on: Option<Severity>,
}
