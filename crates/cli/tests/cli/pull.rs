//! An image that was pushed to a real registry, pulled over a slow line by who
//! sits at a terminal.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    images::{RELEASE, Tar, apk, config, digest},
    proxy::Proxy,
    registry::{Kind, Registry},
    support::{Sandbox, command, finish, interrupted},
};

/// Bytes of a layer, about.
const LAYER: usize = 400 << 10;
/// Bytes in a second of the slow line.
const SLOW: u64 = 400 << 10;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry with an image `web:1`, and the line to it.
fn pushed(kind: Kind) -> Option<(Registry, Proxy, String)> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let registry = Registry::start(kind, &repo)
        .inspect_err(|why| eprintln!("SKIPPED: {why}"))
        .ok()?;
    let layers = [("a", "musl"), ("b", "busybox")].map(|(name, package)| {
        Tar::default()
            .file("etc/os-release", RELEASE)
            .file("lib/apk/db/installed", &apk(&[(package, "1.0.0-r0")]))
            .file(name, &"A line of text.\n".repeat(LAYER / 16))
            .done()
    });
    let config = config("10001", &layers).to_string().into_bytes();
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": part("application/vnd.oci.image.config.v1+json", &config),
        "layers": layers.each_ref().map(|layer| part("application/vnd.oci.image.layer.v1.tar", layer)),
    });
    for bytes in layers.iter().chain([&config]) {
        let put = registry.push_blob("web", &digest(bytes), bytes);
        put.expect("it is taken");
    }
    let put = registry.push_manifest("web", "1", MANIFEST, manifest.to_string().as_bytes());
    put.expect("it is taken");
    let port = registry.host().rsplit_once(':').expect("a port").1;
    let line = Proxy::start(port.parse().expect("a number")).expect("a free port");
    let image = format!("127.0.0.1:{}/web:1", line.port());
    Some((registry, line, image))
}

fn scan<'a>(image: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = ["image", "scan", image, "--no-vulnerabilities"];
    let kept = ["--cache-dir", "cache", "--store-dir", "store"];
    [&args, &kept[..], more].concat()
}

#[test]
fn a_terminal_sees_how_far_a_pull_is_and_a_pipe_does_not() {
    let Some((_registry, line, image)) = pushed(Kind::Crane) else {
        return;
    };
    if Command::new("script").arg("--version").output().is_err() {
        return eprintln!("SKIPPED: no `script` (util-linux) to have a terminal with");
    }
    line.slow(SLOW);
    let sandbox = Sandbox::empty();
    let program = env!("CARGO_BIN_EXE_plimsoll");
    let typed = format!("'{program}' {}", scan(&image, &[]).join(" "));
    let seen = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &typed])
        .arg("/dev/null")
        .current_dir(sandbox.path())
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output();
    let seen = finish(seen.expect("it runs")).exits(0);
    let progress = |text: &str| text.contains(" KiB/") || text.contains(" MiB/");
    assert!(progress(&seen.stdout), "{}", seen.stdout);
    assert!(seen.stdout.contains("no health check"), "{}", seen.stdout);

    let piped = sandbox.run(&scan(&image, &["--no-cache"])).exits(0);
    assert!(piped.stdout.contains("no health check"), "{}", piped.stdout);
    assert!(!progress(&piped.stderr), "{}", piped.stderr);
}

#[test]
fn ctrl_c_while_an_image_is_pulled_leaves_no_partial_cache() {
    let Some((_registry, line, image)) = pushed(Kind::Distribution) else {
        return;
    };
    line.slow(SLOW);
    let sandbox = Sandbox::empty();
    let json = ["-o", "json"];
    let child = command(sandbox.path(), &scan(&image, &json))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let begin = Instant::now();
    while line.carried() < (LAYER / 2) as u64 {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "nothing is pulled"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let run = interrupted(child).exits(130);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let left = sandbox.files();
    let partial = |name: &String| name.contains("unfinished") || name.starts_with("store");
    assert!(!left.iter().any(partial), "{left:?}");

    line.slow(0);
    let packages = |more: &[&str]| {
        let run = sandbox.run(&scan(&image, &[&json, more].concat())).exits(0);
        run.json()["packages"].clone()
    };
    let whole = packages(&["--no-cache"]);
    assert_eq!(packages(&[]), whole);
    assert_ne!(whole, json!([]));
}
