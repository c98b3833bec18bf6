//! The agent while everything around it breaks: etcd halts and dies, watches
//! are cut in the middle, versions expire, the clock jumps, the agent itself is
//! killed while it writes. Whatever it is, each flip of a verdict is written
//! once and told once, and nothing is written while nothing changes. What was
//! written is read from the API server's own audit log.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[path = "agent/harness.rs"]
mod harness;
#[path = "../../../tests/cluster/proxy.rs"]
mod proxy;

use cluster::Cluster;
use harness::{Agent, deployment, events, goal, server_with, state_file, until, verdict};
use proxy::Proxy;

const WORKS: &str = "what the test itself does works";

/// Which writes are kept: those of verdicts, with what was written.
const AUDIT: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Request
  verbs: [update, patch]
  resources: [{group: plimsoll.dev}]
- level: None
";

/// A server that keeps a log of what is written, and its folder.
struct Audited {
    server: Cluster,
    folder: tempfile::TempDir,
}

impl Audited {
    fn start() -> Option<Audited> {
        let folder = tempfile::tempdir().expect(WORKS);
        let policy = folder.path().join("policy.yaml");
        std::fs::write(&policy, AUDIT).expect(WORKS);
        let server = server_with(&[
            &format!("--audit-policy-file={}", policy.display()),
            &format!("--audit-log-path={}", log(&folder).display()),
        ])?;
        Some(Audited { server, folder })
    }

    /// The statuses of the goal that were written, in their order.
    fn written(&self) -> Vec<Value> {
        let file = File::open(log(&self.folder)).expect(WORKS);
        let lines = BufReader::new(file).lines().map_while(Result::ok);
        let events = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        let statuses = events.filter(|event| {
            event["responseStatus"]["code"] == 200
                && event["objectRef"]["resource"] == "posturegoals"
                && event["objectRef"]["subresource"] == "status"
        });
        statuses
            .map(|event| event["requestObject"]["status"].clone())
            .collect()
    }

    fn apply(&self, privileged: bool) {
        let bad = deployment("bad", privileged);
        self.server.apply(&bad).expect(WORKS);
    }

    /// Applies, and waits for what follows.
    fn flips(&self, agent: &Agent, privileged: bool) {
        self.apply(privileged);
        self.becomes(agent, privileged);
    }

    fn becomes(&self, agent: &Agent, privileged: bool) {
        let expect = if privileged { "breached" } else { "met" };
        until(expect, agent, || verdict(&self.server) == expect);
    }

    /// Each of these verdicts, and no other, was written and told once, in this
    /// order; and now that nothing changes nothing is written.
    fn holds(&self, agent: &Agent, verdicts: &[&str]) {
        let version = || goal(&self.server, ".metadata.resourceVersion");
        let before = version();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(12) {
            thread::sleep(Duration::from_millis(500));
            assert_eq!(version(), before, "written for nothing\n{}", agent.log());
        }
        let written = self.written();
        for pair in written.windows(2) {
            assert_ne!(pair[0], pair[1], "written twice\n{}", agent.log());
        }
        let mut flips: Vec<&str> = written
            .iter()
            .filter_map(|status| status["verdict"].as_str())
            .collect();
        flips.dedup();
        assert_eq!(flips, verdicts, "{}", agent.log());
        // Numbers may change without a flip; a log of them it is not.
        assert!(
            written.len() <= 2 * verdicts.len(),
            "{} writes for {} flips",
            written.len(),
            verdicts.len()
        );
        let told: Vec<String> = verdicts
            .iter()
            .map(|verdict| match *verdict {
                "met" => "VerdictMet".to_owned(),
                _ => "VerdictBreached".to_owned(),
            })
            .collect();
        assert_eq!(events(&self.server), told, "{}", agent.log());
    }
}

fn log(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("audit.log")
}

