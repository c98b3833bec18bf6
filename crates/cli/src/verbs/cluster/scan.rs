//! `plimsoll cluster scan`: one look, judged like files.

use std::collections::BTreeMap;

use plimsoll_assess::{
    Outcome,
    live::{Change, Live, LiveOptions},
    wire,
};
use plimsoll_cluster::source;
use plimsoll_model::{DiagnosticLevel, Period};
use plimsoll_report::Format;

use super::{Looking, components::Comparing, looking, runtime};
use crate::{
    args::{ClusterScanArgs, FailOn, ShowArgs},
    diagnostics,
    exit::{Exit, Failure},
    output::Outputs,
    progress::Progress,
    state::State,
};

pub fn run(show: &ShowArgs, args: ClusterScanArgs) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let Looking {
        context,
        server,
        options,
        line,
    } = runtime.block_on(looking(show, &args.look, args.now))?;
    let outputs = Outputs::new(&context, &args.output.output, &Format::ALL)?;
    let mut state = match context.state_path(&args.state) {
        None => None,
        Some(path) => Some(State::open(&context, &path, Period::minutes(1))?),
    };
    let progress = Progress::start(context.stderr, context.quiet(), "listing objects", 0);
    let (version, mut look) = runtime.block_on(async {
        let version = server.version().await?;
        let look = source::collect(&server, &options).await?;
        Ok::<_, Failure>((version, look))
    })?;
    drop(progress);
    context.note(&inventory(
        &context.cluster,
        &version.git_version,
        &look.counts,
    ));

    let progress = Progress::start(context.stderr, context.quiet(), "judging", 0);
    look.changes.extend(line);
    let history = state.as_ref().map(|state| state.history.clone());
    let mut live = Live::new(LiveOptions {
        cluster: options.cluster.clone(),
        now: context.now,
        history: history.unwrap_or_default(),
    });
    let comparing = Comparing::open(&context, &args.components, &version.git_version)?;
    let comparing = comparing.map(|(comparing, advisories)| {
        look.changes.push(advisories);
        comparing
    });
    live.apply(look.changes, context.now);
    if let Some(comparing) = &comparing {
        let components = comparing.compare(&live, context.now)?;
        live.apply(components, context.now);
    }
    let starter = !live.has_goals();
    if starter {
        let line = live.starter_line();
        live.apply([Change::Line(line, Vec::new())], context.now);
    }
    let mut assessment = live.assessment();
    drop(progress);
    assessment.starter_line = starter;
    if starter {
        context.note(
            "no goals were found in the cluster, so the starter line judges: no privileged \
             workloads, and the Pod Security baseline everywhere. Name your own with --goals",
        );
    }
    let wrong = assessment
        .diagnostics
        .iter()
        .any(|said| said.level == DiagnosticLevel::Error);
    if let Some(state) = state.as_mut().filter(|_| !wrong) {
        assessment.record(&mut state.history);
        state.write()?;
    }
    let report = wire::check(&assessment);
    outputs.write(&context, |format, style, out| {
        plimsoll_report::check(&report, format, style, out)
    })?;
    if !outputs.for_a_person() {
        diagnostics::gaps(&context, &assessment);
    }
    if wrong {
        diagnostics::errors(&context, &assessment.diagnostics, &BTreeMap::new());
        return Err(Failure::Reported);
    }
    Ok(match assessment.outcome(args.fail_on == FailOn::AtRisk) {
        Outcome::Holds => Exit::Holds,
        Outcome::Fails => Exit::Fails,
        Outcome::Incomplete => Exit::Incomplete,
    })
}

/// What is there, in one sentence.
fn inventory(cluster: &str, version: &str, counts: &BTreeMap<String, u64>) -> String {
    let mut kinds: Vec<(&str, u64)> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(kind, count)| (kind.as_str(), *count))
        .collect();
    kinds.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    let total: u64 = kinds.iter().map(|(_, count)| count).sum();
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    format!(
        "cluster {cluster} ({version}) has {total} objects of {} kinds that are looked at: {}",
        kinds.len(),
        kinds.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inventory_tells_most_first_and_leaves_out_what_there_is_none_of() {
        let counts = [("Pod", 3), ("Node", 0), ("apps/Deployment", 5)];
        let counts = counts.map(|(kind, count)| (kind.to_owned(), count)).into();
        assert_eq!(
            inventory("test", "v1.36.3", &counts),
            "cluster test (v1.36.3) has 8 objects of 2 kinds that are looked at: 5 apps/Deployment, 3 Pod"
        );
    }
}
