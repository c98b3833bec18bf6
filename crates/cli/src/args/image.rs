//! `plimsoll image`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use plimsoll_model::{Severity, SeverityBound, Timestamp};
use plimsoll_report::Format;

use plimsoll_registry::target::Form;

use super::{
    db::{AdvisoryArgs, DbPlaceArgs},
    shared::{output_help, output_long_help, parse_now},
};
use crate::output::OutputChoice;

const EXAMPLES: &str = "\
Examples:
  plimsoll image scan registry.example.com/shop/web:1.4
  plimsoll image scan web.tar -o sarif=web.sarif
  docker save web:1.4 | plimsoll image scan -
  plimsoll image sbom web:1.4 -o cyclonedx
  plimsoll image ls web:1.4
  plimsoll image diff web:1.4 web:1.5
  plimsoll image fix web:1.4 --dockerfile Dockerfile --diff
  plimsoll image vex web:1.4 --author \"Example Ltd\" -o web.vex.json

TARGET is a name in a registry, an archive (docker save, OCI), a folder (OCI layout,
root file system, sources with lock files), an SBOM, or - for standard input.

Exit codes: 0 done, 2 a finding is as bad as --fail-on, 3 a part could not be read,
1 error, 64 usage";

/// Look into images: packages, secrets, configuration, layers.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub struct ImageArgs {
    #[command(subcommand)]
    pub verb: ImageVerb,
}

/// What to do with an image.
#[derive(Debug, Subcommand)]
pub enum ImageVerb {
    /// Find what is in an image and what is wrong with it
    Scan(ImageScanArgs),
    /// Write the packages of an image as an SBOM
    Sbom(ImageSbomArgs),
    /// List the layers of an image: size, step, packages added, bytes wasted
    Ls(ImageLsArgs),
    /// Compare two images: packages, files, configuration
    Diff(ImageDiffArgs),
    /// Show the fewest upgrades that clear an image, and edit its Dockerfile
    Fix(ImageFixArgs),
    /// Write what is known of an image's vulnerabilities as OpenVEX
    Vex(ImageVexArgs),
    /// Compare the images that were scanned with the database of today: no image is pulled
    Rematch(ImageRematchArgs),
}

/// Find what is in an image and what is wrong with it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImageScanArgs {
    /// A name in a registry, an archive, a folder, an SBOM; - is standard input
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Only the controls of this baseline, such as cis-docker/image@1 (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Controls")]
    pub baseline: Vec<String>,
    /// Only this control (repeatable) [default: all controls of images]
    #[arg(long, value_name = "ID", help_heading = "Controls")]
    pub control: Vec<String>,
    /// Only findings of this severity: high means at least high, =low exactly low
    #[arg(long, value_name = "BOUND", help_heading = "Controls")]
    pub severity: Option<SeverityBound>,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
    /// Only vulnerabilities that have a fix
    #[arg(long, help_heading = "Vulnerabilities")]
    pub only_fixed: bool,
    #[command(flatten)]
    pub image: ImageInputArgs,
    /// Do not keep what is in the image for `plimsoll image rematch`
    #[arg(long, help_heading = "Store")]
    pub no_store: bool,
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        help_heading = "Output",
        help = output_help(&Format::IMAGE),
        long_help = output_long_help(&Format::IMAGE)
    )]
    pub output: Vec<OutputChoice>,
    /// Exit with 2 when a finding is at least this severe [default: never]
    #[arg(long, value_name = "SEVERITY", help_heading = "Output")]
    pub fail_on: Option<Severity>,
}

/// Write the packages of an image as an SBOM.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImageSbomArgs {
    /// A name in a registry, an archive, a folder, an SBOM; - is standard input
    #[arg(value_name = "TARGET")]
    pub target: String,
    #[command(flatten)]
    pub image: ImageInputArgs,
    /// cyclonedx (1.6 JSON), spdx (2.3 JSON) or json (all that is known); =FILE writes a file (repeatable) [default: cyclonedx]
    #[arg(short, long, value_name = "FORMAT[=FILE]", help_heading = "Output")]
    pub output: Vec<OutputChoice>,
}

