//! `plimsoll goals init`: a first line, proposed from what is there.

use std::path::Path;

use plimsoll_assess::propose;

use crate::{
    args::{InitArgs, ShowArgs},
    atomic, bounded,
    context::Context,
    exit::{Exit, Failure, fail},
    input, output,
    progress::Progress,
    session::{Reading, Session},
};

/// What the file is called.
const FILE: &str = "goals.yaml";

pub fn run(show: &ShowArgs, args: InitArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let target = args.write.as_ref().map(|folder| folder.join(FILE));
    if let Some(target) = target
        .as_ref()
        .filter(|target| target.exists() && !args.force)
    {
        return fail(format!(
            "{} is there already: look at it first, or replace it with --force",
            input::name(target)
        ));
    }
    // What is about to be replaced is not the line in force.
    let session = Session::open(
        &context,
        Reading {
            paths: &args.paths,
            without: target.as_slice(),
            line_is_optional: true,
            ..Reading::default()
        },
    )?;
    let progress = Progress::start(context.stderr, context.quiet(), "proposing", 0);
    let proposal = propose(&session.estate, context.now);
    drop(progress);
    for note in &proposal.notes {
        context.note(note);
    }
    if proposal.goals == 0 {
        return fail("there is nothing to draw a line for: no workload was read");
    }
    let goals = session.estate.line.goals.len();
    if goals > 0 {
        context.note(&format!(
            "{goals} goals are there already and stay in force; `plimsoll goals simulate` shows \
             what a proposal would change"
        ));
    }
    match target {
        None => output::stdout(|out| out.write_all(proposal.text.as_bytes()))?,
        Some(target) => write(&context, &target, &proposal.text, proposal.goals)?,
    }
    Ok(Exit::Holds)
}

fn write(context: &Context, target: &Path, text: &str, goals: usize) -> Result<(), Failure> {
    let written = std::fs::create_dir_all(atomic::folder(target))
        .and_then(|()| atomic::write(target, |out| out.write_all(text.as_bytes())));
    if let Err(error) = written {
        return fail(format!(
            "{}: {}",
            input::name(target),
            bounded::words(&error)
        ));
    }
    context.note(&format!(
        "wrote {goals} goals to {}. Next: read it, change what does not fit, then `plimsoll check`",
        input::name(target)
    ));
    Ok(())
}
