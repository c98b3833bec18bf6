//! The sentences that all formats share, so that they can't disagree.

use plimsoll_model::{
    AssetState, Counts, PlanProof, Severity, Timestamp, Verdict, WindowResult,
    time::date_of,
    wire::{
        AssetReport, BecauseReport, CheckReport, CoverageReport, DiagnosticLevel, DiagnosticReport,
        EditReport, FindingReport, GapState, GoalReport, PlanSummary, StepReport,
    },
};

use crate::text::{and_list, clean, count, digits, number, percent, percent_up};

/// The verdicts, worst first.
pub(crate) const VERDICTS: [Verdict; 4] = [
    Verdict::Breached,
    Verdict::Unverified,
    Verdict::AtRisk,
    Verdict::Met,
];

/// The states, in the order of the sum.
pub(crate) const STATES: [AssetState; 5] = [
    AssetState::Satisfied,
    AssetState::Violated,
    AssetState::Pending,
    AssetState::Unknown,
    AssetState::Excepted,
];

/// The verdict as it stands in a sentence.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AtRisk => "at risk",
        other => other.as_str(),
    }
}

/// How many goals have each verdict: `2 of 5 goals are breached, 1 unverified
/// and 2 met`.
fn goals(report: &CheckReport) -> String {
    let all = report.goals.len();
    let mut parts = Vec::new();
    for wanted in VERDICTS {
        let n = report
            .goals
            .iter()
            .filter(|goal| goal.verdict == wanted)
            .count();
        if n == 0 {
            continue;
        }
        let word = verdict(wanted);
        parts.push(match (parts.is_empty(), n == all) {
            (true, true) if all == 1 => format!("the one goal is {word}"),
            (true, true) if all == 2 => format!("both goals are {word}"),
            (true, true) => format!("all {all} goals are {word}"),
            (true, false) => {
                format!(
                    "{n} of {all} goals {} {word}",
                    if n == 1 { "is" } else { "are" }
                )
            }
            (false, _) => format!("{n} {word}"),
        });
    }
    and_list(&parts)
}

/// The overall verdict in one sentence.
pub(crate) fn headline(report: &CheckReport) -> String {
    if report.goals.is_empty() {
        return "No goals: nothing was held against a line.".to_owned();
    }
    let goals = goals(report);
    let behind = |goal: &GoalReport| {
        goal.verdict == Verdict::AtRisk && goal.attainment.lower < goal.attainment.required
    };
    match report.verdict {
        Verdict::Met => format!("The line holds: {goals}."),
        Verdict::AtRisk if report.goals.iter().any(behind) => {
            format!("The line is behind its ramp: {goals}.")
        }
        Verdict::AtRisk => {
            let first = report
                .goals
                .iter()
                .filter_map(|goal| goal.at_risk.as_ref())
                .map(|r| r.at);
            match first.min() {
                Some(at) => format!("The line holds until {}: {goals}.", when(at)),
                None => format!("The line holds for now: {goals}."),
            }
        }
        Verdict::Unverified => format!("It is not known whether the line holds: {goals}."),
        Verdict::Breached => format!("The line does not hold: {goals}."),
    }
}

/// What a reader of the starter line must know.
pub(crate) const STARTER: &str = "No goals were found, so this is the built-in starter line. \
     `plimsoll goals init PATH` proposes a line of your own.";

/// A day, with the time where it is not the day's beginning.
pub(crate) fn when(at: Timestamp) -> String {
    if at.as_second().rem_euclid(86_400) == 0 {
        date_of(at).to_string()
    } else {
        minute(at)
    }
}

/// `2026-11-25 03:31 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    let of_day = at.as_second().rem_euclid(86_400);
    format!(
        "{} {:02}:{:02} UTC",
        date_of(at),
        of_day / 3_600,
        of_day / 60 % 60
    )
}

/// The part of the scope in a state.
pub(crate) fn part(counts: &Counts, state: AssetState) -> u64 {
    match state {
        AssetState::Satisfied => counts.satisfied,
        AssetState::Violated => counts.violated,
        AssetState::Pending => counts.pending,
        AssetState::Unknown => counts.unknown,
        AssetState::Excepted => counts.excepted,
    }
}

