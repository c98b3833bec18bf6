//! The source as the agent's feed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use plimsoll_assess::{
    coverage::{Scope, Source as Observer},
    live::Change,
};
use plimsoll_model::{Engine, Period, Timestamp};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{
    metrics::{KindLabels, Metrics},
    owner::OwnedLine,
    run::{Feed, Inputs},
    work::Input,
};
use crate::{Server, Source, SourceOptions};

/// How often the state of the watches is shown in the metrics.
const SHOW: Duration = Duration::from_secs(5);

/// Everything that is watched.
pub struct Watched {
    /// The cluster.
    pub server: Server,
    /// What is looked at.
    pub options: SourceOptions,
    /// What owns the line, where something beside the cluster does.
    pub owner: Option<OwnedLine>,
}

/// How often a watch speaks at the least: bookmarks come about once a minute.
const CADENCE: Period = Period::minutes(1);
/// How often it is said who observes what.
const OBSERVERS: Duration = Duration::from_secs(30);

/// What was heard of each kind.
#[derive(Debug, Default)]
struct Heard {
    version: Option<Arc<str>>,
    kinds: BTreeMap<String, (Timestamp, Timestamp)>,
}

impl Heard {
    /// A kind that is watched without failing was heard now: a watch that is
    /// silent past its time counts as failing.
    fn observers(&mut self, source: &Source, now: Timestamp) -> Vec<Observer> {
        for (kind, status) in source.status() {
            if status.settled && status.failing.is_none() {
                self.kinds.entry(kind).or_insert((now, now)).1 = now;
            }
        }
        self.kinds
            .iter()
            .map(|(kind, (since, heard))| Observer {
                engine: Engine::KubernetesWatch,
                scope: Scope::Kind {
                    kind: kind.as_str().into(),
                    namespace: None,
                },
                version: self.version.clone(),
                since: Some(*since),
                heard: Some(*heard),
                cadence: CADENCE,
            })
            .collect()
    }
}

impl Feed for Watched {
    async fn run(mut self, tell: Inputs, metrics: Metrics, mut stop: watch::Receiver<bool>) {
        // Without it an edit in the cluster would be in force meanwhile.
        if let Some(owner) = &mut self.owner {
            let first = tokio::select! {
                () = async { drop(stop.wait_for(|stop| *stop).await) } => return,
                first = owner.first(&metrics) => first,
            };
            if !tell.tell(Input::Changes(vec![first])).await {
                return;
            }
        }
        let mut source = Source::start(&self.server, self.options);
        let mut show = interval(SHOW);
        show.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listed = false;
        let mut heard = Heard::default();
        let mut observers = interval(OBSERVERS);
        observers.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // What it gives must not be held while others wait.
                () = async { drop(stop.wait_for(|stop| *stop).await) } => return,
                _ = show.tick() => show_state(&source, &metrics),
                changed = changed(&mut self.owner, &metrics) => {
                    if !tell.tell(Input::Changes(vec![changed])).await {
                        return;
                    }
                }
                _ = observers.tick(), if listed => {
                    // Asked again and again: a server is upgraded while it is watched.
                    let version = self.server.version().await.ok();
                    heard.version = version
                        .map(|version| version.git_version.as_str().into())
                        .or(heard.version);
                    let server = heard.version.as_deref().map(str::to_owned);
                    let sources = heard.observers(&source, Timestamp::now());
                    if !tell.tell(Input::Observers { server, sources }).await {
                        return;
                    }
                }
                news = source.next() => {
                    let Some(news) = news else { return };
                    let complete = news.complete && !listed;
                    let mut changes = news.changes;
                    if let Some(owner) = &mut self.owner {
                        owner.over(&mut changes);
                    }
                    if !tell.tell(Input::Changes(changes)).await {
                        return;
                    }
                    if complete {
                        listed = true;
                        observers.reset_immediately();
                        tracing::info!("everything was listed once");
                        show_state(&source, &metrics);
                        if !tell.tell(Input::Listed).await {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// Waits until the owner says something new; forever, where there is none.
async fn changed(owner: &mut Option<OwnedLine>, metrics: &Metrics) -> Change {
    match owner {
        Some(owner) => owner.changed(metrics).await,
        None => std::future::pending().await,
    }
}

fn show_state(source: &Source, metrics: &Metrics) {
    for (kind, status) in source.status() {
        let labels = KindLabels { kind };
        metrics
            .objects
            .get_or_create(&labels)
            .set(i64::try_from(status.objects).unwrap_or(i64::MAX));
        metrics
            .watch_failing
            .get_or_create(&labels)
            .set(i64::from(status.failing.is_some()));
        if let Some(heard) = status.heard {
            let silent = heard.elapsed().as_secs();
            metrics
                .watch_silent
                .get_or_create(&labels)
                .set(i64::try_from(silent).unwrap_or(i64::MAX));
        }
    }
}
