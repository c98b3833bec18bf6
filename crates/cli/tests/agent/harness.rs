//! What tests of the agent share: a real API server with the definitions, a
//! goal and a workload, and the agent as a process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::cluster::{self, Cluster};

/// How long anything may take on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// No workload of the shop is privileged.
pub const GOAL: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: no-privilege}
spec:
  owner: platform
  assets: {match: {namespaces: [shop]}}
  require:
  - configuration: {controls: [pss-privileged], max: 0}
";

pub fn deployment(name: &str, privileged: bool) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      \
         - name: main\n        image: registry.example.com/{name}:1\n        \
         securityContext: {{privileged: {privileged}}}\n"
    )
}

/// A server with the definitions, the goal, and one good workload.
pub fn server() -> Option<Cluster> {
    server_with(&[])
}

/// The same with further flags of kube-apiserver.
pub fn server_with(flags: &[&str]) -> Option<Cluster> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = match cluster::program(&repo) {
        Ok(program) => program,
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            return None;
        }
    };
    let server = Cluster::start_with(&program, flags).expect("the API server starts");
    for (name, text) in plimsoll_model::crd::files() {
        server
            .apply(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let wait = server.kubectl(&[
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            &format!("crd/{}", name.trim_end_matches(".yaml")),
        ]);
        assert!(
            wait.expect("what the test itself does works")
                .status
                .success(),
            "{name}"
        );
    }
    for name in ["shop", "plimsoll"] {
        server
            .apply(&format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"
            ))
            .expect("what the test itself does works");
    }
    server
        .apply(&deployment("good", false))
        .expect("what the test itself does works");
    server.apply(GOAL).expect("what the test itself does works");
    Some(server)
}

/// The program; what is measured may be another build of it.
fn program() -> PathBuf {
    let other = std::env::var_os("PLIMSOLL_PROGRAM");
    other.map_or_else(|| env!("CARGO_BIN_EXE_plimsoll").into(), PathBuf::from)
}

/// An agent as a process, killed when it is dropped.
pub struct Agent {
    pub child: Child,
    listen: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Agent {
    pub fn start(kubeconfig: &Path, identity: &str, state: Option<&Path>) -> Agent {
        Agent::start_with(kubeconfig, identity, state, &[])
    }

    pub fn start_with(
        kubeconfig: &Path,
        identity: &str,
        state: Option<&Path>,
        more: &[&str],
    ) -> Agent {
        Agent::start_in(kubeconfig, identity, state, more, &[])
    }

    pub fn start_in(
        kubeconfig: &Path,
        identity: &str,
        state: Option<&Path>,
        more: &[&str],
        env: &[(&str, &str)],
    ) -> Agent {
        let port = TcpListener::bind("127.0.0.1:0")
            .expect("what the test itself does works")
            .local_addr()
            .expect("what the test itself does works")
            .port();
        let listen: SocketAddr = ([127, 0, 0, 1], port).into();
        let mut command = Command::new(program());
        command
            .args(["agent", "--cluster", "test", "--log", "json"])
            .args(["--kubeconfig", &kubeconfig.display().to_string()])
            .args(["--identity", identity])
            .args(["--listen", &listen.to_string()])
            .args(more);
        if let Some(state) = state {
            command.args(["--state", &state.display().to_string()]);
        }
        let mut child = command
            .envs(env.iter().copied())
            .env_remove("KUBECONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("what the test itself does works");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(
            child
                .stderr
                .take()
                .expect("what the test itself does works"),
        )
        .lines();
        let into = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                into.lock()
                    .expect("what the test itself does works")
                    .push(line);
            }
        });
        Agent { child, listen, log }
    }

    pub fn log(&self) -> String {
        self.log
            .lock()
            .expect("what the test itself does works")
            .join("\n")
    }

    /// The body and head of an answer; empty while nobody answers.
    pub fn ask(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(self.listen) else {
            return String::new();
        };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let _ = write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n"
        );
        let mut answer = Vec::new();
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..read]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(sent.expect("what the test itself does works").success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
pub fn until(what: &str, agent: &Agent, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(
            begin.elapsed() < PATIENCE,
            "not within a minute: {what}\n{}",
            agent.log()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub fn get(server: &Cluster, args: &[&str]) -> String {
    let output = server
        .kubectl(args)
        .expect("what the test itself does works");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn goal(server: &Cluster, field: &str) -> String {
    get(
        server,
        &[
            "get",
            "goal",
            "no-privilege",
            "-o",
            &format!("jsonpath={{{field}}}"),
        ],
    )
}

pub fn verdict(server: &Cluster) -> String {
    goal(server, ".status.verdict")
}

/// The reasons of the events about goals, in the order of their names' times.
pub fn events(server: &Cluster) -> Vec<String> {
    let told = get(
        server,
        &[
            "get",
            "events",
            "-n",
            "default",
            "--sort-by=.metadata.resourceVersion",
            "-o",
            "jsonpath={range .items[*]}{.involvedObject.kind}/{.reason} {end}",
        ],
    );
    told.split_whitespace()
        .filter_map(|event| event.strip_prefix("PostureGoal/"))
        .map(str::to_owned)
        .collect()
}

pub fn state_file(server: &Cluster) -> PathBuf {
    server.folder().join("state/agent.json")
}

/// Every test that includes this file uses a part of it.
const _: () = {
    let _ = server;
    let _ = Agent::start_with;
    let _ = Agent::start_in;
    let _ = Agent::signal;
    let _ = events;
    let _ = goal;
    let _ = verdict;
    let _ = state_file;
};
