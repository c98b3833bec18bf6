//! Ctrl-C.

use std::{io::Write, process::Stdio, time::Duration};

use crate::{
    images::{RELEASE, Tar, config, saved},
    support::{NOW, Sandbox, command, interrupted},
};

#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing_behind() {
    let sandbox = Sandbox::of("shop");
    // It waits for standard input, with the state's lock in its hands.
    let child = command(sandbox.path(), &["check", "-", "--state", "state.json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lock = sandbox.path().join("state.json.lock");
    let is_held = || std::fs::metadata(&lock).is_ok_and(|lock| lock.len() > 0);
    while !is_held() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let run = interrupted(child).exits(130);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert_eq!(
        sandbox.files(),
        ["goals.yaml", "state.json.lock", "web.yaml", "worker.yaml"],
        "no half-written file is left"
    );
    // The lock went with it.
    sandbox
        .run(&["check", "--state", "state.json", "--lock-timeout", "0s"])
        .exits(2);
}

#[test]
fn ctrl_c_while_an_image_is_read_leaves_no_partial_cache() {
    let sandbox = Sandbox::empty();
    let layers = ["a", "b"].map(|name| {
        Tar::default()
            .file("etc/os-release", RELEASE)
            .file(name, &"x".repeat(1 << 20))
            .done()
    });
    let bytes = saved("shop/web:1", &config("1", &layers), &layers);
    std::fs::write(sandbox.path().join("web.tar"), &bytes).expect("writable");
    let scan = |target: &'static str, more: &[&'static str]| {
        let args = [
            "image",
            "scan",
            target,
            "--no-vulnerabilities",
            "--now",
            NOW,
            "-o",
            "json",
        ];
        let kept = ["--cache-dir", "cache", "--store-dir", "store"];
        [&args, &kept[..], more].concat()
    };
    let mut child = command(sandbox.path(), &scan("-", &[]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // It is in the second layer when the pipe has taken half of that.
    let mut pipe = child.stdin.take().expect("it is piped");
    pipe.write_all(&bytes[..bytes.len() * 3 / 4])
        .expect("it reads");
    let run = interrupted(child).exits(130);
    drop(pipe);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let left = sandbox.files();
    assert!(
        !left
            .iter()
            .any(|name| name.contains("unfinished") || name.ends_with(".summary")),
        "{left:?}"
    );
    assert!(
        !left.iter().any(|name| name.starts_with("store")),
        "{left:?}"
    );
    // What was kept, if anything, is whole: the same comes of it as of nothing.
    let with_cache = sandbox.run(&scan("web.tar", &[])).exits(0);
    let without = sandbox.run(&scan("web.tar", &["--no-cache"])).exits(0);
    assert_eq!(with_cache.stdout, without.stdout);
}
