//! `plimsoll agent --images` against a real API server and real registries:
//! running images are looked into by digest with granted pull secrets, and
//! matched again without a pull when the database changes.

#![expect(
    clippy::duplicate_mod,
    reason = "each harness finds its programs by itself"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use plimsoll_model::Timestamp;
use sha2::Digest;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[path = "../../../tests/registry/harness.rs"]
mod registry;
#[path = "agent_images/rescans.rs"]
mod rescans;
#[path = "../../../tests/cluster/tar.rs"]
mod tar;

use cluster::Cluster;
use registry::{Kind, Registry};

/// How long anything may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
const WORKS: &str = "what the test itself does works";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Other tests need these parts of what is shared.
const _: () = {
    let _ = tar::Tar::folder;
    let _ = tar::Tar::link;
};

fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn goal(namespace: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: {namespace}}}\n\
         spec:\n  owner: platform\n  assets: {{match: {{namespaces: [{namespace}]}}}}\n  \
         require:\n  - vulnerabilities: {{severity: \">=high\", max: 0}}\n"
    )
}

fn server(namespaces: &[&str]) -> Option<Cluster> {
    let program = cluster::program(&repo())
        .inspect_err(|why| eprintln!("SKIPPED: {why}"))
        .ok()?;
    let server = Cluster::start(&program).expect("the API server starts");
    for (name, text) in plimsoll_model::crd::files() {
        server.apply(&text).expect(WORKS);
        let crd = format!("crd/{}", name.trim_end_matches(".yaml"));
        let wait = ["wait", "--for=condition=Established", "--timeout=60s", &crd];
        assert!(
            server.kubectl(&wait).expect(WORKS).status.success(),
            "{name}"
        );
    }
    for name in namespaces.iter().copied().chain(["plimsoll"]) {
        let account = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: default, namespace: {name}}}\n"
        );
        server.apply(&account).expect(WORKS);
    }
    for name in namespaces {
        server.apply(&goal(name)).expect(WORKS);
    }
    Some(server)
}

fn start(kind: Kind) -> Option<Registry> {
    Registry::start(kind, &repo())
        .inspect_err(|why| eprintln!("SKIPPED: {why}"))
        .ok()
}

fn sha(bytes: &[u8]) -> String {
    let hash = sha2::Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Pushes an image of Alpine with these packages; gives its digest.
fn push(registry: &Registry, repository: &str, packages: &[(&str, &str)]) -> String {
    sha(&push_for(registry, repository, "amd64", packages))
}

/// Pushes an image for an architecture; gives its manifest.
fn push_for(
    registry: &Registry,
    repository: &str,
    architecture: &str,
    packages: &[(&str, &str)],
) -> Vec<u8> {
    let installed: String = packages
        .iter()
        .map(|(name, version)| {
            format!("P:{name}\nV:{version}\nA:x86_64\nL:MIT\no:{name}\nF:usr/bin\nR:{name}\n\n")
        })
        .collect();
    let release = "ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\n";
    let mut layer = tar::Tar::default();
    layer
        .file("etc/os-release", 0o644, release.as_bytes())
        .expect(WORKS);
    layer
        .file("lib/apk/db/installed", 0o644, installed.as_bytes())
        .expect(WORKS);
    let layer = layer.finish();
    let config = serde_json::json!({
        "os": "linux", "architecture": architecture, "config": {"User": "10001"},
        "rootfs": {"type": "layers", "diff_ids": [sha(&layer)]},
    })
    .to_string()
    .into_bytes();
    let part = |kind: &str, bytes: &[u8]| serde_json::json!({"mediaType": kind, "digest": sha(bytes), "size": bytes.len()});
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": part("application/vnd.oci.image.config.v1+json", &config),
        "layers": [part("application/vnd.oci.image.layer.v1.tar", &layer)],
    })
    .to_string()
    .into_bytes();
    for bytes in [&layer, &config] {
        registry
            .push_blob(repository, &sha(bytes), bytes)
            .expect(WORKS);
    }
    registry
        .push_manifest(repository, "1", MANIFEST, &manifest)
        .expect(WORKS);
    manifest
}

