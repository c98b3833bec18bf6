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

/// The program of the test cluster, where it was built; none, with the reason, where not. That of
/// another version may be named in `PLIMSOLL_CLUSTER_PROGRAM`, as `./x test-matrix` does.
///
/// # Errors
/// There is no program: a test must then say that it was skipped.
pub fn program(repo: &Path) -> Result<PathBuf, String> {
    if let Some(program) = std::env::var_os("PLIMSOLL_CLUSTER_PROGRAM") {
        return Ok(program.into());
    }
    built(repo, "cluster").map_err(|why| format!("no Kubernetes for tests: {why}"))
}

/// A program of `tests/NAME` that `./x NAME` builds: `cluster`, `helm`.
///
/// # Errors
/// There is none: a test must then say that it was skipped.
pub fn built(repo: &Path, name: &str) -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    let program = location::program(repo, &cache.join("plimsoll"), name)
        .map_err(|error| format!("the sources in tests/{name} can't be read: {error}"))?;
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("`./x {name}` builds it (needs Go)"))
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

impl Part {
    /// Ends it, and waits until it is gone.
    fn end(&mut self) {
        // It may have ended already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal by its name, such as `STOP`.
    fn signal(&self, name: &str) -> Result<(), String> {
        // `kill` is built into every shell; a program of this name is not everywhere.
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\""])
            .args([name, &self.child.id().to_string()])
            .status();
        match sent {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("no signal {name} sent: {status}")),
            Err(error) => Err(format!("can't start sh: {error}")),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.end();
    }
}

/// A running API server with its etcd. RBAC is on; `kubectl` is a member of `system:masters`.
/// There are no controllers: nothing makes pods, or service accounts in new namespaces.
pub struct Cluster {
    program: PathBuf,
    // In the order in which they must end.
    api: Part,
    etcd: Part,
    folder: tempfile::TempDir,
    etcd_url: String,
    port: u16,
    flags: Vec<String>,
}

impl Cluster {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// A part does not start; the end of its log is in the message.
    pub fn start(program: &Path) -> Result<Self, String> {
        Self::start_with(program, &[])
    }

