//! The whole form of the test cluster: one real node, with etcd, the API server, the controller
//! manager, the scheduler, containerd and a kubelet, in namespaces of its own, so that several run
//! side by side and nothing leaves the machine. A test includes this file beside the small form:
//!
//! ```text
//! #[path = "../../../tests/cluster/harness.rs"]
//! mod cluster;
//! #[path = "../../../tests/cluster/node.rs"]
//! mod node;
//! ```
//!
//! Dropping a [`Node`] ends everything and leaves nothing; so does the death of the test
//! (`node.sh` tells how). It needs root and some packages of Debian: [`missing`].

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::cluster::{said, write};

#[path = "tar.rs"]
mod tar;

/// The script that starts the parts.
const SCRIPT: &str = include_str!("node.sh");
/// How long the node may take until it is ready. On an idle machine it takes 12 seconds.
const READY: Duration = Duration::from_secs(240);
/// How long everything may take to end.
const GONE: Duration = Duration::from_secs(60);
/// Where Debian keeps the plugins for pods' networks.
const PLUGINS: &str = "/usr/lib/cni";
/// A program without libraries: all there is in the images of tests.
const BUSYBOX: &str = "/bin/busybox";
/// The most of that program that is read.
const BUSYBOX_MAX: u64 = 16 << 20;
/// Stands in programs that need libraries.
const LOADER: &[u8] = b"/lib64/ld-linux";
/// What busybox is in its image, besides itself.
const APPLETS: [&str; 12] = [
    "sh", "sleep", "cat", "ls", "id", "wget", "httpd", "nc", "kill", "env", "true", "mkdir",
];
/// Names of the parts' logs, for errors.
const LOGS: [&str; 6] = [
    "node",
    "containerd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
];
/// The image of a test's pods, on the node from the start: busybox, as the user 65532.
pub const IMAGE: &str = "plimsoll.test/busybox:1";
/// Where a registry of a test's own may listen: the node pulls from it over plain HTTP.
pub const REGISTRY: &str = "10.77.0.1:5000";
/// What holds a pod's namespaces.
const PAUSE: &str = "plimsoll.test/pause:1";

