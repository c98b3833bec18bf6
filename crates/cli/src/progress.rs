//! Progress: only for a person at a terminal, only when it takes a while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::term::Stderr;

/// Shorter than this, a bar would only flicker.
const PATIENCE: Duration = Duration::from_millis(300);
const REFRESH: Duration = Duration::from_millis(100);

/// What a step is doing; gone when dropped.
#[derive(Debug)]
pub struct Progress {
    done: Arc<AtomicU64>,
    shown: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins a step, such as `reading files`, of `total` parts; 0 when their
    /// number is not known.
    pub fn start(stderr: Stderr, quiet: bool, what: &'static str, total: u64) -> Self {
        Self::begin(stderr, quiet, what, total, Unit::Parts)
    }

    fn begin(stderr: Stderr, quiet: bool, what: &'static str, total: u64, unit: Unit) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        if quiet || !stderr.terminal {
            return Progress { done, shown: None };
        }
        let (stop, stopped) = mpsc::channel();
        let counter = done.clone();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            let bar = bar(what, total, unit);
            loop {
                bar.set_position(counter.load(Ordering::Relaxed));
                bar.tick();
                if stopped.recv_timeout(REFRESH) != Err(mpsc::RecvTimeoutError::Timeout) {
                    bar.finish_and_clear();
                    return;
                }
            }
        });
        Progress {
            done,
            shown: Some((stop, thread)),
        }
    }

    /// Begins a step that is told in bytes.
    pub fn bytes(stderr: Stderr, quiet: bool, what: &'static str, total: u64) -> Self {
        Self::begin(stderr, quiet, what, total, Unit::Bytes)
    }

    /// What counts the parts that are done, for who can't hold the step itself.
    pub fn counter(&self) -> Arc<AtomicU64> {
        self.done.clone()
    }

    /// Counts one part as done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.shown.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// What a step is counted in.
#[derive(Clone, Copy)]
enum Unit {
    Parts,
    Bytes,
}

fn bar(what: &'static str, total: u64, unit: Unit) -> ProgressBar {
    let bar =
        ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::stderr());
    let template = match (unit, total) {
        (Unit::Parts, 0) => "{spinner} {msg} [{elapsed}]",
        (Unit::Parts, _) => "{spinner} {msg} {pos}/{len} [{elapsed}]",
        (Unit::Bytes, 0) => "{spinner} {msg} {binary_bytes} [{elapsed}]",
        (Unit::Bytes, _) => "{spinner} {msg} {binary_bytes}/{binary_total_bytes} [{elapsed}]",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
