//! Real registries for tests, on free loopback ports, each with a folder of its own. A test
//! includes this file by its path. Dropping a [`Registry`] ends its process; when a test is
//! killed, the process sees its standard input close and ends by itself.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "../cluster/location.rs"]
mod location;

/// How often a start is tried: a free port may be taken before it is used.
const STARTS: usize = 3;
/// How long a registry may take until it answers.
const READY: Duration = Duration::from_secs(30);

/// `me:secret`, as `htpasswd -B` writes it.
const HTPASSWD: &str = "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

/// Which registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// crane's (go-containerregistry): with the referrers API, open to all.
    Crane,
    /// The distribution project's: without it, open to all.
    Distribution,
    /// The same, for those who know the password `secret` of `me`.
    Closed,
}

/// A registry that runs.
pub struct Registry {
    child: Child,
    host: String,
    kind: Kind,
    _folder: tempfile::TempDir,
}

impl Registry {
    /// Starts a registry.
    ///
    /// # Errors
    /// Its program is not there, or it does not start: a test must then say that it was skipped.
    pub fn start(kind: Kind, repo: &Path) -> Result<Self, String> {
        let mut last = String::new();
        for _ in 0..STARTS {
            match Self::try_start(kind, repo) {
                Ok(registry) => return Ok(registry),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn try_start(kind: Kind, repo: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        let host = format!("127.0.0.1:{port}");
        let mut command = match kind {
            Kind::Crane => {
                let mut command = Command::new(program(repo)?);
                command.args(["--address", &host]);
                command.env("PLIMSOLL_REGISTRY_LIFELINE", "stdin");
                command
            }
            Kind::Distribution | Kind::Closed => distribution(kind, folder.path(), &host)?,
        };
        let child = command
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("can't start {kind:?}: {error}"))?;
        let mut registry = Registry {
            child,
            host,
            kind,
            _folder: folder,
        };
        let begin = Instant::now();
        while TcpStream::connect(&registry.host).is_err() {
            if !matches!(registry.child.try_wait(), Ok(None)) {
                return Err(format!("{kind:?} ended before it answered"));
            }
            if begin.elapsed() > READY {
                return Err(format!("{kind:?} does not answer in {} s", READY.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(registry)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Puts a blob into a repository.
    ///
    /// # Errors
    /// The registry refuses it.
    pub fn push_blob(&self, repository: &str, digest: &str, bytes: &[u8]) -> Result<(), String> {
        let begin = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), "", &[])?;
        let location = begin
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok())
            .ok_or("no place to put it")?;
        let mark = if location.contains('?') { '&' } else { '?' };
        let to = format!("{location}{mark}digest={}", digest.replace(':', "%3A"));
        self.send("PUT", &to, "application/octet-stream", bytes)?;
        Ok(())
    }

    /// Puts a manifest under a tag or a digest.
    ///
    /// # Errors
    /// The registry refuses it.
    pub fn push_manifest(
        &self,
        repository: &str,
        name: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), String> {
        let to = format!("/v2/{repository}/manifests/{name}");
        self.send("PUT", &to, media_type, bytes)?;
        Ok(())
    }

    fn send(
        &self,
        method: &str,
        to: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> Result<ureq::http::Response<ureq::Body>, String> {
        let url = if to.starts_with('/') {
            format!("http://{}{to}", self.host)
        } else {
            to.to_owned()
        };
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        if self.kind == Kind::Closed {
            request = request.header("authorization", "Basic bWU6c2VjcmV0");
        }
        let request = request.body(bytes).map_err(|error| error.to_string())?;
        let agent = ureq::Agent::config_builder()
            .proxy(None)
            .build()
            .new_agent();
        agent
            .run(request)
            .map_err(|error| format!("{method} {to}: {error}"))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // A shell between us and it ends it when its input closes.
        drop(self.child.stdin.take());
        if self.kind == Kind::Crane {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The program of the registry with referrers, where it was built.
fn program(repo: &Path) -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    let program = location::program(repo, &cache.join("plimsoll"), "registry")
        .map_err(|error| format!("the sources in tests/registry can't be read: {error}"))?;
    if program.is_file() {
        Ok(program)
    } else {
        Err("no registry with referrers for tests: `./x registry` builds it (needs Go)".to_owned())
    }
}

/// Debian's docker-registry with a configuration in `folder`.
fn distribution(kind: Kind, folder: &Path, host: &str) -> Result<Command, String> {
    let on_path = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("docker-registry").is_file())
    });
    if !on_path {
        return Err("no docker-registry on this machine: it is a package of Debian".to_owned());
    }
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    let auth = match kind {
        Kind::Closed => "auth: {htpasswd: {realm: test, path: htpasswd}}\n",
        _ => "",
    };
    write("htpasswd", HTPASSWD)?;
    write(
        "config.yml",
        &format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: data}}}}\n\
             http: {{addr: \"{host}\"}}\n{auth}"
        ),
    )?;
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "docker-registry serve config.yml <&- & pid=$!; cat >/dev/null; kill $pid; wait $pid",
    ]);
    Ok(command)
}