/// Why there can be no node on this machine, where there can't.
///
/// # Errors
/// Always the reason, for a test to say that it was skipped.
pub fn missing() -> Result<(), String> {
    // The owner of our own entry in /proc is who we are.
    let root = std::fs::metadata("/proc/self")
        .map(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0)
        .unwrap_or_default();
    if !root {
        return Err("a node needs root (and Linux)".to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    for (program, package) in [
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("ip", "iproute2"),
        ("containerd", "containerd"),
        ("ctr", "containerd"),
        ("runc", "runc"),
    ] {
        if !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
            return Err(format!(
                "a node needs `{program}` (Debian package {package})"
            ));
        }
    }
    for (file, package) in [
        (format!("{PLUGINS}/bridge"), "containernetworking-plugins"),
        (BUSYBOX.to_owned(), "busybox-static"),
    ] {
        if !Path::new(&file).exists() {
            return Err(format!("a node needs {file} (Debian package {package})"));
        }
    }
    Ok(())
}

/// A node that is ready.
pub struct Node {
    program: PathBuf,
    script: Child,
    /// Everything ends when this closes.
    lifeline: Option<ChildStdin>,
    folder: tempfile::TempDir,
    /// The process whose namespaces they are.
    pid: u32,
}

impl Node {
    /// Starts one and waits until its node is ready and its images are there.
    ///
    /// # Errors
    /// A part does not start; the ends of the logs are in the message.
    pub fn start(program: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        // Processes of pods, whoever they are, must get at what is mounted from here.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
            .map_err(|error| error.to_string())?;
        configure(folder.path())?;
        let key = folder.path().join("service-account.key");
        let made = Command::new(program).arg("key").arg(&key).output();
        if !made.is_ok_and(|output| output.status.success()) {
            return Err("no key for service accounts".to_owned());
        }
        let log =
            File::create(folder.path().join("node.log")).map_err(|error| error.to_string())?;
        let group = folder.path().file_name().unwrap_or_default();
        let group = format!(
            "plimsoll-{}",
            group.to_string_lossy().trim_start_matches('.')
        );
        let mut script = Command::new("sh")
            .arg(folder.path().join("node.sh"))
            .args([folder.path(), program])
            .arg(group)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(|error| error.to_string())?)
            .stderr(log)
            // An interrupt of the test is not for it: it cleans up when we are gone.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("can't start sh: {error}"))?;
        let lifeline = script.stdin.take();
        let mut node = Node {
            program: program.to_owned(),
            script,
            lifeline,
            folder,
            pid: 0,
        };
        node.wait().map_err(|error| node.with_logs(&error))?;
        Ok(node)
    }

    fn wait(&mut self) -> Result<(), String> {
        let waiting = Instant::now();
        let mut imported = false;
        loop {
            if self.folder.path().join("ended").exists() {
                return Err("a part of the node does not start".to_owned());
            }
            if self.pid == 0 {
                self.pid = text(&self.folder.path().join("pid"))
                    .and_then(|pid| pid.trim().parse().ok())
                    .unwrap_or_default();
            } else if !imported {
                if self.folder.path().join("containerd.sock").exists() {
                    self.import(&self.folder.path().join("images.tar"))?;
                    imported = true;
                }
            } else if self
                .kubectl(&["wait", "--for=condition=Ready", "node/node", "--timeout=5s"])
                .is_ok_and(|output| output.status.success())
            {
                return Ok(());
            }
            if waiting.elapsed() > READY {
                return Err("the node is not ready in time".to_owned());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The folder of everything: logs as `PART.log`. The node sees it at the same place.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration of the administrator. Its address is one inside: [`Self::command`].
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// A program of this machine, started on the node: in its network and seeing its files, with
    /// the administrator's configuration. Name programs and files by whole paths.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.pid.to_string(), "--mount", "--net"])
            .arg(format!("--pid=/proc/{}/ns/pid_for_children", self.pid))
            .arg("--")
            .arg(program)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.folder.path())
            .env("KUBERC", "off")
            .stdin(Stdio::null());
        command
    }

    /// Runs `kubectl`, as an administrator.
    ///
    /// # Errors
    /// It can't be started. What it says itself is in the output.
    pub fn kubectl(&self, args: &[&str]) -> Result<Output, String> {
        self.command(&self.program)
            .arg("kubectl")
            .args(args)
            .output()
            .map_err(|error| format!("can't start kubectl: {error}"))
    }

    /// What `kubectl` prints.
    ///
    /// # Errors
    /// It fails; the message is its own.
    pub fn ask(&self, args: &[&str]) -> Result<String, String> {
        self.kubectl(args)
            .and_then(said)
            .map_err(|error| format!("kubectl {}: {error}", args.join(" ")))
    }

    /// Applies manifests.
    ///
    /// # Errors
    /// One of them is refused.
    pub fn apply(&self, manifests: &str) -> Result<(), String> {
        write(self.folder.path(), "apply.yaml", manifests)?;
        let file = self.folder.path().join("apply.yaml");
        self.ask(&["apply", "-f", &file.display().to_string()])
            .map(drop)
    }

    /// Imports an archive of images, as `docker save` writes it or of an OCI layout.
    ///
    /// # Errors
    /// containerd does not take it.
    pub fn import(&self, archive: &Path) -> Result<(), String> {
        self.ctr(&["images", "import", &archive.display().to_string()])
            .map(drop)
    }

    /// Runs `ctr` over the images and containers that the kubelet works with.
    ///
    /// # Errors
    /// It fails; the message is its own.
    pub fn ctr(&self, args: &[&str]) -> Result<String, String> {
        let output = self
            .command(Path::new("ctr"))
            .arg("--address")
            .arg(self.folder.path().join("containerd.sock"))
            .args(["--namespace", "k8s.io"])
            .args(args)
            .output()
            .map_err(|error| format!("can't start ctr: {error}"))?;
        said(output).map_err(|error| format!("ctr {}: {error}", args.join(" ")))
    }

    /// An error with what the parts said last.
    pub fn with_logs(&self, error: &str) -> String {
        let mut message = error.to_owned();
        for name in LOGS {
            let log = text(&self.folder.path().join(format!("{name}.log"))).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(12)..].join("\n");
            message.push_str(&format!("\n--- {name}\n{tail}"));
        }
        message
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let waiting = Instant::now();
        while matches!(self.script.try_wait(), Ok(None)) && waiting.elapsed() < GONE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// See the list in `harness.rs`.
const _: () = {
    let _ = Node::command;
    let _ = Node::apply;
    let _ = Node::folder;
    let _ = Node::with_logs;
    let _ = Node::ctr;
    let _ = (IMAGE, REGISTRY);
};

/// Writes the configuration of all parts, and the images.
fn configure(folder: &Path) -> Result<(), String> {
    let at = folder.display();
    write(folder, "node.sh", SCRIPT)?;
    write(folder, "tokens.csv", "test-token,test,1,system:masters\n")?;
    write(
        folder,
        "kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         contexts: [{name: test, context: {cluster: test, user: test}}]\n\
         users: [{name: test, user: {token: test-token}}]\n\
         clusters:\n- name: test\n  cluster:\n    server: https://10.77.0.1:443\n    \
         certificate-authority: certificates/apiserver.crt\n",
    )?;
    write(
        folder,
        "containerd.toml",
        &format!(
            "version = 2\nroot = \"{at}/containerd\"\nstate = \"{at}/containerd-state\"\n\
             [grpc]\naddress = \"{at}/containerd.sock\"\n\
             [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{at}/opt\"\n\
             [plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"{PAUSE}\"\n\
             restrict_oom_score_adj = true\n\
             [plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"{at}/registries\"\n\
             [plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"{PLUGINS}\"\n\
             conf_dir = \"{at}/cni\"\n"
        ),
    )?;
    let registry = format!("registries/{REGISTRY}");
    for inside in ["cni", &registry] {
        std::fs::create_dir_all(folder.join(inside)).map_err(|error| error.to_string())?;
    }
    write(
        folder,
        &format!("{registry}/hosts.toml"),
        &format!(
            "server = \"http://{REGISTRY}\"\n\
             [host.\"http://{REGISTRY}\"]\ncapabilities = [\"pull\", \"resolve\"]\n"
        ),
    )?;
    write(
        folder,
        "cni/10-test.conflist",
        "{\"cniVersion\": \"1.0.0\", \"name\": \"test\", \"plugins\": [{\"type\": \"bridge\", \
         \"bridge\": \"pods0\", \"isGateway\": true, \"hairpinMode\": true, \"ipam\": {\
         \"type\": \"host-local\", \"ranges\": [[{\"subnet\": \"10.88.0.0/16\"}]], \
         \"routes\": [{\"dst\": \"0.0.0.0/0\"}]}}]}\n",
    )?;
    let group = folder.file_name().unwrap_or_default().to_string_lossy();
    write(
        folder,
        "kubelet.yaml",
        &format!(
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\
             failCgroupV1: false\nfailSwapOn: false\ncgroupDriver: cgroupfs\n\
             cgroupRoot: /plimsoll-{}\nenforceNodeAllocatable: []\n\
             containerRuntimeEndpoint: unix://{at}/containerd.sock\n\
             evictionHard: {{memory.available: 50Mi, nodefs.available: 1%}}\n\
             imageGCHighThresholdPercent: 100\nresolvConf: \"\"\nenableControllerAttachDetach: false\n\
             authentication: {{anonymous: {{enabled: true}}, webhook: {{enabled: false}}}}\n\
             authorization: {{mode: AlwaysAllow}}\n",
            group.trim_start_matches('.')
        ),
    )?;
    let images = images().map_err(|error| format!("no images of busybox: {error}"))?;
    std::fs::write(folder.join("images.tar"), images).map_err(|error| error.to_string())
}

/// Two images, as `docker save` writes them: one layer, two configurations.
fn images() -> Result<Vec<u8>, String> {
    let mut busybox = Vec::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "a program of this machine, bounded"
    )]
    File::open(BUSYBOX)
        .and_then(|file| file.take(BUSYBOX_MAX).read_to_end(&mut busybox))
        .map_err(|error| error.to_string())?;
    if busybox.windows(LOADER.len()).any(|bytes| bytes == LOADER) {
        return Err(format!("{BUSYBOX} needs libraries: install busybox-static"));
    }
    let mut layer = tar::Tar::default();
    for (folder, mode) in [("bin", 0o755), ("tmp", 0o1777), ("etc", 0o755)] {
        layer.folder(folder, mode)?;
    }
    layer.file("bin/busybox", 0o755, &busybox)?;
    for applet in APPLETS {
        layer.link(&format!("bin/{applet}"), "busybox")?;
    }
    layer.file(
        "etc/passwd",
        0o644,
        b"root:x:0:0::/:/bin/sh\nuser:x:65532:65532::/:/bin/sh\n",
    )?;
    let layer = layer.finish();
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let mut archive = tar::Tar::default();
    let mut manifest = Vec::new();
    for (name, user, command) in [
        (PAUSE, "65535", r#"["/bin/sleep","2147483647"]"#),
        (IMAGE, "65532", r#"["/bin/sh"]"#),
    ] {
        let config = format!(
            r#"{{"architecture":"{architecture}","os":"linux","config":{{"User":"{user}","Env":["PATH=/bin"],"Cmd":{command}}},"rootfs":{{"type":"layers","diff_ids":["sha256:{}"]}}}}"#,
            hex(&layer)
        );
        let file = format!("{}.json", hex(config.as_bytes()));
        archive.file(&file, 0o644, config.as_bytes())?;
        manifest.push(format!(
            r#"{{"Config":"{file}","RepoTags":["{name}"],"Layers":["layer.tar"]}}"#
        ));
    }
    archive.file("layer.tar", 0o644, &layer)?;
    archive.file(
        "manifest.json",
        0o644,
        format!("[{}]", manifest.join(",")).as_bytes(),
    )?;
    Ok(archive.finish())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The text of one of our own files, as far as it goes.
fn text(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "a log of our own, bounded")]
    File::open(file)
        .and_then(|file| file.take(64 << 20).read_to_end(&mut bytes))
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
