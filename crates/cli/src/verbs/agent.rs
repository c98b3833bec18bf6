//! `plimsoll agent`: the same engines, for as long as the cluster lives.

mod excluded;
mod images;

use std::{
    io::IsTerminal,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use plimsoll_cluster::{
    Access, Server, SourceOptions,
    agent::{self, LeaseSetup, Metrics, ReadLine, Setup, Timings, Watched},
    status::StatusWriter,
};
use plimsoll_model::{History, Period};
use tokio::sync::watch;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    args::{AgentArgs, InputArgs, LogForm, ShowArgs},
    config::AgentConfig,
    context::Context,
    exit::{Exit, Failure, fail},
    interrupt, session,
    state::State,
};

/// Where it answers without being told.
const PORT: u16 = 9880;
/// Where a pod's own namespace is written.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// How long another agent may hold the state file: it may be draining.
const PATIENCE: Period = Period::minutes(1);

pub fn run(show: &ShowArgs, args: AgentArgs) -> Result<Exit, Failure> {
    let input = InputArgs::of_run(None, None);
    let context = Context::new(show, &input)?;
    let config = context.config.agent.clone().unwrap_or_default();
    let log = args.log.or(config.log);
    log_to_stderr(log, show);

    let settings = Settings::new(&args, &config);
    let excluded = excluded::exclusions(
        &args.exclude_namespace,
        &config.exclude_namespaces,
        show.config.as_deref(),
    );
    let images = images::settings(&args, &config, settings.state.as_deref())?;
    let mut state = match &settings.state {
        None => None,
        Some(path) => Some(State::open(&context, path, PATIENCE)?),
    };
    let history = state
        .as_mut()
        .map(|state| std::mem::take(&mut state.history))
        .unwrap_or_default();
    let keep = move |history: &History| {
        let Some(state) = &mut state else { return };
        state.history.clone_from(history);
        if state.write().is_err() {
            tracing::error!("the state file could not be written; the last one stays");
        }
    };

    let (ask, asked) = watch::channel(false);
    interrupt::ask_first(move || {
        ask.send_replace(true);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let access = Access {
            kubeconfig: args.kubeconfig.clone(),
            context: args.context.clone(),
        };
        let server = Server::open(&access).await?;
        let cluster: std::sync::Arc<str> = settings
            .cluster
            .clone()
            .unwrap_or_else(|| server.name().to_owned())
            .into();
        let metrics = Metrics::default();
        let lease = (!args.no_write).then(|| LeaseSetup {
            namespace: settings.lease_namespace.clone(),
            name: settings.lease.clone(),
            identity: settings.identity.clone(),
            timings: Timings::default(),
        });
        let mut sink = StatusWriter::new(&server, settings.identity.as_str(), metrics.clone());
        let mut owner = None;
        if !settings.goals.is_empty() {
            let (line, told) = agent::owned_line(reader(context, settings.goals.clone()));
            sink = sink.owned_by(told);
            owner = Some(line);
        }
        let feed = Watched {
            server: server.clone(),
            options: SourceOptions::new(cluster.clone()),
            owner,
        };
        let setup = Setup {
            server,
            cluster,
            excluded,
            history,
            keep: Box::new(keep),
            listen: settings.listen,
            lease,
            images,
            version: env!("CARGO_PKG_VERSION"),
        };
        match agent::run(setup, feed, sink, metrics, asked).await {
            Ok(()) => Ok(Exit::Holds),
            Err(error) => fail(error.to_string()),
        }
    })
}

/// Reads the goals of these paths as they are then.
fn reader(context: Context, paths: Vec<PathBuf>) -> ReadLine {
    Box::new(move || session::line_said(&context, &paths).map_err(|failure| failure.message()))
}

/// What holds in the end: the command line and the environment, the
/// configuration, the defaults.
struct Settings {
    cluster: Option<String>,
    goals: Vec<PathBuf>,
    listen: SocketAddr,
    state: Option<PathBuf>,
    lease: String,
    lease_namespace: String,
    identity: String,
}

impl Settings {
    fn new(args: &AgentArgs, config: &AgentConfig) -> Self {
        let or = |given: &Option<String>, config: &Option<String>| {
            given.clone().or_else(|| config.clone())
        };
        Settings {
            cluster: or(&args.cluster, &config.cluster),
            goals: match args.goals.is_empty() {
                true => config.goals.clone(),
                false => args.goals.clone(),
            },
            listen: args
                .listen
                .or(config.listen)
                .unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, PORT).into()),
            state: args.state.clone().or_else(|| config.state.clone()),
            lease: or(&args.lease, &config.lease).unwrap_or_else(|| "plimsoll-agent".to_owned()),
            lease_namespace: or(&args.lease_namespace, &config.lease_namespace)
                .or_else(own_namespace)
                .unwrap_or_else(|| "plimsoll".to_owned()),
            identity: or(&args.identity, &config.identity).unwrap_or_else(host),
        }
    }
}

fn own_namespace() -> Option<String> {
    let bytes = crate::bounded::read_file(std::path::Path::new(OWN_NAMESPACE), 1024).ok()?;
    let name = String::from_utf8(bytes).ok()?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// The host's name with the process: two agents on one host are two.
fn host() -> String {
    let name = crate::bounded::read_file(std::path::Path::new("/proc/sys/kernel/hostname"), 1024)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let name = name.trim();
    let name = if name.is_empty() { "agent" } else { name };
    format!("{name}_{}", std::process::id())
}

fn log_to_stderr(form: Option<LogForm>, show: &ShowArgs) {
    let form = form.unwrap_or(if std::io::stderr().is_terminal() {
        LogForm::Text
    } else {
        LogForm::Json
    });
    let level = match (show.quiet, show.verbose) {
        (true, _) => tracing::Level::WARN,
        (_, true) => tracing::Level::DEBUG,
        _ => tracing::Level::INFO,
    };
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_target(false)
        .with_ansi(form == LogForm::Text && std::io::stderr().is_terminal());
    // Whoever asked says what failed, with what it was for; the client would say
    // it once more.
    let client = match show.verbose {
        true => LevelFilter::from_level(level),
        false => LevelFilter::OFF,
    };
    let said = Targets::new()
        .with_default(level)
        .with_target("kube_client", client);
    // A second start of the log in one process is only a test's.
    let _ = match form {
        LogForm::Text => log.finish().with(said).try_init(),
        LogForm::Json => log
            .json()
            .flatten_event(true)
            .finish()
            .with(said)
            .try_init(),
    };
}
