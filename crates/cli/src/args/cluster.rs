//! `plimsoll cluster`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use plimsoll_model::Timestamp;
use plimsoll_report::Format;

use super::{
    FailOn, LineArgs, Namespace, ReportArgs, StateArgs,
    shared::{output_help, output_long_help, parse_now},
};
use crate::output::OutputChoice;

const SCAN_EXAMPLES: &str = "\
Examples:
  plimsoll cluster scan                            the current context, the goals in the cluster
  plimsoll cluster scan --context prod --goals line/
  plimsoll cluster scan -n shop -o json=shop.json
  plimsoll cluster scan --db advisories.db --node-packages node-1=node-1.cdx.json

Exit codes: 0 every goal holds, 2 a goal is breached, 3 unverified, a kind can't be
seen, or with --db a version can't be compared, 1 error, 64 usage";

const WATCH_EXAMPLES: &str = "\
Examples:
  plimsoll cluster watch
  plimsoll cluster watch -o json | jq 'select(.type == \"flip\")'

Ctrl-C ends it with a summary. Exit codes: 0 stopped, 1 error, 64 usage";

const COVERAGE_EXAMPLES: &str = "\
Examples:
  plimsoll cluster coverage
  plimsoll cluster coverage --context prod -o csv=coverage.csv
  plimsoll cluster coverage --exclude-namespace kube-system

Exit codes: 0 no gaps, 3 something is not observed or a version is past its end or not
known, 1 error, 64 usage";

const RBAC_EXAMPLES: &str = "\
Examples:
  plimsoll cluster rbac                            each permission, and what for
  plimsoll cluster rbac --print | kubectl apply -f -
  plimsoll cluster rbac --check --context prod     which of them I lack

Exit codes: 0 done, 3 with --check: some are missing, 1 error, 64 usage";

const DRIFT_EXAMPLES: &str = "\
Examples:
  plimsoll cluster drift line/
  plimsoll cluster drift line/ --context prod -o json

Exit codes: 0 the cluster has what is written, 2 something was edited or is missing there, 3 the
cluster's own can't be seen, 1 error, 64 usage";

/// Look at a live cluster: once, or as it changes.
#[derive(Debug, Args)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub struct ClusterArgs {
    #[command(subcommand)]
    pub verb: ClusterVerb,
}

/// What to do with a cluster.
#[derive(Debug, Subcommand)]
pub enum ClusterVerb {
    /// Look once: inventory, findings, verdicts and what can't be seen
    Scan(ClusterScanArgs),
    /// Look on: what changes, which verdict flips, and why
    Watch(ClusterWatchArgs),
    /// Who observes what, since when; each gap with its fix
    Coverage(ClusterCoverageArgs),
    /// Whether goals, classes, baselines and exceptions are as files have them
    Drift(ClusterDriftArgs),
    /// The permissions that looking takes, each with its reason
    Rbac(ClusterRbacArgs),
}

/// Whether goals, classes, baselines and exceptions are as files have them.
///
/// What was edited in the cluster is named field by field; what is missing there
/// is, and what no file has is listed. Only `spec` is compared.
#[derive(Debug, Args)]
#[command(after_help = DRIFT_EXAMPLES)]
pub struct ClusterDriftArgs {
    /// Files and folders that own the line, such as a clone of a Git repository
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub access: AccessArgs,
    /// How it is told: terminal or json
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: WatchFormat,
}

/// Who observes what, since when; each gap with its fix.
///
/// One look: which engine observes each node, namespace, workload and image, what
/// nobody observes and why, and until when the versions that run are supported.
#[derive(Debug, Args)]
#[command(after_help = COVERAGE_EXAMPLES)]
pub struct ClusterCoverageArgs {
    #[command(flatten)]
    pub access: AccessArgs,
    /// Leave this namespace out, and say so (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub exclude_namespace: Vec<Namespace>,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now, help_heading = "Input")]
    pub now: Option<Timestamp>,
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        help_heading = "Output",
        help = output_help(&Format::COVERAGE),
        long_help = output_long_help(&Format::COVERAGE)
    )]
    pub output: Vec<OutputChoice>,
}