/// `in scope 24 = 18 satisfied + 3 violated + ...`: the parts that are not
/// zero, which add up.
pub(crate) fn scope(counts: &Counts) -> String {
    let parts: Vec<String> = STATES
        .into_iter()
        .map(|state| (part(counts, state), state))
        .filter(|(n, _)| *n > 0)
        .map(|(n, state)| format!("{} {state}", number(n)))
        .collect();
    match parts.as_slice() {
        [] => "in scope 0: an empty scope proves nothing".to_owned(),
        parts => format!(
            "in scope {} = {}",
            number(counts.in_scope),
            parts.join(" + ")
        ),
    }
}

/// `79.1% to 83.3%, target 100%`, with what a ramp requires today.
pub(crate) fn attainment(goal: &GoalReport) -> String {
    let a = &goal.attainment;
    let digits = digits(a);
    let show = |fraction| percent(fraction, digits);
    if goal.counts.in_scope == 0 && goal.window.is_none() {
        return format!("nothing in scope, target {}", show(a.target));
    }
    let (lower, upper) = (show(a.lower), show(a.upper));
    let range = if lower == upper {
        lower
    } else {
        format!("{lower} to {upper}")
    };
    let required = if a.required == a.target {
        String::new()
    } else {
        format!(", {} required today", percent_up(a.required, digits))
    };
    format!("{range}, target {}{required}", show(a.target))
}

/// Why an asset is in its state, for one clause: the clause and the reason.
pub(crate) fn because(goal: &GoalReport, because: &BecauseReport) -> String {
    let clause = usize::try_from(because.clause)
        .ok()
        .and_then(|at| goal.clauses.get(at));
    let clause = clause.map_or("", |clause| clause.text.as_str());
    match (clause, because.text.as_str()) {
        (clause, "") => clause.to_owned(),
        ("", text) => text.to_owned(),
        (clause, text) if clause == text => text.to_owned(),
        (clause, text) => format!("{clause}: {text}"),
    }
}

/// What is known of an asset beside its state, each with a label.
pub(crate) fn about(asset: &AssetReport) -> Vec<(&'static str, String)> {
    let mut about = Vec::new();
    if let Some(owner) = &asset.owner {
        about.push(("owner", owner.clone()));
    }
    if let Some(class) = class(asset) {
        about.push(("class", class));
    }
    let why = asset.exposed_by.join("; ");
    about.push((
        "exposure",
        match why.as_str() {
            "" => asset.exposure.to_string(),
            why => format!("{}: {why}", asset.exposure),
        },
    ));
    if let Some(unknown) = &asset.unknown {
        about.push(("unknown", unknown.clone()));
    }
    about
}

/// The class an asset ranks by with the rule that gave it, and over which
/// others where several claim it.
pub(crate) fn class(asset: &AssetReport) -> Option<String> {
    let class = asset.classes.first()?;
    let conflict = match &asset.class_conflict {
        Some(conflict) => format!("; {conflict}"),
        None => String::new(),
    };
    Some(format!("{}: {}{conflict}", class.class, class.because))
}

/// A window in words: `over the window 98.7% of asset-time good, 0.2% unknown`.
pub(crate) fn window(window: &WindowResult) -> String {
    if window.total == 0 {
        return "no asset-time in the window".to_owned();
    }
    let share = |part: u64| percent(part as f64 / window.total as f64, 2);
    format!(
        "{} of the window's asset-time certainly good, {} without data",
        share(window.good),
        share(window.unknown)
    )
}

/// How good a plan is.
pub(crate) fn proof(proof: PlanProof) -> String {
    match proof {
        PlanProof::Optimal => "no plan with less effort exists".to_owned(),
        PlanProof::Greedy { ratio_percent } => format!(
            "found greedily, at most {}.{:02} times the least effort",
            ratio_percent / 100,
            ratio_percent % 100
        ),
    }
}

