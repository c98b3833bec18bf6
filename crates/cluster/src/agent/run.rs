//! The agent as a whole: the parts of it, started, told to end, and waited
//! for.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::Duration,
};

use plimsoll_assess::{coverage::Exclusion, live::LiveOptions};
use plimsoll_model::{History, Timestamp};
use tokio::{
    sync::{mpsc as tokio_mpsc, watch},
    task::JoinHandle,
    time,
};

use super::{
    election::{Election, Standing},
    lease::Timings,
    metrics::Metrics,
    serve::{self, Health},
    work::{Input, Keep, Round, Rounds, Work},
};
use crate::{
    Server,
    images::{self, Scanner},
};

/// How long the parts may take to end once they were told to.
const DRAIN: Duration = Duration::from_secs(20);

/// How soon what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// How often it is looked whether what was written is still there.
const RESYNC: Duration = Duration::from_secs(60);

/// What waits for the evaluating thread at most; a source that is faster
/// waits.
const INPUTS: usize = 4;

/// The lease that decides who writes.
#[derive(Clone, Debug)]
pub struct LeaseSetup {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// This replica.
    pub identity: String,
    /// How long it holds.
    pub timings: Timings,
}

/// What the agent is to do.
pub struct Setup {
    /// The cluster.
    pub server: Server,
    /// Its name in ids of assets.
    pub cluster: Arc<str>,
    /// Namespaces of which nothing is judged, and who said so.
    pub excluded: Vec<Exclusion>,
    /// What earlier runs left.
    pub history: History,
    /// Keeps what is to be remembered, now and then and at the end.
    pub keep: Keep,
    /// Where it answers.
    pub listen: SocketAddr,
    /// The lease; none when nothing is written.
    pub lease: Option<LeaseSetup>,
    /// How running images are looked into; none when they are not.
    pub images: Option<images::Settings>,
    /// The program's version.
    pub version: &'static str,
}

/// Why the agent could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address can't be had.
    #[error("can't listen on {0}: change --listen")]
    Listen(std::io::Error),
    /// A part of it ended that should not.
    #[error("{0} ended by itself; the log says why")]
    Ended(&'static str),
    /// It did not end in time.
    #[error("it did not end in {} s: what it knew may not be kept", DRAIN.as_secs())]
    Slow,
}

/// What gives the agent its changes.
pub trait Feed: Send + 'static {
    /// Tells what happens until `stop` says true or the receiver is gone.
    fn run(
        self,
        tell: Inputs,
        metrics: Metrics,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send;
}

/// What takes what the rounds bring: it writes into the cluster.
pub trait Sink: Send + 'static {
    /// Takes one round; gives whether all of it is done, or must be tried
    /// again. `writes` is whether this replica writes now.
    fn round(&mut self, round: Round, writes: bool) -> impl Future<Output = bool> + Send;
}

/// Where the changes go.
#[derive(Clone, Debug)]
pub struct Inputs(tokio_mpsc::Sender<Input>);

impl Inputs {
    /// Tells; false when nobody listens any more.
    pub async fn tell(&self, input: Input) -> bool {
        self.0.send(input).await.is_ok()
    }
}

