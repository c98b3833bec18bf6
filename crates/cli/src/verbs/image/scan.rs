//! `plimsoll image scan`.

use std::sync::Arc;

use plimsoll_assess::{scan_image, wire};
use plimsoll_model::Finding;
use plimsoll_report::Format;

use super::{context, opener, rematch, tell_gaps};
use crate::{
    advisories,
    args::{ImageScanArgs, ShowArgs},
    exit::{Exit, Failure},
    names,
    output::Outputs,
    sbom,
};

pub fn run(show: &ShowArgs, args: ImageScanArgs) -> Result<Exit, Failure> {
    let context = context(show, &args.image)?;
    let outputs = Outputs::new(&context, &args.output, &Format::IMAGE)?;
    let controls = args
        .control
        .iter()
        .map(|id| names::control(id))
        .collect::<Result<Vec<_>, _>>()?;
    let mut opener =
        opener(&context, &args.image)?.with_attached(args.advisories.vex_from_referrers);
    let image = Arc::new(opener.open(&args.target, args.image.image.as_deref())?);
    let mut advisories = advisories::open(&context, &args.advisories)?;
    advisories::attach(advisories.as_mut(), opener.attached());
    let looked_for = advisories.is_some() || args.advisories.no_vulnerabilities;
    let mut assessment = scan_image(
        image.clone(),
        advisories,
        &args.baseline,
        &controls,
        context.now,
    );
    // A name that is not known is a mistake, not an empty result.
    for reason in assessment.evaluation.missing.values() {
        context.stderr.error(reason);
    }
    if !assessment.evaluation.missing.is_empty() {
        return Err(Failure::Reported);
    }
    if !args.no_store {
        let compared = advisories::identity(&args.advisories);
        rematch::keep(
            &context,
            &args.image.store,
            &image,
            assessment.findings.iter(),
            compared,
        );
    }
    if let Some(bound) = args.severity {
        assessment
            .findings
            .retain(|finding| bound.includes(finding.severity));
    }
    if args.only_fixed {
        assessment.findings.retain(|finding| {
            finding
                .vulnerability
                .as_ref()
                .is_none_or(|v| v.fixed.is_some())
        });
    }
    let mut header = wire::scan(&assessment);
    header.kind = "image".to_owned();
    outputs.write(&context, |format, style, out| {
        if Format::SBOM.contains(&format) {
            let findings = assessment.findings.iter();
            let known = findings.filter_map(|finding| finding.vulnerability.as_deref());
            return sbom::write(&image, known, format, context.now, out);
        }
        plimsoll_report::scan(
            &header,
            &mut wire::findings(&assessment),
            format,
            style,
            out,
        )
    })?;
    if !outputs.for_a_person() {
        tell_gaps(&context, &image);
    }
    let fails = args.fail_on.is_some_and(|least| {
        let findings = &assessment.findings;
        let counts = |finding: &Finding| finding.severity >= least && finding.waiver.is_none();
        findings.iter().any(counts)
    });
    // Where nobody looked, nothing was found: that is no clean bill.
    let incomplete = assessment.is_incomplete() || !looked_for;
    Ok(match (fails, incomplete) {
        (true, _) => Exit::Fails,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Holds,
    })
}
