//! The source as the agent's feed.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{
    metrics::{KindLabels, Metrics},
    run::{Feed, Inputs},
    work::Input,
};
use crate::{Server, Source, SourceOptions};

/// How often the state of the watches is shown in the metrics.
const SHOW: Duration = Duration::from_secs(5);

/// Everything that is watched.
#[derive(Debug)]
pub struct Watched {
    /// The cluster.
    pub server: Server,
    /// What is looked at.
    pub options: SourceOptions,
}

impl Feed for Watched {
    async fn run(self, tell: Inputs, metrics: Metrics, mut stop: watch::Receiver<bool>) {
        let mut source = Source::start(&self.server, self.options);
        let mut show = interval(SHOW);
        show.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listed = false;
        loop {
            tokio::select! {
                // What it gives must not be held while others wait.
                () = async { drop(stop.wait_for(|stop| *stop).await) } => return,
                _ = show.tick() => show_state(&source, &metrics),
                news = source.next() => {
                    let Some(news) = news else { return };
                    let complete = news.complete && !listed;
                    if !tell.tell(Input::Changes(news.changes)).await {
                        return;
                    }
                    if complete {
                        listed = true;
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
    }
}
