//! `plimsoll fix`: the fix plan as a list, as a diff, or in the files.

pub mod patch;
mod write;

use plimsoll_assess::{Assessment, Changes, apply, wire};
use plimsoll_model::FixPlan;
use plimsoll_report::{Format, plan::Plan};

use crate::{
    args::{FixArgs, OutputArgs, ShowArgs},
    context::Context,
    diagnostics,
    exit::{Exit, Failure, fail},
    input, names,
    output::{self, Outputs},
    session::{self, Reading, Session},
    state::State,
};

pub fn run(show: &ShowArgs, args: FixArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let outputs = Outputs::new(&context, &args.output.output, &OutputArgs::FORMATS)?;
    if (args.diff || args.write) && !args.output.output.is_empty() {
        return Err(Failure::Usage(
            "-o is for the plan; it has no use with --diff or --write".into(),
        ));
    }
    let state_path = context.state_path(&args.state);
    let state = state_path.as_deref().map(State::read).transpose()?;
    let session = Session::open(
        &context,
        Reading {
            paths: &args.paths,
            goals: &args.line.goals,
            without: state_path.as_slice(),
            line_is_optional: false,
        },
    )?;
    let assessment = session.judge(&context, state.as_ref().map(|state| &state.history));
    session::sound(&context, &session, &assessment)?;
    session.tell_starter_line(&context);
    let plan = plan(&assessment, args.goal.as_deref())?;
    if !(args.diff || args.write) {
        list(&outputs, &context, &assessment, &args)?;
        diagnostics::gaps(&context, &assessment);
        return Ok(Exit::Holds);
    }
    let changes = apply(&session.estate.inventory, &assessment.findings, plan);
    if args.diff {
        output::stdout(|out| patch::print(&changes.files, out))?;
    } else {
        write::write(&context, &session, &changes)?;
    }
    tell(&context, &changes, plan);
    Ok(Exit::Holds)
}

fn plan<'a>(assessment: &'a Assessment, goal: Option<&str>) -> Result<&'a FixPlan, Failure> {
    let Some(name) = goal else {
        return Ok(&assessment.plan);
    };
    let known = || {
        assessment
            .goals
            .iter()
            .map(|goal| goal.goal.metadata.name.as_str())
    };
    match assessment
        .goals
        .iter()
        .find(|goal| goal.goal.metadata.name == name)
    {
        Some(goal) => Ok(&goal.plan),
        None => {
            let near = names::did_you_mean(name, known());
            let all: Vec<_> = known().collect();
            fail(format!(
                "there is no goal `{name}`{near} The goals are {}",
                all.join(", ")
            ))
        }
    }
}

fn list(
    outputs: &Outputs,
    context: &Context,
    assessment: &Assessment,
    args: &FixArgs,
) -> Result<(), Failure> {
    let goal = args.goal.as_deref();
    let report = wire::check(assessment);
    let of_goal = goal.and_then(|name| report.goals.iter().find(|goal| goal.name == name));
    let mut plan = of_goal.map_or_else(|| Plan::of(&report), Plan::of_goal);
    plan.inputs = input::named(&args.paths);
    outputs.write(context, |format, style, out| match format {
        Format::Json => plan.json(out),
        Format::Markdown => plan.markdown(out),
        _ => plan.terminal(style, out),
    })
}

/// Says what is left to a person, and how far it goes.
fn tell(context: &Context, changes: &Changes, plan: &FixPlan) {
    if plan.steps.is_empty() {
        context.note(if plan.reaches_target {
            "nothing to fix: every target is reached"
        } else {
            "no known change reaches the target; `plimsoll check` says what keeps it away"
        });
        return;
    }
    for left in &changes.not_applied {
        context
            .stderr
            .warning(&format!("step {}: by hand: {}", left.step, left.reason));
    }
    if changes.files.is_empty() && changes.not_applied.is_empty() {
        context.note("the files are as the plan wants them already");
    }
}
