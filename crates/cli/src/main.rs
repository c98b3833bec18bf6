//! The `plimsoll` command: arguments, files, state, outputs and exit codes.
//!
//! Nothing is judged here. Files go in to `plimsoll-assess`, its assessment
//! goes out through `plimsoll-report`; this crate reads and writes, and says
//! what went wrong.

mod advisories;
mod ahead;
mod args;
mod atomic;
mod bounded;
mod config;
mod context;
mod diagnostics;
mod exit;
mod images;
mod input;
mod interrupt;
mod memory;
mod names;
mod output;
mod progress;
mod sbom;
mod session;
mod state;
mod term;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use crate::{args::Cli, exit::Exit};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data for standard output; all else is usage.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Holds
            };
            // Nobody is left to tell when the terminal is gone.
            let _ = error.print();
            return exit.into();
        }
    };
    interrupt::install();
    let stderr = term::Stderr::new(cli.show.color);
    match verbs::run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print(stderr);
            failure.exit().into()
        }
    }
}
