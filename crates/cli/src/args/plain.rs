//! Verbs that read nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Print the JSON Schema of a resource or report.
///
/// Without NAME: the names there are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll schema                                what there is
  plimsoll schema PostureGoal                    one schema
  plimsoll schema --all --output-dir schemas/    all of them, a file each")]
pub struct SchemaArgs {
    /// A resource's kind or a report's name, such as PostureGoal or check-report
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print the custom resource definitions, for `kubectl apply -f -`
    #[arg(long, conflicts_with_all = ["name", "all"])]
    pub crds: bool,
    /// Write all schemas into --output-dir
    #[arg(long, requires = "output_dir", conflicts_with = "name")]
    pub all: bool,
    /// The folder for --all
    #[arg(long, value_name = "DIR", requires = "all")]
    pub output_dir: Option<PathBuf>,
}

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(plimsoll completion bash)
  plimsoll completion fish > ~/.config/fish/completions/plimsoll.fish")]
pub struct CompletionArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    pub shell: clap_complete::Shell,
}

/// Print the version, and the versions of what it reads and writes.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// text or json
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub output: VersionFormat,
}

/// How the version is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VersionFormat {
    /// For a person.
    #[default]
    Text,
    /// For a program.
    Json,
}