/// How many flips an agent counts.
fn counted(agent: &Agent) -> u64 {
    let metrics = agent.ask("/metrics");
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("plimsoll_goal_verdict_flips_total"));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[test]
fn etcd_that_halts_for_half_a_minute_and_then_dies_loses_and_doubles_no_flip() {
    let Some(mut audited) = Audited::start() else {
        return;
    };
    let agent = Agent::start(&audited.server.kubeconfig(), "one", None);
    audited.becomes(&agent, false);

    audited.server.stop_etcd().expect(WORKS);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        // It lives, stays ready, and takes nothing for gone.
        thread::sleep(Duration::from_secs(1));
        assert!(agent.ask("/healthz").starts_with("HTTP/1.1 200"));
        assert!(agent.ask("/readyz").starts_with("HTTP/1.1 200"));
        let metrics = agent.ask("/metrics");
        let met = "plimsoll_goal_verdict{goal=\"no-privilege\",verdict=\"met\"} 1";
        assert!(metrics.contains(met), "{metrics}");
    }
    let metrics = agent.ask("/metrics");
    let silent = metrics
        .lines()
        .find_map(|line| line.strip_prefix("plimsoll_watch_silent_seconds{kind=\"Pod\"} "));
    let silent: u64 = silent.and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    assert!(silent >= 20, "{metrics}");
    // It could not renew its lease: it must not think that it may write.
    assert!(agent.ask("/metrics").contains("plimsoll_leader 0"));
    audited.server.continue_etcd().expect(WORKS);
    // The server itself has to come to again first.
    audited.server.wait().expect(WORKS);
    let begun = Instant::now();
    while audited.server.apply(&deployment("bad", true)).is_err() {
        assert!(begun.elapsed() < harness::PATIENCE);
        thread::sleep(Duration::from_millis(500));
    }
    audited.becomes(&agent, true);
    assert_eq!(counted(&agent), 1);

    audited.server.restart_etcd().expect(WORKS);
    audited.flips(&agent, false);
    audited.flips(&agent, true);
    assert_eq!(counted(&agent), 3);
    audited.holds(&agent, &["met", "breached", "met", "breached"]);
}

#[test]
fn watches_that_are_cut_in_the_middle_or_too_old_lose_and_double_no_flip() {
    let Some(mut audited) = Audited::start() else {
        return;
    };
    let proxy = Proxy::start(audited.server.port()).expect(WORKS);
    let through = audited.server.kubeconfig_through(proxy.port());
    let agent = Agent::start(&through.expect(WORKS), "one", None);
    audited.becomes(&agent, false);

    // Every connection is cut again and again, while things change.
    let mut cut = 0;
    for privileged in [true, false, true] {
        thread::scope(|scope| {
            let applied = scope.spawn(|| audited.apply(privileged));
            while !applied.is_finished() {
                cut += proxy.cut();
                thread::sleep(Duration::from_millis(100));
            }
        });
        for _ in 0..5 {
            cut += proxy.cut();
            thread::sleep(Duration::from_millis(200));
        }
        audited.becomes(&agent, privileged);
    }
    assert!(cut > 50, "{cut} connections were cut");

    // Events arrive in pieces.
    proxy.slow(2_000);
    audited.flips(&agent, false);
    proxy.slow(0);

    // There is no way to the server, while much happens and the server forgets
    // the versions that the agent knows.
    proxy.close(true);
    for privileged in [true, false, true] {
        audited.apply(privileged);
    }
    audited.server.restart_api().expect(WORKS);
    proxy.close(false);
    audited.becomes(&agent, true);
    assert!(
        agent.log().contains("it is listed anew"),
        "no version expired:\n{}",
        agent.log()
    );
    assert_eq!(counted(&agent), 5);
    audited.holds(
        &agent,
        &["met", "breached", "met", "breached", "met", "breached"],
    );
}

