//! `plimsoll completion`: completions for a shell.

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionArgs},
    exit::{Exit, Failure},
    output,
};

pub fn run(args: CompletionArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "plimsoll", &mut script);
    output::stdout(|out| out.write_all(&script))?;
    Ok(Exit::Holds)
}
