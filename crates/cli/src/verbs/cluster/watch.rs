//! `plimsoll cluster watch`: a cluster as it changes, until Ctrl-C.

use std::time::Duration;

use plimsoll_assess::live::{Change, Live, LiveOptions};
use plimsoll_cluster::Source;
use plimsoll_model::{History, Timestamp, time::date_of};
use tokio::{sync::Notify, time::sleep};

use super::{
    Looking,
    components::Comparing,
    looking, runtime,
    tell::{Summary, Teller},
};
use crate::{
    args::{ClusterWatchArgs, ShowArgs},
    exit::{Exit, Failure, fail},
    interrupt, term,
};

/// The longest that nothing is asked of the clock.
const LONGEST: Duration = Duration::from_secs(60);

pub fn run(show: &ShowArgs, args: ClusterWatchArgs) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let looking = runtime.block_on(looking(show, &args.look, None))?;
    let stop = std::sync::Arc::new(Notify::new());
    let asked = stop.clone();
    interrupt::ask_first(move || asked.notify_one());
    runtime.block_on(watch(looking, &args, &stop))
}

async fn watch(looking: Looking, args: &ClusterWatchArgs, stop: &Notify) -> Result<Exit, Failure> {
    let Looking {
        context,
        server,
        options,
        line,
    } = looking;
    // A server that is not there at all is told at once.
    let version = server.version().await?;
    context.note(&format!(
        "watching cluster {} ({}) at {}; Ctrl-C ends it",
        context.cluster,
        version.git_version,
        server.address()
    ));
    let cluster = options.cluster.clone();
    let mut source = Source::start(&server, options);
    let mut live = Live::new(LiveOptions {
        cluster,
        now: now(),
        history: History::default(),
    });
    let style = term::stdout_style(context.color, context.verbosity);
    let mut teller = Teller::new(args.output, style);
    let mut summary = Summary::default();
    let mut waiting: Vec<Change> = line.into_iter().collect();
    let comparing = Comparing::open(&context, &args.components, &version.git_version)?;
    let comparing = comparing.map(|(comparing, advisories)| {
        waiting.push(advisories);
        comparing
    });
    let mut compared_on = date_of(now());
    let mut begun = false;
    loop {
        let due = live.next_due().filter(|_| begun);
        let wait = due.map_or(LONGEST, |due| until(due).min(LONGEST));
        tokio::select! {
            () = stop.notified() => break,
            news = source.next() => {
                let Some(news) = news else {
                    return fail("the watch ended by itself");
                };
                waiting.extend(news.changes);
                // Half of a cluster is no cluster.
                if !news.complete {
                    continue;
                }
            }
            () = sleep(wait) => {
                if !begun {
                    continue;
                }
            }
        }
        let changes = std::mem::take(&mut waiting);
        teller.gaps(&changes, now())?;
        let moved = changes.iter().any(Change::is_of_components);
        let mut transitions = vec![live.apply(changes, now())];
        let today = date_of(now());
        if let Some(comparing) = comparing.as_ref().filter(|_| moved || today != compared_on) {
            compared_on = today;
            let components = comparing.compare(&live, now())?;
            transitions.push(live.apply(components, now()));
        }
        for transition in transitions.iter().filter(|_| begun) {
            summary.add(transition);
            teller.transition(transition)?;
        }
        if !live.has_goals() {
            if !begun {
                context.note("no goals were found: the starter line judges");
            }
            let line = live.starter_line();
            live.apply([Change::Line(line, Vec::new())], now());
        }
        if begun {
            continue;
        }
        begun = true;
        teller.begin(&live)?;
    }
    teller.end(&live, &summary)?;
    Ok(Exit::Holds)
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn until(due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now())).unwrap_or(Duration::from_millis(100))
}
