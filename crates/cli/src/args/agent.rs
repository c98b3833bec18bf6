//! `plimsoll agent`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use plimsoll_model::Period;

use super::Namespace;

/// The variable of `--exclude-namespace`: names with commas between them.
pub const EXCLUDED: &str = "PLIMSOLL_EXCLUDE_NAMESPACES";

const EXAMPLES: &str = "\
Examples:
  plimsoll agent                                    in a pod, with its own service account
  plimsoll agent --context kind-dev --no-write      from a laptop: evaluate and serve metrics
  plimsoll agent --config /etc/plimsoll/agent.yaml  as the Helm chart runs it

What stands on the command line wins over the environment, that over the `agent` section of the
configuration, and that over the defaults. SIGTERM and Ctrl-C drain: what is being written is
finished, and the lease is given back; a second one ends it at once.

Exit codes: 0 stopped as it was asked, 1 error, 64 usage.";

/// Watch the cluster, judge it against the goals in it, and write their status.
///
/// Runs until it is told to stop. Of several replicas the one that holds the
/// lease writes; the others are ready to take over.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AgentArgs {
    /// The cluster's name in ids of assets [default: that of the context, or `cluster`]
    #[arg(
        long,
        value_name = "NAME",
        env = "PLIMSOLL_CLUSTER",
        help_heading = "Cluster"
    )]
    pub cluster: Option<String>,
    /// The context of the kubeconfig [default: the pod's account, or the current context]
    #[arg(
        long,
        value_name = "NAME",
        env = "PLIMSOLL_CONTEXT",
        help_heading = "Cluster"
    )]
    pub context: Option<String>,
    /// The kubeconfig [default: KUBECONFIG, or ~/.kube/config]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Goals that a folder owns, such as a clone of a Git repository (repeatable)
    #[arg(
        short,
        long,
        value_name = "PATH",
        long_help = "Goals that a folder owns, such as a clone of a Git repository that is kept up \
                     to date beside the agent (repeatable). They are read again every 15 seconds \
                     and are in force over the cluster's of the same names: an edit in the \
                     cluster is shown as drift, in the resource's status and as an event",
        help_heading = "Cluster"
    )]
    pub goals: Vec<PathBuf>,
    /// Judge nothing in this namespace, and say so (repeatable)
    #[arg(
        long,
        value_name = "NAME",
        env = EXCLUDED,
        value_delimiter = ',',
        long_help = "Judge nothing in this namespace (repeatable). Its objects are looked at all \
                     the same, since a Gateway there may lead to workloads elsewhere; coverage \
                     names the namespace, and who excluded it",
        help_heading = "Cluster"
    )]
    pub exclude_namespace: Vec<Namespace>,
    /// Where /healthz, /readyz and /metrics answer [default: 0.0.0.0:9880]
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "PLIMSOLL_LISTEN",
        help_heading = "Running"
    )]
    pub listen: Option<SocketAddr>,
    /// The file that keeps first-seen times and earlier verdicts [default: none]
    #[arg(
        long,
        value_name = "FILE",
        env = "PLIMSOLL_STATE",
        help_heading = "Running"
    )]
    pub state: Option<PathBuf>,
    /// Evaluate only: write no status, no event and no lease
    #[arg(long, help_heading = "Running")]
    pub no_write: bool,
    /// The lease that decides which replica writes [default: plimsoll-agent]
    #[arg(
        long,
        value_name = "NAME",
        env = "PLIMSOLL_LEASE",
        help_heading = "Running"
    )]
    pub lease: Option<String>,
    /// The namespace of the lease [default: the pod's own, or plimsoll]
    #[arg(
        long,
        value_name = "NAME",
        env = "PLIMSOLL_NAMESPACE",
        help_heading = "Running"
    )]
    pub lease_namespace: Option<String>,
    /// The name of this replica [default: the host's name]
    #[arg(
        long,
        value_name = "NAME",
        env = "PLIMSOLL_IDENTITY",
        help_heading = "Running"
    )]
    pub identity: Option<String>,
    /// Look into the images that run, by their digests
    #[arg(long, env = "PLIMSOLL_IMAGES", help_heading = "Images")]
    pub images: bool,
    /// The folder of the queue and of what is known of images [default: images beside --state]
    #[arg(
        long,
        value_name = "DIR",
        env = "PLIMSOLL_IMAGE_FOLDER",
        help_heading = "Images"
    )]
    pub image_folder: Option<PathBuf>,
    /// How many images are looked into at a time [default: 2]
    #[arg(
        long,
        value_name = "NUMBER",
        env = "PLIMSOLL_IMAGE_WORKERS",
        help_heading = "Images"
    )]
    pub image_workers: Option<usize>,
    /// Look into an image again after so long, such as 7d [default: when goals ask for it]
    #[arg(
        long,
        value_name = "PERIOD",
        env = "PLIMSOLL_RESCAN_AFTER",
        help_heading = "Images"
    )]
    pub rescan_after: Option<Period>,
    /// A pull secret that may be read: NAMESPACE/NAME, or NAMESPACE/* for all that pods there name
    #[arg(long, value_name = "SECRET", help_heading = "Images")]
    pub pull_secret: Vec<String>,
    /// Ask this mirror before the registry: docker.io=mirror.example.com
    #[arg(long, value_name = "REGISTRY=MIRROR", help_heading = "Images")]
    pub mirror: Vec<String>,
    /// Reach this registry by plain http, or with a certificate that can't be verified
    #[arg(long, value_name = "HOST", help_heading = "Images")]
    pub insecure_registry: Vec<String>,
    /// Certificates (PEM) of registries that are trusted besides those of the system
    #[arg(long, value_name = "FILE", help_heading = "Images")]
    pub ca_file: Option<PathBuf>,
    /// The advisory database that packages are compared with, read again when it changes
    #[arg(
        long,
        value_name = "FILE",
        env = "PLIMSOLL_DB",
        help_heading = "Images"
    )]
    pub db: Option<PathBuf>,
    /// A file with the public key that the database must be signed by [default: those beside it]
    #[arg(long, value_name = "FILE", help_heading = "Images")]
    pub db_key: Vec<PathBuf>,
    /// The form of the log: text or json [default: text on a terminal, json elsewhere]
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        env = "PLIMSOLL_LOG",
        hide_possible_values = true,
        help_heading = "Display"
    )]
    pub log: Option<LogForm>,
}

/// The form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// For a person.
    Text,
    /// An object a line.
    Json,
}
