//! `plimsoll cluster coverage`: who observes what, and what nobody does.

use plimsoll_assess::{
    coverage::{Exclusion, Scope, Source},
    live::{CoverageAsked, Live, LiveOptions},
};
use plimsoll_cluster::{SourceOptions, source};
use plimsoll_model::{Engine, History, Period};
use plimsoll_report::Format;

use super::{open, runtime};
use crate::{
    args::{ClusterCoverageArgs, InputArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure},
    output::Outputs,
    progress::Progress,
};

pub fn run(show: &ShowArgs, args: ClusterCoverageArgs) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let mut input = InputArgs::of_run(args.now, None);
    input.cluster.clone_from(&args.access.cluster);
    let mut context = Context::new(show, &input)?;
    let outputs = Outputs::new(&context, &args.output, &Format::COVERAGE)?;
    let progress = Progress::start(context.stderr, context.quiet(), "listing objects", 0);
    let (version, options, look) = runtime.block_on(async {
        let server = open(&args.access).await?;
        if args.access.cluster.is_none() && context.config.cluster.is_none() {
            server.name().clone_into(&mut context.cluster);
        }
        let options = SourceOptions::new(context.cluster.as_str());
        let version = server.version().await?;
        let look = source::collect(&server, &options).await?;
        Ok::<_, Failure>((version.git_version, options, look))
    })?;
    drop(progress);
    let sources = look
        .counts
        .keys()
        .map(|kind| Source {
            engine: Engine::KubernetesWatch,
            scope: Scope::Kind {
                kind: kind.as_str().into(),
                namespace: None,
            },
            version: Some(version.as_str().into()),
            since: Some(context.now),
            heard: Some(context.now),
            cadence: Period::minutes(1),
        })
        .collect();
    let exclusions = args.exclude_namespace.iter().map(|namespace| Exclusion {
        namespace: (**namespace).into(),
        by: "--exclude-namespace".into(),
    });
    let live = Live::new(LiveOptions {
        cluster: options.cluster,
        now: context.now,
        history: History::default(),
    });
    let mut live = live.excluding(exclusions.collect());
    live.apply(look.changes, context.now);
    let answer = live.coverage(CoverageAsked {
        server: Some(version),
        sources,
        settings: live.coverage_settings(context.now),
    });
    let report = answer.report();
    outputs.write(&context, |format, style, out| {
        plimsoll_report::coverage::coverage(&report, format, style, out)
    })?;
    Ok(if answer.is_incomplete() || !report.gaps.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Holds
    })
}
