//! The small form of the test cluster: etcd and the API server of a real Kubernetes, on free
//! loopback ports, with everything in a folder of its own. A test includes this file by its path:
//!
//! ```text
//! #[path = "../../../tests/cluster/harness.rs"]
//! mod cluster;
//! ```
//!
//! Dropping a [`Cluster`] ends its processes and removes its folder. A test that is killed drops
//! nothing: then the processes see their standard input close, and end by themselves.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

#[path = "location.rs"]
mod location;

/// How often a start is tried: between choosing a free port and using it another program may
/// have taken it.
const STARTS: usize = 3;
/// How long the API server may take. On an idle machine it is ready in 4 to 6 seconds.
const READY: Duration = Duration::from_secs(120);
/// How much of a log an error shows, in lines.
const TAIL: usize = 30;

/// The program of the test cluster, where it was built; none, with the reason, where not.
///
/// # Errors
/// There is no program: a test must then say that it was skipped.
pub fn program(repo: &Path) -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    let program = location::program(repo, &cache.join("plimsoll"), "cluster")
        .map_err(|error| format!("the sources in tests/cluster can't be read: {error}"))?;
    if program.is_file() {
        Ok(program)
    } else {
        Err("no Kubernetes for tests: `./x cluster` builds it (needs Go)".to_owned())
    }
}

/// One process of the cluster, ended when it is dropped.
struct Part {
    child: Child,
    log: PathBuf,
}

impl Part {
    /// Starts a part with its log in `folder`. Its standard input stays open as long as we live.
    fn start(
        program: &Path,
        folder: &Path,
        name: &str,
        stdout: Stdio,
        args: &[String],
    ) -> Result<Self, String> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let child = Command::new(program)
            .arg(name)
            .args(args)
            .current_dir(folder)
            .env("PLIMSOLL_CLUSTER_LIFELINE", "stdin")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(file)
            .spawn()
            .map_err(|error| format!("can't start {name}: {error}"))?;
        Ok(Part { child, log })
    }

    /// Whether it ended by itself.
    fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The end of its log.
    fn tail(&self) -> String {
        let lines: Vec<String> = File::open(&self.log)
            .map(|file| BufReader::new(file).lines().map_while(Result::ok).collect())
            .unwrap_or_default();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running API server with its etcd. RBAC is on; `kubectl` is a member of `system:masters`.
/// There are no controllers: nothing makes pods, or service accounts in new namespaces.
pub struct Cluster {
    program: PathBuf,
    // In the order in which they must end.
    _api: Part,
    _etcd: Part,
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// A part does not start; the end of its log is in the message.
    pub fn start(program: &Path) -> Result<Self, String> {
        let mut last = String::new();
        for _ in 0..STARTS {
            match Self::start_once(program) {
                Err(error) if error.contains("address already in use") => last = error,
                result => return result,
            }
        }
        Err(last)
    }

    fn start_once(program: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let flag = |name: &str, value: &str| format!("--{name}={value}");

        let mut etcd = Part::start(
            program,
            folder.path(),
            "etcd",
            Stdio::piped(),
            &[flag("data-dir", &at("etcd"))],
        )?;
        let mut url = String::new();
        if let Some(out) = etcd.child.stdout.take() {
            // It prints one line when it is ready, or nothing when it fails.
            BufReader::new(out)
                .read_line(&mut url)
                .map_err(|error| error.to_string())?;
        }
        let url = url.trim();
        if url.is_empty() {
            return Err(format!("etcd does not start:\n{}", etcd.tail()));
        }

        let key = at("service-account.key");
        let made = Command::new(program).args(["key", &key]).output();
        if !made.is_ok_and(|output| output.status.success()) {
            return Err("no key for service accounts".to_owned());
        }
        write(
            folder.path(),
            "tokens.csv",
            "test-token,test,1,system:masters\n",
        )?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| format!("no free port: {error}"))?
            .port();
        let mut api = Part::start(
            program,
            folder.path(),
            "kube-apiserver",
            Stdio::null(),
            &[
                flag("etcd-servers", url),
                flag("bind-address", "127.0.0.1"),
                flag("advertise-address", "127.0.0.1"),
                flag("secure-port", &port.to_string()),
                flag("cert-dir", &at("certificates")),
                flag("service-account-issuer", "https://kubernetes.default.svc"),
                flag("service-account-key-file", &key),
                flag("service-account-signing-key-file", &key),
                flag("service-cluster-ip-range", "10.96.0.0/16"),
                flag("token-auth-file", &at("tokens.csv")),
                flag("authorization-mode", "RBAC"),
                flag("allow-privileged", "true"),
                // It would keep `kubernetes` endpoints of an address that is only loopback.
                flag("endpoint-reconciler-type", "none"),
            ],
        )?;
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n\
             users: [{{name: test, user: {{token: test-token}}}}]\n\
             clusters:\n- name: test\n  cluster:\n    server: https://127.0.0.1:{port}\n    \
             certificate-authority: certificates/apiserver.crt\n"
        );
        write(folder.path(), "kubeconfig", &config)?;

        let waiting = Instant::now();
        loop {
            let ready = run_kubectl(program, folder.path(), &["get", "--raw=/readyz"])?;
            if ready.status.success() {
                break;
            }
            if api.ended() {
                return Err(format!("kube-apiserver ended:\n{}", api.tail()));
            }
            if waiting.elapsed() > READY {
                return Err(format!("kube-apiserver is not ready:\n{}", api.tail()));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(Cluster {
            program: program.to_owned(),
            _api: api,
            _etcd: etcd,
            folder,
        })
    }

    /// Runs `kubectl` against it, as an administrator.
    ///
    /// # Errors
    /// It can't be started. What it says itself is in the output.
    pub fn kubectl(&self, args: &[&str]) -> Result<Output, String> {
        run_kubectl(&self.program, self.folder.path(), args)
    }

    /// Applies manifests for good.
    ///
    /// # Errors
    /// One of them is refused.
    pub fn apply(&self, manifests: &str) -> Result<(), String> {
        write(self.folder.path(), "apply.yaml", manifests)?;
        let file = self.folder.path().join("apply.yaml");
        let output = self.kubectl(&["apply", "-f", &file.display().to_string()])?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    std::fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
}

/// Nothing of the user's own configuration may reach it, nor anything of it the user's home.
fn run_kubectl(program: &Path, folder: &Path, args: &[&str]) -> Result<Output, String> {
    Command::new(program)
        .arg("kubectl")
        .args(args)
        .current_dir(folder)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .env("HOME", folder)
        .env("KUBERC", "off")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("can't start kubectl: {error}"))
}