/// List the layers of an image.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImageLsArgs {
    /// A name in a registry, an archive, a folder; - is standard input
    #[arg(value_name = "TARGET")]
    pub target: String,
    #[command(flatten)]
    pub image: ImageInputArgs,
    #[command(flatten)]
    pub output: TableArgs,
}

/// Compare two images.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImageDiffArgs {
    /// The first: a name in a registry, an archive, a folder, an SBOM; - is standard input
    #[arg(value_name = "A")]
    pub a: String,
    /// The second
    #[arg(value_name = "B")]
    pub b: String,
    /// Name at most so many files; all are counted
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10_000,
        help_heading = "Output"
    )]
    pub max_files: usize,
    /// Exit with 2 when anything differs
    #[arg(long, help_heading = "Output")]
    pub fail_on_change: bool,
    #[command(flatten)]
    pub image: ImageInputArgs,
    #[command(flatten)]
    pub output: TableArgs,
}

/// Show the fewest upgrades that clear an image, and edit its Dockerfile.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImageFixArgs {
    /// A name in a registry, an archive, a folder, an SBOM; - is standard input
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// A newer image that it could be built on (repeatable)
    #[arg(long, value_name = "IMAGE")]
    pub new_base: Vec<String>,
    /// The Dockerfile that the image is built from
    #[arg(long, value_name = "FILE")]
    pub dockerfile: Option<PathBuf>,
    /// The stage of it that is built [default: the last]
    #[arg(long, value_name = "NAME", requires = "dockerfile")]
    pub stage: Option<String>,
    /// Show what would change in the Dockerfile, as a patch
    #[arg(long, requires = "dockerfile", conflicts_with = "write")]
    pub diff: bool,
    /// Write the Dockerfile
    #[arg(long, requires = "dockerfile")]
    pub write: bool,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
    #[command(flatten)]
    pub image: ImageInputArgs,
    #[command(flatten)]
    pub output: TableArgs,
}

const VEX_EXAMPLES: &str = "\
Examples:
  plimsoll image vex web:1.4 --author \"Example Ltd\" -o web.vex.json
  plimsoll image vex web.tar --vex upstream.vex.json --author \"Example Ltd\"
  plimsoll image scan web:1.4 --vex web.vex.json

Exit codes: 0 done, 3 of a package nothing is known or a part could not be read,
1 error, 64 usage";

/// Write what is known of an image's vulnerabilities as OpenVEX.
#[derive(Debug, Args)]
#[command(after_help = VEX_EXAMPLES)]
pub struct ImageVexArgs {
    /// A name in a registry, an archive, a folder, an SBOM; - is standard input
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Whose word the document is [default: unknown]
    #[arg(
        long,
        value_name = "NAME",
        env = "PLIMSOLL_VEX_AUTHOR",
        help_heading = "Document"
    )]
    pub author: Option<String>,
    /// The author's role, such as Security Team
    #[arg(long, value_name = "ROLE", help_heading = "Document")]
    pub role: Option<String>,
    /// The document's id, an IRI [default: one made of what it says]
    #[arg(long, value_name = "IRI", help_heading = "Document")]
    pub id: Option<String>,
    /// The document's version, which counts up with each change of it
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Document"
    )]
    pub document_version: u32,
    /// What it is about, a package URL or a name [default: the image's, by its digest]
    #[arg(long, value_name = "NAME", help_heading = "Document")]
    pub product: Option<String>,
    #[command(flatten)]
    pub advisories: AdvisoryArgs,
    #[command(flatten)]
    pub image: ImageInputArgs,
    /// Write it to this file [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

const REMATCH_EXAMPLES: &str = "\
Examples:
  plimsoll db update && plimsoll image rematch
  plimsoll image rematch --fail-on critical -o json

Every image that `plimsoll image scan` looked into is kept without its files. Only what
the database says otherwise than last time is matched again.

Exit codes: 0 done, 2 something new is as bad as --fail-on, 3 of a package nothing is
known, or what was kept can't be read, 1 error, 64 usage";

