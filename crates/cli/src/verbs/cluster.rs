//! `plimsoll cluster`: a live cluster.

mod components;
mod coverage;
mod drift;
mod rbac;
mod scan;
mod tell;
mod watch;

use std::sync::Arc;

use plimsoll_assess::live::Change;
use plimsoll_cluster::{Access, Server, SourceOptions};
use plimsoll_model::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::{
    args::{AccessArgs, ClusterArgs, ClusterVerb, InputArgs, LookArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure, fail},
    session,
};

/// Threads that wait for the API server; judging has its own.
const THREADS: usize = 2;

pub fn run(show: &ShowArgs, args: ClusterArgs) -> Result<Exit, Failure> {
    match args.verb {
        ClusterVerb::Scan(args) => scan::run(show, args),
        ClusterVerb::Watch(args) => watch::run(show, args),
        ClusterVerb::Coverage(args) => coverage::run(show, args),
        ClusterVerb::Drift(args) => drift::run(show, args),
        ClusterVerb::Rbac(args) => rbac::run(show, args),
    }
}

fn runtime() -> Result<Runtime, Failure> {
    let built = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build();
    match built {
        Ok(runtime) => Ok(runtime),
        Err(error) => fail(format!("no threads: {error}")),
    }
}

async fn open(args: &AccessArgs) -> Result<Server, Failure> {
    let access = Access {
        kubeconfig: args.kubeconfig.clone(),
        context: args.context.clone(),
    };
    Ok(Server::open(&access).await?)
}

/// A cluster that is to be looked at.
struct Looking {
    context: Context,
    server: Server,
    options: SourceOptions,
    /// The line, where it is given apart.
    line: Option<Change>,
}

async fn looking(
    show: &ShowArgs,
    look: &LookArgs,
    now: Option<Timestamp>,
) -> Result<Looking, Failure> {
    let mut input = InputArgs::of_run(now, None);
    input.cluster.clone_from(&look.access.cluster);
    let mut context = Context::new(show, &input)?;
    let server = open(&look.access).await?;
    if look.access.cluster.is_none() && context.config.cluster.is_none() {
        server.name().clone_into(&mut context.cluster);
    }
    let mut options = SourceOptions::new(Arc::<str>::from(context.cluster.as_str()));
    options.namespace.clone_from(&look.namespace);
    options.secrets = look.secrets;
    let goals = &look.line.goals;
    options.line = goals.is_empty();
    let line = match goals.is_empty() {
        true => None,
        false => Some(Change::Line(session::line(&context, goals)?, Vec::new())),
    };
    Ok(Looking {
        context,
        server,
        options,
        line,
    })
}
