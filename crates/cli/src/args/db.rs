//! `plimsoll db`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use plimsoll_model::Timestamp;

use super::{TableArgs, shared::parse_now};

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
    /// Download what is new at the publishers, and make the database
    Update(UpdateArgs),
    /// Take feeds, or a database, from files: where no publisher can be reached
    Import(ImportArgs),
    /// Say what the database holds, from which feeds, and how old they are
    Info(DbInfoArgs),
    /// Check every part of the database, and who signed it
    Verify(VerifyArgs),
    /// Find what the database says of a vulnerability or a package
    Search(SearchArgs),
    /// Write the database, or what changed since another one, to a file
    Export(ExportArgs),
    /// Sign a database with a key of your own
    Sign(SignArgs),
    /// Say which of two versions is newer, as their ecosystem orders them
    Compare(CompareArgs),
}

/// Where the feeds and the database are.
#[derive(Clone, Debug, Args)]
pub struct DbPlaceArgs {
    /// Where feeds and database are kept [default: plimsoll/advisories in the user's data]
    #[arg(
        long,
        value_name = "FOLDER",
        env = "PLIMSOLL_DB_DIR",
        help_heading = "Database"
    )]
    pub db_dir: Option<PathBuf>,
    /// Use only databases signed with a key of this file (repeatable) [default: this machine's]
    #[arg(long, value_name = "FILE", help_heading = "Database")]
    pub db_key: Vec<PathBuf>,
}

/// What packages are compared with.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Vulnerabilities")]
pub struct AdvisoryArgs {
    /// This database [default: the one that `plimsoll db update` makes]
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    pub db: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
    /// A VEX document, or a folder of them: what it rules out is listed as suppressed (repeatable)
    #[arg(long, value_name = "FILE|FOLDER")]
    pub vex: Vec<PathBuf>,
    /// A VEX repository: its address, of which `plimsoll db update --vex-repo` has a copy, a folder or an archive; the first that knows a package counts (repeatable)
    #[arg(long, value_name = "URL|PATH")]
    pub vex_repo: Vec<String>,
    /// VEX documents that are attached to images in their registries count for those; signatures are not verified
    #[arg(long)]
    pub vex_from_referrers: bool,
    /// What this .trivyignore, .trivyignore.yaml or .grype.yaml leaves out is suppressed (repeatable)
    #[arg(long, value_name = "FILE")]
    pub ignore_file: Vec<PathBuf>,
    /// Do not look for vulnerabilities
    #[arg(long)]
    pub no_vulnerabilities: bool,
}

impl AdvisoryArgs {
    /// A database, and nothing that others say of what it has.
    pub fn of(db: Option<PathBuf>, place: DbPlaceArgs) -> Self {
        AdvisoryArgs {
            db,
            place,
            vex: Vec::new(),
            vex_repo: Vec::new(),
            vex_from_referrers: false,
            ignore_file: Vec::new(),
            no_vulnerabilities: false,
        }
    }
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  plimsoll db update                                all feeds
  plimsoll db update --source cisa-kev --source epss
  plimsoll db update --mirror https://mirror.example.com/feeds
  plimsoll db update --list
  plimsoll db update --vex-repo https://github.com/aquasecurity/vexhub

A feed that can't be had leaves its last good copy in force.

Exit codes: 0 done, 3 a feed could not be brought up to date, 1 error, 64 usage";

/// Download what is new at the publishers, and make the database.
#[derive(Debug, Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub struct UpdateArgs {
    /// Only this feed (repeatable) [default: all]
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,
    /// Have this VEX repository, and without --source nothing else (repeatable) [default: those that were had before]
    #[arg(long, value_name = "URL")]
    pub vex_repo: Vec<String>,
    /// List the feeds and where they come from
    #[arg(long)]
    pub list: bool,
    /// Have the files from here and not from their publishers: URL/NAME/FILE
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
    /// Talk to servers without TLS, or without verifying it
    #[arg(long)]
    pub insecure: bool,
    /// Trust this certificate authority too (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Sign the database with this key [default: a key of this machine]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  plimsoll db import feeds/                  each archive or file in it is a feed
  plimsoll db import known_exploited_vulnerabilities.json epss_scores-current.csv.gz
  plimsoll db import advisories.db --db-key hub.pub    a database from elsewhere

Exit codes: 0 done, 3 a file could not be taken, 1 error, 64 usage";

/// Take feeds, or a database, from files.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// Files and folders of feeds in any format that is read; a database or a delta
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Sign the database with this key [default: a key of this machine]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

/// Say what the database holds.
#[derive(Debug, Args)]
pub struct DbInfoArgs {
    /// This database [default: the one that `plimsoll db update` makes]
    #[arg(value_name = "FILE")]
    pub db: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    pub now: Option<Timestamp>,
    #[command(flatten)]
    pub output: TableArgs,
}

/// Check every part of the database, and who signed it.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// This database [default: the one that `plimsoll db update` makes]
    #[arg(value_name = "FILE")]
    pub db: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
}

const SEARCH_EXAMPLES: &str = "\
Examples:
  plimsoll db search CVE-2021-44228
  plimsoll db search GHSA-jfh8-c2jp-5v3q
  plimsoll db search openssl

Exit codes: 0 found, 1 nothing found, 64 usage";

/// Find what the database says of a vulnerability or a package.
#[derive(Debug, Args)]
#[command(after_help = SEARCH_EXAMPLES)]
pub struct SearchArgs {
    /// An id (CVE, GHSA, DSA, ...) or the name of a package
    #[arg(value_name = "CVE|PACKAGE")]
    pub what: String,
    /// This database [default: the one that `plimsoll db update` makes]
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    pub db: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
    #[command(flatten)]
    pub output: TableArgs,
}

/// Write the database, or what changed since another one, to a file.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub target: PathBuf,
    /// Write only what changed since this database: `db import` makes the newer one of it there
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
}

/// Sign a database with a key of your own.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The key; it is made when the file is not there
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    #[command(flatten)]
    pub place: DbPlaceArgs,
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