/// Which cluster.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub struct AccessArgs {
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig [default: KUBECONFIG, or ~/.kube/config, or a pod's own account]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The cluster's name in ids of assets [default: what the context calls it]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
}

/// What is looked at.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub struct LookArgs {
    #[command(flatten)]
    pub access: AccessArgs,
    /// Look at the objects of this namespace alone, and at those that are in none
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Look at names and labels of Secrets, too
    #[arg(
        long,
        long_help = "Look at names and labels of Secrets, too. Their values are never asked for; \
                     but the permission to list Secrets covers them, so that it is not needed \
                     unless you say so"
    )]
    pub secrets: bool,
    #[command(flatten)]
    pub line: LineArgs,
}

/// What a cluster runs on, compared with advisories.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Vulnerabilities")]
pub struct ComponentArgs {
    /// Compare what the cluster runs on with this database: the API server, kubelets, container runtimes, kernels
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    pub db: Option<PathBuf>,
    /// The same with the database of this folder, as `plimsoll db update --db-dir` makes it
    #[arg(long, value_name = "FOLDER")]
    pub db_dir: Option<PathBuf>,
    /// Use only databases signed with a key of this file (repeatable) [default: this machine's]
    #[arg(long, value_name = "FILE")]
    pub db_key: Vec<PathBuf>,
    /// The packages of a node: an SBOM, or a folder with its root file system (repeatable)
    #[arg(long, value_name = "NODE=PATH")]
    pub node_packages: Vec<String>,
    /// A VEX document, or a folder of them: what it rules out is listed as suppressed (repeatable)
    #[arg(long, value_name = "FILE|FOLDER")]
    pub vex: Vec<PathBuf>,
    /// What this .trivyignore, .trivyignore.yaml or .grype.yaml leaves out is suppressed (repeatable)
    #[arg(long, value_name = "FILE")]
    pub ignore_file: Vec<PathBuf>,
}

/// Look once: inventory, findings, verdicts and what can't be seen.
///
/// Reads, and changes nothing. The goals are those in the cluster, or those
/// that --goals names; where there are none, the starter line.
#[derive(Debug, Args)]
#[command(after_help = SCAN_EXAMPLES)]
pub struct ClusterScanArgs {
    #[command(flatten)]
    pub look: LookArgs,
    #[command(flatten)]
    pub components: ComponentArgs,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now, help_heading = "Input")]
    pub now: Option<Timestamp>,
    #[command(flatten)]
    pub state: StateArgs,
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

/// Look on: what changes, which verdict flips, and why.
#[derive(Debug, Args)]
#[command(after_help = WATCH_EXAMPLES)]
pub struct ClusterWatchArgs {
    #[command(flatten)]
    pub look: LookArgs,
    #[command(flatten)]
    pub components: ComponentArgs,
    /// How changes are told: terminal or json, an object a line
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: WatchFormat,
}

/// How changes are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WatchFormat {
    /// Lines for a person.
    #[default]
    Terminal,
    /// A JSON object a line.
    Json,
}

/// The permissions that looking takes, each with its reason.
#[derive(Debug, Args)]
#[command(after_help = RBAC_EXAMPLES)]
pub struct ClusterRbacArgs {
    #[command(flatten)]
    pub access: AccessArgs,
    /// Write a service account with a role and a binding as YAML
    #[arg(long, conflicts_with = "check", help_heading = "Output")]
    pub print: bool,
    /// Ask the cluster which of them are missing
    #[arg(long, help_heading = "Output")]
    pub check: bool,
    /// With --check: in this namespace; with --print: of the service account [default: plimsoll]
    #[arg(short, long, value_name = "NAME", help_heading = "Cluster")]
    pub namespace: Option<String>,
    /// With Secrets, of which names and labels are looked at
    #[arg(long, help_heading = "Cluster")]
    pub secrets: bool,
}