/// Compare the images that were scanned with the database of today.
#[derive(Debug, Args)]
#[command(after_help = REMATCH_EXAMPLES)]
pub struct ImageRematchArgs {
    /// This database [default: the one that `plimsoll db update` makes]
    #[arg(
        long,
        value_name = "FILE",
        env = "PLIMSOLL_DB",
        help_heading = "Database"
    )]
    pub db: Option<PathBuf>,
    #[command(flatten)]
    pub place: DbPlaceArgs,
    /// A VEX document, or a folder of them: what it rules out is listed as suppressed (repeatable)
    #[arg(long, value_name = "FILE|FOLDER", help_heading = "Vulnerabilities")]
    pub vex: Vec<PathBuf>,
    /// A VEX repository: its address, of which `plimsoll db update --vex-repo` has a copy, a folder or an archive (repeatable)
    #[arg(long, value_name = "URL|PATH", help_heading = "Vulnerabilities")]
    pub vex_repo: Vec<String>,
    /// What this .trivyignore, .trivyignore.yaml or .grype.yaml leaves out is suppressed (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Vulnerabilities")]
    pub ignore_file: Vec<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now, help_heading = "Input")]
    pub now: Option<Timestamp>,
    #[command(flatten)]
    pub output: TableArgs,
    /// Exit with 2 when something new is at least this severe [default: never]
    #[arg(long, value_name = "SEVERITY", help_heading = "Output")]
    pub fail_on: Option<Severity>,
}

/// Where images that were looked into are kept.
#[derive(Clone, Debug, Args)]
pub struct StoreArgs {
    /// Where scanned images are kept [default: plimsoll/images in the user's data]
    #[arg(
        long,
        value_name = "FOLDER",
        env = "PLIMSOLL_STORE_DIR",
        help_heading = "Store"
    )]
    pub store_dir: Option<PathBuf>,
}

/// Where a table goes.
#[derive(Clone, Debug, Args)]
pub struct TableArgs {
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        help_heading = "Output",
        help = output_help(&TABLES),
        long_help = output_long_help(&TABLES)
    )]
    pub output: Vec<OutputChoice>,
}

/// What tables can be written as.
pub const TABLES: [Format; 2] = [Format::Terminal, Format::Json];

/// What of an image is read, and from where.
#[derive(Clone, Debug, Args)]
pub struct ImageInputArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Images that were scanned before are no bases of others: only annotations and --base count
    #[arg(long, help_heading = "Store")]
    pub no_known_bases: bool,
    /// The image of this name, where an archive or a layout holds several [default: the first]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub image: Option<String>,
    /// The time of the run, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_now, help_heading = "Input")]
    pub now: Option<Timestamp>,
    /// Threads [default: one for each core]
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1024),
        help_heading = "Input"
    )]
    pub jobs: Option<u16>,
}

/// How images are had: also where a check looks into images.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Images")]
pub struct RegistryArgs {
    /// The platform to choose from an index [default: linux/amd64, or the only one]
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<String>,
    /// Take the target for this: archive, layout, registry, rootfs, source or sbom
    #[arg(long, value_name = "FORM")]
    pub from: Option<Form>,
    /// The user at the registry [default: as container engines are logged in]
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub username: Option<String>,
    /// Read the password, or a token, from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Talk to registries without TLS, or without verifying it
    #[arg(long)]
    pub insecure: bool,
    /// Trust this certificate authority too (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Ask this mirror first: docker.io=mirror.example.com (repeatable)
    #[arg(long, value_name = "REGISTRY=MIRROR")]
    pub mirror: Vec<String>,
    /// Take images from a node's containerd store, through its socket; nothing is pulled
    #[arg(long, value_name = "SOCKET")]
    pub containerd: Option<PathBuf>,
    /// An image that others are built on, to tell its layers and packages apart (repeatable)
    #[arg(long, value_name = "IMAGE")]
    pub base: Vec<String>,
    /// Analyse every layer again
    #[arg(long)]
    pub no_cache: bool,
    /// Where analysed layers are kept [default: plimsoll/layers in the user's cache]
    #[arg(long, value_name = "FOLDER", env = "PLIMSOLL_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
}
