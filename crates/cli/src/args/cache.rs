//! `plimsoll cache`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Show or clear the cache of analysed layers and described images.
#[derive(Debug, Args)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub struct CacheArgs {
    #[command(subcommand)]
    pub verb: CacheVerb,
    /// Where it is [default: plimsoll/layers in the user's cache]
    #[arg(long, global = true, value_name = "FOLDER", env = "PLIMSOLL_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
}

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheVerb {
    /// Where it is, how much it holds, how much it may hold
    Info,
    /// Delete all of it
    Clear,
}