/// A node of an architecture, as its kubelet would say it.
fn node(server: &Cluster, name: &str, architecture: &str) {
    server
        .apply(&format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n"
        ))
        .expect(WORKS);
    let status = serde_json::json!({"status": {"nodeInfo": {
        "operatingSystem": "linux", "architecture": architecture, "bootID": "", "containerRuntimeVersion": "",
        "kernelVersion": "", "kubeProxyVersion": "", "kubeletVersion": "", "machineID": "", "osImage": "", "systemUUID": "",
    }}})
    .to_string();
    let patch = [
        "patch",
        "node",
        name,
        "--subresource=status",
        "--type=merge",
        "-p",
        &status,
    ];
    let patched = server.kubectl(&patch).expect(WORKS);
    assert!(
        patched.status.success(),
        "{}",
        String::from_utf8_lossy(&patched.stderr)
    );
}

/// A pod that runs an image, as a kubelet would say it.
fn run_pod(server: &Cluster, namespace: &str, name: &str, image: &str, digest: &str, more: &str) {
    server
        .apply(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  {more}\n  \
             containers:\n  - {{name: main, image: \"{image}\"}}\n"
        ))
        .expect(WORKS);
    if digest.is_empty() {
        return;
    }
    let repository = image.rsplit_once(':').expect("a tag").0;
    let status = serde_json::json!({"status": {"phase": "Running", "containerStatuses": [{
        "name": "main", "image": image, "imageID": format!("{repository}@{digest}"),
        "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-01T00:00:00Z"}},
    }]}})
    .to_string();
    let patch = [
        "patch",
        "pod",
        "-n",
        namespace,
        name,
        "--subresource=status",
        "--type=merge",
        "-p",
        &status,
    ];
    let patched = server.kubectl(&patch).expect(WORKS);
    assert!(
        patched.status.success(),
        "{}",
        String::from_utf8_lossy(&patched.stderr)
    );
}

fn verdict(server: &Cluster, goal: &str) -> String {
    field(server, goal, ".status.verdict")
}

fn field(server: &Cluster, goal: &str, field: &str) -> String {
    let output = server
        .kubectl(&["get", "goal", goal, "-o", &format!("jsonpath={{{field}}}")])
        .expect(WORKS);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes or replaces the database: flaws of packages, with what mends them.
fn database(folder: &Path, flaws: &[(&str, &str)]) {
    let now = Timestamp::now().to_string();
    let records: Vec<_> = flaws
        .iter()
        .map(|(package, fixed)| {
            serde_json::json!({
                "schema_version": "1.6.0", "id": format!("ALPINE-CVE-2026-{}", 1000 + package.len()),
                "modified": now, "published": now, "summary": "A flaw in it.",
                "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
                "affected": [{
                    "package": {"ecosystem": "Alpine:v3.19", "name": package},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                }],
            })
        })
        .collect();
    let feeds = folder.join("feeds");
    std::fs::create_dir_all(&feeds).expect(WORKS);
    std::fs::write(
        feeds.join("alpine.json"),
        serde_json::Value::from(records).to_string(),
    )
    .expect(WORKS);
    let made = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["db", "import", "feeds", "--db-dir", "db"])
        .current_dir(folder)
        .output()
        .expect(WORKS);
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// An agent as a process, killed when it is dropped.
struct Agent {
    child: Child,
    listen: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Agent {
    fn start(server: &Cluster, kubeconfig: &Path, more: &[&str]) -> Agent {
        let free = TcpListener::bind("127.0.0.1:0").expect(WORKS);
        let listen = free.local_addr().expect(WORKS).to_string();
        drop(free);
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["agent", "--cluster", "test", "--log", "json", "--images"])
            .args([
                "--state",
                "state/agent.json",
                "--db",
                "db/advisories.db",
                "--listen",
                &listen,
            ])
            .args(["--kubeconfig", &kubeconfig.display().to_string()])
            .args(more)
            .current_dir(server.folder())
            .env_remove("KUBECONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect(WORKS);
        let log = Arc::new(Mutex::new(Vec::new()));
        let into = log.clone();
        let lines = BufReader::new(child.stderr.take().expect(WORKS)).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                into.lock().expect(WORKS).push(line);
            }
        });
        Agent { child, listen, log }
    }

    fn until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !is() {
            let log = || self.log.lock().expect(WORKS).join("\n");
            assert!(
                begin.elapsed() < PATIENCE,
                "not within a minute: {what}\n{}",
                log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn metric(&self, name: &str) -> Option<u64> {
        let mut stream = TcpStream::connect(&self.listen).ok()?;
        let ask = "GET /metrics HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n";
        stream.write_all(ask.as_bytes()).ok()?;
        let mut bytes = Vec::new();
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..read]);
        }
        let answer = String::from_utf8_lossy(&bytes);
        let line = answer.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A registry's address that counts who comes: each look into an image opens a
