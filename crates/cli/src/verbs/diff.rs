//! `plimsoll goals diff`: what changed between two states, and why.

use std::path::Path;

use plimsoll_assess::wire;
use plimsoll_model::wire::CheckReport;
use plimsoll_report::{
    Format,
    diff::{self, Diff, Standing},
    read_check,
};
use serde::Deserialize;

use crate::{
    args::{DiffArgs, OutputArgs, ShowArgs},
    bounded,
    context::Context,
    exit::{Exit, Failure, fail},
    input,
    output::Outputs,
    session::{self, Reading, Session},
    state::State,
};

pub fn run(show: &ShowArgs, args: DiffArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let outputs = Outputs::new(&context, &args.output.output, &OutputArgs::FORMATS)?;
    let a = report(&context, &args, &args.a)?;
    let b = report(&context, &args, &args.b)?;
    let diff = diff::diff(&a, &b);
    outputs.write(&context, |format, style, out| match format {
        Format::Json => diff.json(out),
        Format::Markdown => diff.markdown(out),
        _ => diff.terminal(style, out),
    })?;
    Ok(if args.exit_code && got_worse(&diff) {
        Exit::Fails
    } else {
        Exit::Holds
    })
}

/// Whether the second state is worse: overall, for a goal, or for an asset.
fn got_worse(diff: &Diff) -> bool {
    let fell = |goal: &diff::GoalDiff| {
        goal.to > goal.from
            || goal
                .assets
                .iter()
                .any(|asset| asset.to == Standing::Violated)
    };
    diff.to.verdict > diff.from.verdict || diff.goals.iter().any(fell)
}

/// The report of one side: a saved one, or what a check of the path gives.
fn report(context: &Context, args: &DiffArgs, path: &Path) -> Result<CheckReport, Failure> {
    if let Some(report) = saved(context, path)? {
        return Ok(report);
    }
    let state_path = context.state_path(&args.state);
    let state = state_path.as_deref().map(State::read).transpose()?;
    let session = Session::open(
        context,
        Reading {
            paths: &[path.to_owned()],
            goals: &args.line.goals,
            without: state_path.as_slice(),
            line_is_optional: false,
        },
    )?;
    let assessment = session.judge(context, state.as_ref().map(|state| &state.history));
    session::sound(context, &session, &assessment)?;
    session.tell_starter_line(context);
    Ok(wire::check(&assessment))
}

/// What every report has and no manifest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "schemaVersion")]
    _schema_version: serde::de::IgnoredAny,
    #[serde(rename = "generator")]
    _generator: serde::de::IgnoredAny,
}

fn saved(context: &Context, path: &Path) -> Result<Option<CheckReport>, Failure> {
    if path == Path::new("-") || path.is_dir() {
        return Ok(None);
    }
    let named = |reason: &dyn std::fmt::Display| format!("{}: {reason}", input::name(path));
    let bytes = match bounded::read_file(path, context.max_file_size) {
        Ok(bytes) => bytes,
        Err(reason) => return fail(named(&reason)),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(None);
    };
    let json = text.trim_start_matches('\u{feff}').trim_start();
    if !json.starts_with('{') || serde_json::from_str::<Head>(json).is_err() {
        return Ok(None);
    }
    match read_check(&text) {
        Ok(report) => Ok(Some(report)),
        Err(error) => fail(named(&error)),
    }
}
