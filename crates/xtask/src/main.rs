//! `cargo xtask VERB`: the project's tasks, one function per verb. `./x help` tells about them.

use std::process::ExitCode;

/// Exit code of a command line that can't be understood, as for `plimsoll` itself.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let verb = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match plimsoll_xtask::run(&verb, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {verb}: error: {error:#}");
            if error.is::<plimsoll_xtask::Usage>() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