    /// The same with further flags of kube-apiserver, such as `--max-requests-inflight=1`. Of a
    /// flag that is given twice the last one counts.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(program: &Path, flags: &[&str]) -> Result<Self, String> {
        let mut last = String::new();
        for _ in 0..STARTS {
            match Self::start_once(program, flags) {
                Err(error) if error.contains("address already in use") => last = error,
                result => return result,
            }
        }
        Err(last)
    }

    fn start_once(program: &Path, more: &[&str]) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let flag = |name: &str, value: &str| format!("--{name}={value}");

        let (etcd, url) = start_etcd(program, folder.path(), "http://127.0.0.1:0")?;

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
        let mut flags = vec![
            flag("etcd-servers", &url),
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
        ];
        flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        write(
            folder.path(),
            "kubeconfig",
            &config(port, "test", "test-token"),
        )?;
        let api = start_api(program, folder.path(), &flags)?;
        let mut cluster = Cluster {
            program: program.to_owned(),
            api,
            etcd,
            folder,
            etcd_url: url,
            port,
            flags,
        };
        cluster.wait()?;
        Ok(cluster)
    }

    /// Waits until the API server says that it is ready.
    ///
    /// # Errors
    /// It ended, or takes too long; the end of its log is in the message.
    pub fn wait(&mut self) -> Result<(), String> {
        let waiting = Instant::now();
        loop {
            let ready = self.kubectl(&["get", "--raw=/readyz"])?;
            if ready.status.success() {
                return Ok(());
            }
            if self.api.ended() {
                return Err(format!("kube-apiserver ended:\n{}", self.api.tail()));
            }
            if waiting.elapsed() > READY {
                return Err(format!("kube-apiserver is not ready:\n{}", self.api.tail()));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Where the API server listens, `https://127.0.0.1:PORT`; a restart keeps it.
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// The folder of everything: logs as `PART.log`, the data of etcd. A test may write there.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration of the administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// A token of a service account for an hour. There are no controllers: make the account, even
    /// one named `default`, first.
    ///
    /// # Errors
    /// There is no such account.
    pub fn token(&self, namespace: &str, account: &str) -> Result<String, String> {
        let output = self.kubectl(&["create", "token", account, "-n", namespace])?;
        said(output).map(|token| token.trim().to_owned())
    }

    /// A configuration of a service account, for [`Self::token`]'s hour.
    ///
    /// # Errors
    /// There is no such account.
    pub fn kubeconfig_of(&self, namespace: &str, account: &str) -> Result<PathBuf, String> {
        let token = self.token(namespace, account)?;
        let name = format!("kubeconfig-{namespace}-{account}");
        write(
            self.folder.path(),
            &name,
            &config(self.port, account, &token),
        )?;
        Ok(self.folder.path().join(name))
    }

    /// Ends the API server at once: connections break off, as when its machine loses power.
    pub fn kill_api(&mut self) {
        self.api.end();
    }

    /// Starts the API server again at the same place, and waits until it is ready. It is ended
    /// first where it runs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart_api(&mut self) -> Result<(), String> {
        self.kill_api();
        let started = Instant::now();
        loop {
            self.api = start_api(&self.program, self.folder.path(), &self.flags)?;
            match self.wait() {
                // The port is ours again once the kernel has closed the old connections.
                Err(error)
                    if error.contains("address already in use") && started.elapsed() < READY =>
                {
                    std::thread::sleep(Duration::from_millis(200));
                }
                result => return result,
            }
        }
    }

    /// Halts etcd without ending it: requests of the API server hang and then fail.
    ///
    /// # Errors
    /// The signal can't be sent.
    pub fn stop_etcd(&self) -> Result<(), String> {
        self.etcd.signal("STOP")
    }

    /// Lets etcd go on.
    ///
    /// # Errors
    /// The signal can't be sent.
    pub fn continue_etcd(&self) -> Result<(), String> {
        self.etcd.signal("CONT")
    }

    /// Ends etcd at once, as when its machine loses power, and starts it again at the same place
    /// with what it had.
    ///
    /// # Errors
    /// It does not start again.
    pub fn restart_etcd(&mut self) -> Result<(), String> {
        self.etcd.end();
        let started = Instant::now();
        loop {
            match start_etcd(&self.program, self.folder.path(), &self.etcd_url) {
                Ok((etcd, _)) => {
                    self.etcd = etcd;
                    return self.wait();
                }
                // As with the port of the API server.
                Err(_) if started.elapsed() < READY => {
                    std::thread::sleep(Duration::from_millis(200));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where the API server listens on loopback; a restart keeps it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A configuration of the administrator that goes through another port.
    ///
    /// # Errors
    /// It can't be written.
    pub fn kubeconfig_through(&self, port: u16) -> Result<PathBuf, String> {
        let name = format!("kubeconfig-{port}");
        let text = config(port, "test", "test-token");
        write(self.folder.path(), &name, &text)?;
        Ok(self.folder.path().join(name))
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
        said(output).map(drop)
    }
}

/// Every test that includes this file uses a part of it; that the rest is unused there is no
/// mistake.
const _: () = {
    let _ = Cluster::start;
    let _ = Cluster::start_with;
    let _ = Cluster::url;
    let _ = Cluster::folder;
    let _ = Cluster::kubeconfig;
    let _ = Cluster::kubeconfig_of;
    let _ = Cluster::restart_api;
    let _ = Cluster::restart_etcd;
    let _ = Cluster::port;
    let _ = Cluster::kubeconfig_through;
    let _ = Cluster::stop_etcd;
    let _ = Cluster::continue_etcd;
    let _ = Cluster::apply;
};

/// What a command said.
///
/// # Errors
/// The command failed: what it complained about.
pub fn said(output: Output) -> Result<String, String> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

/// A configuration for clients; the certificate is found from the file's own folder.
fn config(port: u16, user: &str, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         contexts: [{{name: test, context: {{cluster: test, user: {user}}}}}]\n\
         users: [{{name: {user}, user: {{token: {token}}}}}]\n\
         clusters:\n- name: test\n  cluster:\n    server: {}\n    \
         certificate-authority: certificates/apiserver.crt\n",
        url(port)
    )
}

/// Starts etcd there; with port 0 the system chooses. Gives where it listens.
fn start_etcd(program: &Path, folder: &Path, listen: &str) -> Result<(Part, String), String> {
    let data = folder.join("etcd").display().to_string();
    let flags = [
        format!("--data-dir={data}"),
        format!("--listen-client-url={listen}"),
    ];
    let mut etcd = Part::start(program, folder, "etcd", Stdio::piped(), &flags)?;
    let mut url = String::new();
    if let Some(out) = etcd.child.stdout.take() {
        // It prints one line when it is ready, or nothing when it fails.
        BufReader::new(out)
            .read_line(&mut url)
            .map_err(|error| error.to_string())?;
    }
    match url.trim() {
        "" => Err(format!("etcd does not start:\n{}", etcd.tail())),
        url => Ok((etcd, url.to_owned())),
    }
}

fn start_api(program: &Path, folder: &Path, flags: &[String]) -> Result<Part, String> {
    Part::start(program, folder, "kube-apiserver", Stdio::null(), flags)
}

/// Writes a file into a folder.
///
/// # Errors
/// It can't be written; the message names it.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
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
