//! `plimsoll scan`: findings alone, no goals.

use plimsoll_assess::{scan, wire};
use plimsoll_report::Format;

use crate::{
    ahead,
    args::{ScanArgs, ShowArgs},
    context::Context,
    diagnostics,
    exit::{Exit, Failure},
    input, names,
    output::Outputs,
    progress::Progress,
    session::{self, Reading, Session},
};

pub fn run(show: &ShowArgs, args: ScanArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let outputs = Outputs::new(&context, &args.output.output, &Format::ALL)?;
    let controls = args
        .control
        .iter()
        .map(|id| names::control(id))
        .collect::<Result<Vec<_>, _>>()?;
    let mut baselines = args.baseline;
    if baselines.is_empty() && controls.is_empty() {
        baselines.clone_from(&context.config.baselines);
    }
    let session = Session::open(
        &context,
        Reading {
            paths: &args.paths,
            line_is_optional: true,
            ..Reading::default()
        },
    )?;
    let progress = Progress::start(context.stderr, context.quiet(), "scanning", 0);
    let mut assessment = scan(&session.estate, &baselines, &controls, context.now);
    drop(progress);
    // A name that is not known is a mistake, not an empty result.
    for reason in assessment.evaluation.missing.values() {
        context.stderr.error(reason);
    }
    if !assessment.evaluation.missing.is_empty() {
        return Err(Failure::Reported);
    }
    if let Some(bound) = args.severity {
        assessment
            .findings
            .retain(|finding| bound.includes(finding.severity));
    }
    let mut header = wire::scan(&assessment);
    header.inputs = input::named(&args.paths);
    outputs.write(&context, |format, style, out| {
        ahead::make(wire::findings(&assessment), |findings| {
            plimsoll_report::scan(&header, findings, format, style, out)
        })
    })?;
    if !outputs.for_a_person() {
        diagnostics::gaps(&context, &assessment);
    }
    session::sound(&context, &session, &assessment)?;
    let fails = args.fail_on.is_some_and(|least| {
        let findings = &assessment.findings;
        findings
            .iter()
            .any(|finding| finding.severity >= least && finding.waiver.is_none())
    });
    Ok(match (fails, assessment.is_incomplete()) {
        (true, _) => Exit::Fails,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Holds,
    })
}
