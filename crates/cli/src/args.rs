//! The command line.

mod agent;
mod cache;
mod check;
mod cluster;
mod db;
mod explain;
mod fix;
mod goals;
mod image;
mod namespace;
mod plain;
mod scan;
mod shared;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use agent::{AgentArgs, EXCLUDED, LogForm};
pub use cache::{CacheArgs, CacheVerb};
pub use check::{CheckArgs, FailOn};
pub use cluster::{
    AccessArgs, ClusterArgs, ClusterCoverageArgs, ClusterDriftArgs, ClusterRbacArgs,
    ClusterScanArgs, ClusterVerb, ClusterWatchArgs, ComponentArgs, LookArgs, WatchFormat,
};
pub use db::{
    AdvisoryArgs, CompareArgs, DbArgs, DbInfoArgs, DbPlaceArgs, DbVerb, ExportArgs, ImportArgs,
    SearchArgs, SignArgs, UpdateArgs, VerifyArgs,
};
pub use explain::ExplainArgs;
pub use fix::FixArgs;
pub use goals::{DiffArgs, GoalsArgs, GoalsVerb, InitArgs, SimulateArgs};
pub use image::{
    ImageArgs, ImageDiffArgs, ImageFixArgs, ImageInputArgs, ImageLsArgs, ImageRematchArgs,
    ImageSbomArgs, ImageScanArgs, ImageVerb, ImageVexArgs, RegistryArgs, StoreArgs, TABLES,
    TableArgs,
};
pub use namespace::Namespace;
pub use plain::{CompletionArgs, SchemaArgs, VersionArgs, VersionFormat};
pub use scan::ScanArgs;
pub use shared::{InputArgs, LineArgs, OutputArgs, ReportArgs, StateArgs};

use crate::term::ColorChoice;

const ABOUT: &str = "Does every container asset stay above the line you drew?";
const LONG_ABOUT: &str = "\
Does every container asset stay above the line you drew, and if not, what is \
the smallest change that puts it back?

Plimsoll reads Kubernetes manifests, judges them against goals, and answers \
with verdicts, evidence and a fix plan.";
const EXAMPLES: &str = "\
Examples:
  plimsoll check                      judge the manifests in this folder
  plimsoll goals init . --write       propose goals from what is there
  plimsoll fix --diff                 the smallest change, as a patch
  helm template . | plimsoll check -  judge what a chart renders

Exit codes: 0 holds, 1 error, 2 the gate fails, 3 incomplete, 64 usage";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = EXAMPLES,
    arg_required_else_help = true,
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs",
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub show: ShowArgs,
    #[command(subcommand)]
    pub verb: Verb,
}

/// How much is said and how.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Only the verdicts, one a line; no notes and no progress
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Display"
    )]
    pub quiet: bool,
    /// Every asset and finding, not only the worst of each list
    #[arg(short, long, global = true, help_heading = "Display")]
    pub verbose: bool,
    /// When to write colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Display",
        long_help = "When to write colours: auto, always or never. Auto means on a terminal; \
                     NO_COLOR and CLICOLOR_FORCE are respected"
    )]
    pub color: ColorChoice,
    /// The configuration [default: .plimsoll/config.yaml, if it is there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Display")]
    pub config: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Judge the manifests at PATH against goals: the main job
    Check(CheckArgs),
    /// List findings, without goals
    Scan(ScanArgs),
    /// Propose goals, try them out, compare two states
    Goals(GoalsArgs),
    /// Show or write the smallest change that reaches the goals
    Fix(FixArgs),
    /// Look into images: packages, secrets, configuration, layers
    Image(ImageArgs),
    /// The vulnerability database, and the order of versions
    Db(DbArgs),
    /// Look at a live cluster: once, or as it changes
    Cluster(ClusterArgs),
    /// Watch a cluster for good: judge it, and write the status of its goals
    Agent(AgentArgs),
    /// Show or clear the cache of analysed layers and described images
    Cache(CacheArgs),
    /// Say in plain words what a control, goal, verdict or finding is
    Explain(ExplainArgs),
    /// Print the JSON Schema of a resource or report
    Schema(SchemaArgs),
    /// Print completions for a shell
    Completion(CompletionArgs),
    /// Print the version, and the versions of what it reads and writes
    Version(VersionArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
