//! Ctrl-C.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{Sandbox, command, finish};

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
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("`kill` is on every Unix").success());
    let run = finish(child.wait_with_output().expect("it ends")).exits(130);
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