#[test]
fn an_agent_that_is_killed_while_it_writes_loses_and_doubles_no_flip() {
    let Some(audited) = Audited::start() else {
        return;
    };
    let kubeconfig = audited.server.kubeconfig();
    let state = state_file(&audited.server);
    let mut agent = Agent::start(&kubeconfig, "one", Some(&state));
    audited.becomes(&agent, false);
    let mut verdicts = vec!["met"];
    // Around the moment of the write: before it, between the event and the
    // status, after it.
    for (at, wait) in [0, 15, 30, 60, 120, 1_100].into_iter().enumerate() {
        let privileged = at % 2 == 0;
        audited.apply(privileged);
        thread::sleep(Duration::from_millis(wait));
        agent.signal("KILL");
        drop(agent);
        // As a pod that is restarted: the same name.
        agent = Agent::start(&kubeconfig, "one", Some(&state));
        audited.becomes(&agent, privileged);
        verdicts.push(if privileged { "breached" } else { "met" });
    }
    audited.holds(&agent, &verdicts);
}

/// A library that shifts the clock of a program by the seconds in a file.
const SHIFT: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile long *seconds;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TEST_CLOCK");
    int file = path ? open(path, O_RDONLY) : -1;
    if (file < 0) return;
    void *at = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (at != MAP_FAILED) seconds = at;
}

int clock_gettime(clockid_t clock, struct timespec *to) {
    int result = (int)syscall(SYS_clock_gettime, clock, to);
    if (!result && clock == CLOCK_REALTIME && seconds) to->tv_sec += *seconds;
    return result;
}
"#;

/// Builds the library; none where there is no C compiler.
fn shift(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("shift.c"), folder.join("shift.so"));
    std::fs::write(&source, SHIFT).expect(WORKS);
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .output();
    match built {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!("SKIPPED: no clock can be shifted without a C compiler: {error}");
            None
        }
    }
}

#[test]
fn a_clock_that_jumps_loses_and_doubles_no_flip() {
    let Some(audited) = Audited::start() else {
        return;
    };
    let Some(library) = shift(audited.folder.path()) else {
        return;
    };
    let path = audited.folder.path().join("clock");
    std::fs::write(&path, 0i64.to_ne_bytes()).expect(WORKS);
    let clock = File::options().write(true).open(&path).expect(WORKS);
    let (library, path) = (library.display().to_string(), path.display().to_string());
    let env = [("LD_PRELOAD", library.as_str()), ("TEST_CLOCK", &path)];
    let kubeconfig = audited.server.kubeconfig();
    let agent = Agent::start_in(&kubeconfig, "one", None, &[], &env);
    audited.becomes(&agent, false);
    // Another replica, whose clock is right, would take the lease if it thought
    // that its holder is gone.
    let other = Agent::start(&kubeconfig, "two", None);
    until("the other is ready", &other, || {
        other.ask("/readyz").starts_with("HTTP/1.1 200")
    });

    let mut verdicts = vec!["met"];
    // A day on; back to where it was, and further; a little to and fro.
    for (at, seconds) in [86_400, -3_000, 7, -7].into_iter().enumerate() {
        clock
            .write_all_at(&i64::to_ne_bytes(seconds), 0)
            .expect(WORKS);
        let version = goal(&audited.server, ".metadata.resourceVersion");
        thread::sleep(Duration::from_secs(7));
        assert_eq!(
            goal(&audited.server, ".metadata.resourceVersion"),
            version,
            "a clock is no reason to write\n{}",
            agent.log()
        );
        let privileged = at % 2 == 0;
        audited.flips(&agent, privileged);
        verdicts.push(if privileged { "breached" } else { "met" });
    }
    assert_eq!(counted(&agent), 4);
    assert!(agent.ask("/metrics").contains("plimsoll_leader 1"));
    assert!(other.ask("/metrics").contains("plimsoll_leader 0"));
    // The library did what it is for.
    let since: Vec<String> = audited
        .written()
        .iter()
        .filter_map(|status| Some(status["since"].as_str()?.to_owned()))
        .collect();
    assert!(!since.is_sorted(), "{since:?}");
    audited.holds(&agent, &verdicts);
}
