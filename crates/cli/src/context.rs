//! What holds for the whole run, whatever the verb.

use std::path::PathBuf;

use plimsoll_model::Timestamp;
use plimsoll_report::Verbosity;

use crate::{
    args::{InputArgs, ShowArgs, StateArgs},
    bounded,
    config::Config,
    exit::{Failure, fail},
    term::{ColorChoice, Stderr},
};

/// What holds for the whole run.
#[derive(Debug)]
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// Where notes go.
    pub stderr: Stderr,
    /// When to write colours.
    pub color: ColorChoice,
    /// How much to say.
    pub verbosity: Verbosity,
    /// The cluster's name.
    pub cluster: String,
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The clock.
    pub now: Timestamp,
    /// Globs of files left out.
    pub exclude: Vec<String>,
    /// Bytes of one file read at most.
    pub max_file_size: u64,
}

impl Context {
    /// Brings together the command line and the configuration.
    ///
    /// # Errors
    /// The configuration can't be read, or the threads can't be had.
    pub fn new(show: &ShowArgs, input: &InputArgs) -> Result<Context, Failure> {
        let config = Config::read(show.config.as_deref())?;
        if let Some(jobs) = input.jobs {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs));
            if let Err(error) = pool.build_global() {
                return fail(format!("--jobs {jobs}: {error}"));
            }
        }
        let or = |given: &Option<String>, config: &Option<String>, default: &str| {
            given
                .clone()
                .or_else(|| config.clone())
                .unwrap_or_else(|| default.to_owned())
        };
        let exclude = input
            .exclude
            .iter()
            .chain(&config.exclude)
            .cloned()
            .collect();
        Ok(Context {
            stderr: Stderr::new(show.color),
            color: show.color,
            verbosity: verbosity(show),
            cluster: or(&input.cluster, &config.cluster, "files"),
            namespace: or(&input.namespace, &config.namespace, "default"),
            // Whole seconds: nobody acts on less, and everyone reads them.
            now: input.now.unwrap_or_else(|| {
                let now = Timestamp::now();
                Timestamp::from_second(now.as_second()).unwrap_or(now)
            }),
            exclude,
            max_file_size: input.max_file_size.unwrap_or(bounded::DEFAULT_MAX),
            config,
        })
    }

    /// Whether only results are wanted.
    pub fn quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Says what is worth knowing, unless only results are wanted.
    pub fn note(&self, message: &str) {
        if !self.quiet() {
            self.stderr.note(message);
        }
    }

    /// The state file, if there is to be one.
    pub fn state_path(&self, given: &StateArgs) -> Option<PathBuf> {
        given.state.clone().or_else(|| self.config.state.clone())
    }
}

/// How much to say.
pub fn verbosity(show: &ShowArgs) -> Verbosity {
    match (show.quiet, show.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    }
}