/// connection of its own.
fn counted(to: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect(WORKS);
    let host = listener.local_addr().expect(WORKS).to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let (counter, to) = (count.clone(), to.to_owned());
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            counter.fetch_add(1, Ordering::Relaxed);
            let Ok(server) = TcpStream::connect(&to) else {
                continue;
            };
            let ends = [
                (client.try_clone(), server.try_clone()),
                (server.try_clone(), client.try_clone()),
            ];
            for (from, into) in ends {
                let (Ok(mut from), Ok(mut into)) = (from, into) else {
                    continue;
                };
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut into);
                    let _ = into.shutdown(Shutdown::Write);
                });
            }
        }
    });
    (host, count)
}

#[test]
fn running_images_are_judged_by_todays_advisories_without_a_second_pull() {
    let Some(server) = server(&["shop", "bank"]) else {
        return;
    };
    let Some(registry) = start(Kind::Distribution) else {
        return;
    };
    let digest = push(
        &registry,
        "team/web",
        &[("musl", "1.2.4-r2"), ("busybox", "1.36.1-r15")],
    );
    let (host, count) = counted(registry.host());
    database(server.folder(), &[("busybox", "1.36.1-r10")]);
    let image = format!("{host}/team/web:1");
    run_pod(&server, "shop", "web", &image, &digest, "");
    // One that is nowhere blocks no other, and is not clean.
    let gone = format!("{host}/team/gone:1");
    run_pod(&server, "bank", "gone", &gone, &sha(b"gone"), "");
    let kubeconfig = server.kubeconfig();
    let insecure = ["--insecure-registry", &host];
    let mut agent = Agent::start(&server, &kubeconfig, &insecure);
    agent.until("met", || verdict(&server, "shop") == "met");
    agent.until("the broken one failed", || {
        agent.metric("plimsoll_image_scans_total{state=\"failed\"}") == Some(1)
    });
    assert_eq!(verdict(&server, "bank"), "unverified");
    assert_eq!(agent.metric("plimsoll_images{state=\"scanned\"}"), Some(1));

    // A new advisory: breached, and nobody asked the registry.
    let asked = count.load(Ordering::Relaxed);
    database(
        server.folder(),
        &[("busybox", "1.36.1-r10"), ("musl", "1.2.5-r0")],
    );
    agent.until("breached", || verdict(&server, "shop") == "breached");
    assert_eq!(count.load(Ordering::Relaxed), asked);

    // A restart: what is known stays known, the failure keeps its back-off.
    drop(agent);
    agent = Agent::start(&server, &kubeconfig, &insecure);
    agent.until("it is ready", || {
        agent.metric("plimsoll_images{state=\"scanned\"}") == Some(1)
    });
    agent.until("breached still", || verdict(&server, "shop") == "breached");
    assert_eq!(
        agent.metric("plimsoll_queue_depth{queue=\"images\"}"),
        Some(1)
    );
    assert_eq!(count.load(Ordering::Relaxed), asked);

    // A pod that has not started is unknown, beside one that has.
    run_pod(
        &server,
        "shop",
        "late",
        &format!("{host}/team/late:1"),
        "",
        "",
    );
    agent.until("the unknown one is counted", || {
        agent.metric("plimsoll_goal_unknown_assets{goal=\"shop\"}") == Some(1)
    });
}

