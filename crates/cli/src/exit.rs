//! How a run ends: exit codes, and failures that lead to them.

use std::process::ExitCode;

use crate::term::Stderr;

/// The exit codes; `docs/exit-codes.md` says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every goal holds, or the verb did what it was asked.
    Holds = 0,
    /// The job could not be done.
    Error = 1,
    /// The gate fails.
    Fails = 2,
    /// Nothing fails, and not everything could be judged.
    Incomplete = 3,
    /// The command line is not understood.
    Usage = 64,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Every code with what it means, for `plimsoll explain exit-codes`.
    pub const ALL: [(Exit, &'static str); 6] = [
        (
            Exit::Holds,
            "every goal holds, or the verb did what it was asked",
        ),
        (
            Exit::Error,
            "the job could not be done: a path, a goal, a name or a file is wrong",
        ),
        (
            Exit::Fails,
            "the gate fails: a goal is breached, or a finding is as bad as --fail-on",
        ),
        (
            Exit::Incomplete,
            "nothing fails, but a goal is unverified or a part could not be read",
        ),
        (Exit::Usage, "the command line is not understood"),
        (
            Exit::Interrupted,
            "stopped by Ctrl-C; no file is left half written",
        ),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a verb could not do its job.
#[derive(Debug)]
pub enum Failure {
    /// The arguments contradict each other.
    Usage(String),
    /// Something went wrong; the causes say what.
    Error(anyhow::Error),
    /// The same, and it has been printed already.
    Reported,
}

impl Failure {
    /// The exit code it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) => Exit::Usage,
            Failure::Error(_) | Failure::Reported => Exit::Error,
        }
    }

    /// What went wrong, for a log; empty where it has been printed already.
    pub fn message(&self) -> String {
        match self {
            Failure::Usage(message) => message.clone(),
            Failure::Error(error) => format!("{error:#}"),
            Failure::Reported => String::new(),
        }
    }

    /// Prints it on standard error.
    pub fn print(&self, stderr: Stderr) {
        match self {
            Failure::Usage(message) => {
                stderr.error(message);
                stderr.plain("\nFor more information, try '--help'.");
            }
            Failure::Error(error) => stderr.error(&format!("{error:#}")),
            Failure::Reported => {}
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Error(error.into())
    }
}

/// A failure in words of one's own.
pub fn fail<T>(message: impl std::fmt::Display) -> Result<T, Failure> {
    Err(Failure::Error(anyhow::anyhow!("{message}")))
}
