//! `plimsoll db`.

use clap::{Args, Subcommand};

/// The vulnerability database, and what it is made of.
#[derive(Debug, Args)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub struct DbArgs {
    #[command(subcommand)]
    pub verb: DbVerb,
}

/// What to do with it.
#[derive(Debug, Subcommand)]
pub enum DbVerb {
    /// Say which of two versions is newer, as their ecosystem orders them
    Compare(CompareArgs),
}

const EXAMPLES: &str = "\
Examples:
  plimsoll db compare debian 1.0~rc1 1.0      prints <
  plimsoll db compare maven 1.0-SNAPSHOT 1.0
  plimsoll db compare rpm < pairs.txt         a pair a line, an answer a line

Exit codes: 0 done, 1 a line is no pair, 64 usage";

/// Say which of two versions is newer, as their ecosystem orders them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompareArgs {
    /// The ecosystem: debian, alpine, rpm, npm, pypi, maven, go, ... as OSV or purl name it
    #[arg(value_name = "ECOSYSTEM")]
    pub ecosystem: String,
    /// The first version; without both, pairs are read from standard input
    #[arg(value_name = "A", requires = "b", allow_hyphen_values = true)]
    pub a: Option<String>,
    /// The second version
    #[arg(value_name = "B", allow_hyphen_values = true)]
    pub b: Option<String>,
}