#[test]
fn a_private_image_is_pulled_with_a_granted_secret_and_unknown_without() {
    let Some(server) = server(&["shop", "bank"]) else {
        return;
    };
    let Some(registry) = start(Kind::Closed) else {
        return;
    };
    let host = registry.host().to_owned();
    let digest = push(&registry, "team/web", &[("busybox", "1.36.1-r15")]);
    let other = push(&registry, "team/vault", &[("musl", "1.2.4-r2")]);
    for namespace in ["shop", "bank"] {
        let made = server.kubectl(&[
            "create",
            "secret",
            "docker-registry",
            "pull",
            "-n",
            namespace,
            &format!("--docker-server={host}"),
            "--docker-username=me",
            "--docker-password=secret",
        ]);
        assert!(made.expect(WORKS).status.success());
    }
    run_pod(
        &server,
        "shop",
        "web",
        &format!("{host}/team/web:1"),
        &digest,
        "imagePullSecrets: [{name: pull}]",
    );
    run_pod(
        &server,
        "bank",
        "vault",
        &format!("{host}/team/vault:1"),
        &other,
        "imagePullSecrets: [{name: pull}]",
    );
    let agent = Agent::start(
        &server,
        &server.kubeconfig(),
        &["--insecure-registry", &host, "--pull-secret", "shop/pull"],
    );
    // Without a database nothing is met, and who looks after it hears why.
    agent.until("the missing database is told", || {
        let log = agent.log.lock().expect(WORKS).join("\n");
        log.contains("the advisory database can't be used") && log.contains("advisories.db")
    });
    agent.until("unverified", || verdict(&server, "shop") == "unverified");
    database(server.folder(), &[("busybox", "1.36.1-r10")]);
    agent.until("met", || verdict(&server, "shop") == "met");
    agent.until("the closed one failed", || {
        agent.metric("plimsoll_image_scans_total{state=\"failed\"}") == Some(1)
    });
    agent.until("unknown with its reason", || {
        field(&server, "bank", ".status").contains("bank/pull")
    });
    assert_eq!(verdict(&server, "bank"), "unverified");
}

#[test]
fn of_an_index_the_image_that_the_node_runs_is_looked_into() {
    let Some(server) = server(&["shop"]) else {
        return;
    };
    let Some(registry) = start(Kind::Distribution) else {
        return;
    };
    let host = registry.host().to_owned();
    // What is wrong is wrong on one architecture alone.
    let entries =
        [("amd64", "1.36.1-r15"), ("arm64", "1.36.1-r1")].map(|(architecture, version)| {
            let manifest = push_for(&registry, "team/web", architecture, &[("busybox", version)]);
            serde_json::json!({
                "mediaType": MANIFEST, "digest": sha(&manifest), "size": manifest.len(),
                "platform": {"os": "linux", "architecture": architecture},
            })
        });
    let kind = "application/vnd.oci.image.index.v1+json";
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": kind, "manifests": entries})
        .to_string()
        .into_bytes();
    registry
        .push_manifest("team/web", "1", kind, &index)
        .expect(WORKS);
    database(server.folder(), &[("busybox", "1.36.1-r10")]);
    for (name, architecture) in [("small", "arm64"), ("large", "amd64")] {
        node(&server, name, architecture);
    }
    let image = format!("{host}/team/web:1");
    run_pod(
        &server,
        "shop",
        "web",
        &image,
        &sha(&index),
        "nodeName: large",
    );
    let insecure = ["--insecure-registry", &host];
    let agent = Agent::start(&server, &server.kubeconfig(), &insecure);
    agent.until("met", || verdict(&server, "shop") == "met");

    // The same digest on a node of the other kind is another image.
    run_pod(
        &server,
        "shop",
        "more",
        &image,
        &sha(&index),
        "nodeName: small",
    );
    agent.until("not met by what was looked into alone", || {
        verdict(&server, "shop") == "unverified"
    });
    let gone = server.kubectl(&[
        "delete",
        "pod",
        "-n",
        "shop",
        "web",
        "--force",
        "--grace-period=0",
    ]);
    assert!(gone.expect(WORKS).status.success());
    agent.until("breached", || verdict(&server, "shop") == "breached");
}