/// Runs until `stop` says true.
///
/// # Errors
/// It can't begin, or a part of it ended by itself.
pub async fn run(
    setup: Setup,
    feed: impl Feed,
    mut sink: impl Sink,
    metrics: Metrics,
    mut stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let health = Health::default();
    let listener = serve::listen(setup.listen)
        .await
        .map_err(RunError::Listen)?;
    tracing::info!(
        listen = %setup.listen,
        cluster = &*setup.cluster,
        server = setup.server.address(),
        version = setup.version,
        "the agent begins"
    );
    let (end, ended) = watch::channel(false);
    let registry = metrics.registry(setup.version);
    let mut server = tokio::spawn(serve::serve(
        listener,
        health.clone(),
        registry,
        ended.clone(),
    ));
    let (tell_standing, mut standing) = watch::channel(Standing::Unknown);
    // Told apart from the writing, which may be waiting for the server.
    tokio::spawn(show_standing(standing.clone(), metrics.clone()));
    let election = setup.lease.map(|lease| {
        let election = Election::new(
            setup.server.client().clone(),
            &lease.namespace,
            &lease.name,
            &lease.identity,
            lease.timings,
        );
        tokio::spawn(election.run(ended.clone(), tell_standing))
    });

    let (to_bridge, mut from_feed) = tokio_mpsc::channel(INPUTS);
    let scanner = setup
        .images
        .map(|images| Scanner::new(images, metrics.clone()));
    let scanning = scanner.as_ref().map(|scanner| {
        let (shared, settings) = scanner.shared();
        let kube = setup.server.client().clone();
        let tell = Inputs(to_bridge.clone());
        tokio::spawn(images::worker::work(
            shared,
            settings,
            kube,
            tell,
            ended.clone(),
        ))
    });
    let mut feeding = tokio::spawn(feed.run(Inputs(to_bridge), metrics.clone(), ended.clone()));
    // The thread waits in its own way.
    let (to_work, inputs) = mpsc::sync_channel(INPUTS);
    let forward = to_work.clone();
    let bridge = tokio::task::spawn_blocking(move || {
        while let Some(input) = from_feed.blocking_recv() {
            if forward.send(input).is_err() {
                break;
            }
        }
    });
    let options = LiveOptions {
        cluster: setup.cluster,
        now: Timestamp::now(),
        history: setup.history,
    };
    let work = Work::new(
        options,
        setup.excluded,
        setup.keep,
        scanner,
        metrics.clone(),
        health.clone(),
    );
    let rounds = Rounds::default();
    let into = rounds.clone();
    let mut worker = tokio::task::spawn_blocking(move || work.run(&inputs, &into));

    let mut last: Option<Round> = None;
    let mut pause = RESYNC;
    let ended_by_itself = loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break None,
            _ = &mut server => break Some("the server of health and metrics"),
            () = finished(&mut feeding) => break Some("the watch"),
            _ = &mut worker => return Err(RunError::Ended("the evaluation")),
            round = rounds.take() => {
                let writes = standing.borrow().writes();
                last = Some(round.again());
                pause = pause_after(sink.round(round, writes).await);
            },
            () = time::sleep(pause), if last.is_some() => {
                let writes = standing.borrow().writes();
                if let Some(last) = &last {
                    pause = pause_after(sink.round(last.again(), writes).await);
                }
            },
            Ok(()) = standing.changed() => {
                let writes = standing.borrow_and_update().writes();
                // What the one before did not get to write.
                if let Some(last) = last.as_ref().filter(|_| writes) {
                    pause = pause_after(sink.round(last.again(), true).await);
                }
            },
        }
    };
    health.draining();
    tracing::info!("the agent ends");
    end.send_replace(true);
    // A full queue would keep the last word from the thread; without a
    // sender it ends just as well.
    let _ = to_work.try_send(Input::End);
    drop(to_work);
    let drained = time::timeout(DRAIN, async {
        if let Some(election) = election {
            let _ = election.await;
        }
        if !feeding.is_finished() {
            let _ = feeding.await;
        }
        if let Some(scanning) = scanning {
            let _ = scanning.await;
        }
        let _ = bridge.await;
        worker.await.is_ok()
    })
    .await;
    match ended_by_itself {
        Some(part) => Err(RunError::Ended(part)),
        None if drained == Ok(true) => Ok(()),
        None => Err(RunError::Slow),
    }
}

fn pause_after(done: bool) -> Duration {
    if done { RESYNC } else { RETRY }
}

async fn show_standing(mut standing: watch::Receiver<Standing>, metrics: Metrics) {
    while standing.changed().await.is_ok() {
        let now = standing.borrow_and_update().clone();
        metrics.leader.set(i64::from(now.writes()));
        match now {
            Standing::Leader { .. } => tracing::info!("this replica writes"),
            Standing::Follower { holder } => tracing::info!(holder, "another replica writes"),
            Standing::Unknown => {
                tracing::info!("this replica does not write: the lease is not its own any more");
            }
        }
    }
}

async fn finished(task: &mut JoinHandle<()>) {
    let _ = task.await;
}
