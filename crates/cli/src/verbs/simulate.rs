//! `plimsoll goals simulate`: what another line would flip or deny.

use std::path::PathBuf;

use plimsoll_assess::wire;
use plimsoll_report::{Format, simulate};

use crate::{
    args::{OutputArgs, ShowArgs, SimulateArgs},
    context::Context,
    diagnostics,
    exit::{Exit, Failure},
    input,
    output::Outputs,
    session::{self, Reading, Session},
    state::State,
};

pub fn run(show: &ShowArgs, args: SimulateArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let outputs = Outputs::new(&context, &args.output.output, &OutputArgs::FORMATS)?;
    let state_path = context.state_path(&args.state);
    let state = state_path.as_deref().map(State::read).transpose()?;
    let history = state.as_ref().map(|state| &state.history);
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() {
        &here
    } else {
        args.paths.as_slice()
    };
    input::apart(&args.goals, paths)?;
    let new = session::line(&context, &args.goals)?;
    // The line that is tried is not the line in force, wherever it stands.
    let without: Vec<_> = args.goals.iter().chain(&state_path).cloned().collect();
    let session = Session::open(
        &context,
        Reading {
            paths,
            goals: &args.against,
            without: &without,
            line_is_optional: true,
        },
    )?;
    let before = (!session.estate.line.is_empty()).then(|| session.judge(&context, history));
    let after = session.judge_by(&context, &new, history, false);
    session::sound(&context, &session, &after)?;
    if before.is_none() {
        context.note("no line is in force now: everything below the new one flips");
    }
    let before = before.as_ref().map(wire::check);
    let simulation = simulate::simulate(before.as_ref(), &wire::check(&after));
    outputs.write(&context, |format, style, out| match format {
        Format::Json => simulation.json(out),
        Format::Markdown => simulation.markdown(out),
        _ => simulation.terminal(style, out),
    })?;
    diagnostics::gaps(&context, &after);
    Ok(Exit::Holds)
}
