//! A line that something beside the cluster owns, such as a clone of a Git
//! repository: it is read again and again, and what it says is in force over
//! what the cluster has under the same names.

use std::{sync::Arc, time::Duration};

use plimsoll_assess::{Line, drift::Owner, live::Change};
use plimsoll_model::{Diagnostic, DiagnosticLevel};
use tokio::{
    sync::{mpsc, watch},
    task, time,
};

use super::metrics::Metrics;

/// How often it is read again. What changes is in force within this time.
const EVERY: Duration = Duration::from_secs(15);
/// How soon it is tried again where it can't be read.
const AGAIN: Duration = Duration::from_secs(2);

/// Reads the line; what is wrong with a part of it is said beside it. It may
/// block. The error says why nothing can be read.
pub type ReadLine = Box<dyn FnMut() -> Result<(Line, Vec<Diagnostic>), String> + Send>;

/// What one reading gave.
type Reading = Result<(Line, Vec<Diagnostic>), String>;

/// What owns the line, for the feed.
pub struct OwnedLine {
    /// What is to be read, until it is.
    read: Option<ReadLine>,
    readings: mpsc::Receiver<Reading>,
    to_readings: mpsc::Sender<Reading>,
    told: watch::Sender<Arc<Owner>>,
    owner: Arc<Owner>,
    said: Vec<Diagnostic>,
    cluster: Line,
    cluster_said: Vec<Diagnostic>,
    failing: bool,
}

/// A line that is read by `read`, and where its owner can be seen by others.
pub fn owned_line(read: ReadLine) -> (OwnedLine, watch::Receiver<Arc<Owner>>) {
    let (told, owner) = watch::channel(Arc::default());
    let (to_readings, readings) = mpsc::channel(1);
    let line = OwnedLine {
        read: Some(read),
        readings,
        to_readings,
        told,
        owner: Arc::default(),
        said: Vec::new(),
        cluster: Line::default(),
        cluster_said: Vec::new(),
        failing: false,
    };
    (line, owner)
}

impl OwnedLine {
    /// Begins to read it and waits until it could be read: nothing may be
    /// judged without it.
    pub(super) async fn first(&mut self, metrics: &Metrics) -> Change {
        if let Some(read) = self.read.take() {
            tokio::spawn(keep_reading(read, self.to_readings.clone()));
        }
        loop {
            match self.reading().await {
                // The rest of what is there is in force; the log says what is not.
                Ok((line, said)) => {
                    self.fails(&said, metrics);
                    self.take(line, said);
                    return self.change();
                }
                Err(error) => {
                    metrics.owner_failing.set(1);
                    tracing::error!(%error, "the goals can't be read; nothing is judged until they can");
                }
            }
        }
    }

    /// Waits until it says something new. It may be dropped while it waits:
    /// nothing is lost.
    pub(super) async fn changed(&mut self, metrics: &Metrics) -> Change {
        loop {
            match self.reading().await {
                Ok((line, said)) => {
                    // A broken file must not take the goals that stood in it.
                    if self.fails(&said, metrics) {
                        continue;
                    }
                    if !self.owner.says_the_same(&Owner::new(line.clone())) || said != self.said {
                        self.take(line, said);
                        tracing::info!("the goals were read anew");
                        return self.change();
                    }
                }
                Err(error) => {
                    metrics.owner_failing.set(1);
                    tracing::error!(%error, "the goals can't be read; those read last are in force");
                }
            }
        }
    }

    async fn reading(&mut self) -> Reading {
        match self.readings.recv().await {
            Some(reading) => reading,
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }

    /// Puts what is owned over the line among these changes.
    pub(super) fn over(&mut self, changes: &mut [Change]) {
        for change in changes {
            if let Change::Line(line, said) = change {
                self.cluster = std::mem::take(line);
                self.cluster_said = std::mem::take(said);
                *change = self.change();
            }
        }
    }

    fn change(&self) -> Change {
        let said = self.said.iter().chain(&self.cluster_said).cloned();
        Change::Line(self.owner.over(&self.cluster), said.collect())
    }

    fn take(&mut self, line: Line, said: Vec<Diagnostic>) {
        self.owner = Arc::new(Owner::new(line));
        self.said = said;
        self.told.send_replace(self.owner.clone());
    }

    /// Whether a part of it can't be used; says so once.
    fn fails(&mut self, said: &[Diagnostic], metrics: &Metrics) -> bool {
        let mut errors = said
            .iter()
            .filter(|said| said.level == DiagnosticLevel::Error);
        let first = errors.next();
        let fails = first.is_some();
        if let Some(first) = first
            && !self.failing
        {
            let more = errors.count();
            let at = first.location.as_ref().map(ToString::to_string);
            tracing::error!(
                at,
                error = first.message,
                more,
                "a part of the goals can't be used"
            );
        }
        metrics.owner_failing.set(i64::from(fails));
        self.failing = fails;
        fails
    }
}

/// Reads it again and again, on a thread that may block, until nobody listens.
async fn keep_reading(mut read: ReadLine, tell: mpsc::Sender<Reading>) {
    loop {
        let done = task::spawn_blocking(move || {
            let reading = read();
            (read, reading)
        });
        let Ok((again, reading)) = done.await else {
            tracing::error!("reading the goals failed for good; those read last are in force");
            return;
        };
        read = again;
        let pause = if reading.is_ok() { EVERY } else { AGAIN };
        if tell.send(reading).await.is_err() {
            return;
        }
        time::sleep(pause).await;
    }
}