/// What a plan does, in one sentence. `whose` is `every goal` or `the goal`.
pub(crate) fn plan(steps: usize, summary: &PlanSummary, whose: &str) -> String {
    let reach = number(summary.out_of_reach);
    match (steps, summary.reaches_target) {
        (0, true) => format!("Nothing needs to change for {whose} to be at its target."),
        (0, false) if summary.out_of_reach == 0 => {
            "No change to the manifests reaches the target: what is unknown must become known."
                .to_owned()
        }
        (0, false) => {
            format!("No known change reaches the target: {reach} findings have no fix.")
        }
        (n, true) => format!(
            "{} bring{} {whose} to its target; {}.",
            count(n as u64, "step"),
            if n == 1 { "s" } else { "" },
            proof(summary.proof)
        ),
        (n, false) => format!(
            "{} {} what can be cleared, and do{} not reach every target: {}.",
            count(n as u64, "step"),
            if n == 1 { "clears" } else { "clear" },
            if n == 1 { "es" } else { "" },
            match summary.out_of_reach {
                0 => "the rest is unknown or waits for a decision".to_owned(),
                n => format!(
                    "{} no known fix",
                    match n {
                        1 => "1 finding has".to_owned(),
                        _ => format!("{reach} findings have"),
                    }
                ),
            }
        ),
    }
}

/// What a step does and to what: several steps may do the same, each elsewhere.
pub(crate) fn step(step: &StepReport) -> String {
    let named = [&*step.object.name, &*step.cause]
        .iter()
        .any(|name| step.summary.contains(name));
    if named || step.cause.is_empty() {
        step.summary.clone()
    } else {
        format!("{}: {}", step.summary, step.cause)
    }
}

/// `clears 40 findings on 3 assets`.
pub(crate) fn clears(step: &StepReport) -> String {
    format!(
        "clears {} on {}",
        count(step.clears, "finding"),
        count(step.assets, "asset")
    )
}

/// `file:line` of a step.
pub(crate) fn step_place(step: &StepReport) -> Option<String> {
    let file = clean(step.file.as_deref()?);
    Some(match step.line {
        Some(line) => format!("{file}:{line}"),
        None => file.into_owned(),
    })
}

/// One edit: `set spec.hostNetwork to false`.
pub(crate) fn edit(edit: &EditReport) -> String {
    let path = clean(&edit.path);
    let op = clean(&edit.op);
    match &edit.value {
        Some(value) => {
            let value = value.to_string();
            let value = crate::text::cut(&value, 200);
            match op.as_ref() {
                "set" => format!("set {path} to {}", clean(&value)),
                "add" => format!("add {} to {path}", clean(&value)),
                op => format!("{op} {path} {}", clean(&value)),
            }
        }
        None => format!("{op} {path}"),
    }
}

/// `file:line:column` of a finding.
pub(crate) fn finding_place(finding: &FindingReport) -> String {
    place(&finding.file, finding.line, finding.column)
}

/// `file`, `file:line` or `file:line:column`, as far as it is known.
pub(crate) fn place(file: &str, line: u32, column: u32) -> String {
    let file = clean(file);
    match (line, column) {
        (0, _) => file.into_owned(),
        (line, 0) => format!("{file}:{line}"),
        (line, column) => format!("{file}:{line}:{column}"),
    }
}

/// The place of a diagnostic, if it has one.
pub(crate) fn diagnostic_place(diagnostic: &DiagnosticReport) -> Option<String> {
    let file = diagnostic.file.as_deref()?;
    Some(place(
        file,
        diagnostic.line.unwrap_or(0),
        diagnostic.column.unwrap_or(0),
    ))
}

/// How a diagnostic begins.
pub(crate) fn level(level: DiagnosticLevel) -> &'static str {
    match level {
        DiagnosticLevel::Error => "error",
        DiagnosticLevel::Warning => "warning",
        DiagnosticLevel::Note => "note",
    }
}

/// A gap's state.
pub(crate) fn gap(state: GapState) -> &'static str {
    match state {
        GapState::Skipped => "skipped",
        GapState::NotRendered => "not rendered",
        GapState::Failed => "failed",
        GapState::Unmatched => "vulnerabilities not known",
    }
}

