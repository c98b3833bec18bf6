//! `plimsoll check`: goals over everything at PATH.

use plimsoll_assess::{Outcome, image_id, wire};
use plimsoll_report::Format;

use crate::{
    advisories,
    args::{CheckArgs, FailOn, ShowArgs},
    context::Context,
    diagnostics,
    exit::{Exit, Failure},
    images::Shelves,
    input,
    output::Outputs,
    session::{self, Reading, Session},
    state::State,
    verbs::image::rematch,
};

pub fn run(show: &ShowArgs, args: CheckArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let outputs = Outputs::new(&context, &args.output.output, &Format::ALL)?;
    let state_path = context.state_path(&args.state);
    // Held from before anything is read until everything is written.
    let mut state = match &state_path {
        None => None,
        Some(path) if args.dry_run => Some(State::read(path)?),
        Some(path) => Some(State::open(&context, path, args.lock_timeout)?),
    };
    let mut session = Session::open(
        &context,
        Reading {
            paths: &args.paths,
            goals: &args.line.goals,
            without: state_path.as_slice(),
            line_is_optional: false,
        },
    )?;
    if !args.images.is_empty() {
        let with_attached = args.advisories.vex_from_referrers;
        let mut shelves = Shelves::open(&context, &args.registry, &args.images, with_attached)?;
        session.estate.advisories = advisories::open(&context, &args.advisories)?;
        session.estate.images = shelves.look_into(&session.estate.image_names());
        advisories::attach(session.estate.advisories.as_mut(), shelves.attached());
    }
    let history = state.as_ref().map(|state| &state.history);
    let assessment = session.judge(&context, history);
    let sound = session::sound(&context, &session, &assessment);
    session.tell_starter_line(&context);
    if let Some(state) = state.as_mut().filter(|_| !args.dry_run && sound.is_ok()) {
        assessment.record(&mut state.history);
        state.write()?;
    }
    if args.store && sound.is_ok() {
        let compared = advisories::identity(&args.advisories);
        for image in &assessment.images {
            let id = image_id(image);
            let findings = assessment.findings.iter().filter(|f| f.asset.id == id);
            rematch::keep(
                &context,
                &args.store_args,
                image,
                findings,
                compared.clone(),
            );
        }
    }
    let mut report = wire::check(&assessment);
    report.inputs = input::named(&args.paths);
    outputs.write(&context, |format, style, out| {
        plimsoll_report::check(&report, format, style, out)
    })?;
    if !outputs.for_a_person() {
        diagnostics::gaps(&context, &assessment);
    }
    sound?;
    Ok(match assessment.outcome(args.fail_on == FailOn::AtRisk) {
        Outcome::Holds => Exit::Holds,
        Outcome::Fails => Exit::Fails,
        Outcome::Incomplete => Exit::Incomplete,
    })
}