/// What was read and what was not, in one sentence.
pub(crate) fn coverage(coverage: &CoverageReport) -> String {
    if coverage.images > 0 && coverage.files == 0 && coverage.read == 0 {
        let mut text = format!(
            "looked into {}; {} could not be read",
            count(coverage.images, "image"),
            count(coverage.failed, "part")
        );
        if coverage.unmatched > 0 {
            text.push_str(&format!(
                "; of {} vulnerabilities are not known",
                count(coverage.unmatched, "package")
            ));
        }
        return text;
    }
    let images = match coverage.images {
        0 => String::new(),
        images => format!(" and looked into {}", count(images, "image")),
    };
    format!(
        "read {} ({}) from {}{images}; {} skipped, {} not rendered, {} failed",
        count(coverage.read, "object"),
        count(coverage.workloads, "workload"),
        count(coverage.files, "file"),
        number(coverage.skipped),
        number(coverage.not_rendered),
        number(coverage.failed),
    )
}

/// `3 critical, 12 high, 40 medium`: severities that occur, worst first.
pub(crate) fn severities(counts: &std::collections::BTreeMap<Severity, u64>) -> String {
    let parts: Vec<String> = Severity::WORST_FIRST
        .into_iter()
        .filter_map(|severity| {
            let n = counts.get(&severity).copied().filter(|n| *n > 0)?;
            Some(format!("{} {severity}", number(n)))
        })
        .collect();
    parts.join(", ")
}

/// Why a finding does not count, if it does not.
pub(crate) fn accepted(finding: &FindingReport) -> Option<String> {
    match (&finding.excepted_by, &finding.waived_by) {
        (Some(name), _) => Some(format!("accepted by exception {}", clean(name))),
        (None, Some(by)) if finding.vulnerability.is_some() => {
            Some(format!("suppressed by {}", clean(by)))
        }
        (None, Some(waiver)) => Some(format!("waived by annotation {}", clean(waiver))),
        (None, None) => None,
    }
}

/// What was judged, as the last words of a command that is to judge it again.
pub(crate) fn paths(inputs: &[String]) -> String {
    const MOST: usize = 3;
    let plain = |path: &String| {
        let usual = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,=".contains(c);
        !path.is_empty() && path != "-" && path.chars().all(usual)
    };
    match inputs {
        [] => "PATH".to_owned(),
        inputs if inputs.len() > MOST || !inputs.iter().all(plain) => "PATH".to_owned(),
        inputs => inputs.join(" "),
    }
}

/// What to do next, as commands and what each is for.
pub(crate) fn next(report: &CheckReport) -> Vec<(String, &'static str)> {
    let mut next = Vec::new();
    let paths = paths(&report.inputs);
    if report.starter_line {
        next.push((
            format!("plimsoll goals init {paths}"),
            "proposes a line of your own",
        ));
    }
    if !report.fix_plan.steps.is_empty() {
        next.push((
            format!("plimsoll fix {paths} --diff"),
            "shows the plan as edits",
        ));
    }
    let worst = report
        .goals
        .iter()
        .filter(|goal| goal.verdict != Verdict::Met)
        .max_by_key(|goal| (goal.verdict, std::cmp::Reverse(&goal.name)));
    if let Some(goal) = worst {
        next.push((
            format!("plimsoll explain {} {paths}", clean(&goal.name)),
            "says what the goal asks",
        ));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_scope_add_up() {
        let check = |counts: [u64; 5], expect: &str| {
            let [satisfied, violated, pending, unknown, excepted] = counts;
            let in_scope = counts.iter().sum();
            let counts = Counts {
                in_scope,
                satisfied,
                violated,
                pending,
                unknown,
                excepted,
            };
            assert_eq!(scope(&counts), expect);
        };
        check(
            [18, 3, 1, 1, 1],
            "in scope 24 = 18 satisfied + 3 violated + 1 pending + 1 unknown + 1 excepted",
        );
        check([1200, 0, 0, 0, 0], "in scope 1,200 = 1,200 satisfied");
        check([0; 5], "in scope 0: an empty scope proves nothing");
    }

    #[test]
    fn times_are_short() {
        let check = |text: &str, expect: &str| {
            assert_eq!(when(text.parse().expect("a time")), expect);
        };
        check("2026-12-01T00:00:00Z", "2026-12-01");
        check("2026-12-01T09:05:59Z", "2026-12-01 09:05 UTC");
        check("1969-12-31T23:59:00Z", "1969-12-31 23:59 UTC");
    }
}
