//! The fix plan in the files: what it clears, and what it leaves alone.

use std::process::{Command, Stdio};

use crate::support::{NOW, Sandbox, copy, fixtures, run_with_stdin};

#[test]
fn written_fixes_clear_the_violations_and_keep_every_other_byte() {
    let sandbox = Sandbox::of("shop");
    sandbox.run(&["check", "--now", NOW]).exits(2);
    let before = sandbox.read("web.yaml");
    let run = sandbox.run(&["fix", "--write", "--now", NOW]).exits(0);
    assert_eq!(run.stdout, "");
    let after = sandbox.read("web.yaml");
    assert_eq!(
        after,
        before.replace(
            "allowPrivilegeEscalation: true   # left",
            "allowPrivilegeEscalation: false   # left"
        ),
        "only the one value changes, its comment stays: {run}"
    );
    let report = sandbox
        .run(&["check", "--now", NOW, "-o", "json"])
        .exits(0)
        .json();
    let goal = &report["goals"][1];
    assert_eq!(goal["name"], "storefront-restricted");
    assert_eq!(
        (&goal["verdict"], &goal["counts"]["violated"]),
        (&"met".into(), &0.into())
    );
    // There is nothing left, and a second run changes nothing.
    let again = sandbox.run(&["fix", "--write", "--now", NOW]).exits(0);
    assert_eq!(
        again.stderr,
        "note: nothing to fix: every target is reached\n"
    );
    assert_eq!(sandbox.read("web.yaml"), after);
    assert_eq!(sandbox.files(), ["goals.yaml", "web.yaml", "worker.yaml"]);
}

/// Applies a patch with the tool that is there, or says loudly that there is
/// none.
fn apply(folder: &std::path::Path, patch: &str) -> bool {
    let tools: [&[&str]; 2] = [&["patch", "-p1", "--batch"], &["git", "apply", "-"]];
    for tool in tools {
        let child = Command::new(tool[0])
            .args(&tool[1..])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { continue };
        use std::io::Write;
        let mut pipe = child.stdin.take().expect("it is piped");
        pipe.write_all(patch.as_bytes()).expect("it reads");
        drop(pipe);
        assert!(
            child.wait().expect("it ends").success(),
            "{tool:?} refuses:\n{patch}"
        );
        return true;
    }
    println!("SKIPPED: neither `patch` nor `git` is here, so no diff was applied");
    false
}

/// The files of a folder with their texts.
fn texts(sandbox: &Sandbox) -> Vec<(String, String)> {
    let is_manifest = |name: &String| name.ends_with(".yaml") || name.ends_with(".json");
    let names = sandbox.files().into_iter().filter(is_manifest);
    names
        .map(|name| (name.clone(), sandbox.read(&name)))
        .collect()
}

#[test]
fn a_diff_applied_gives_the_bytes_that_write_gives() {
    let shop = fixtures().join("../../../../examples/shop");
    let check = |what: &str, fill: &dyn Fn(&Sandbox)| {
        let (written, patched) = (Sandbox::empty(), Sandbox::empty());
        fill(&written);
        fill(&patched);
        let diff = patched
            .run(&["fix", ".", "--diff", "--now", NOW])
            .exits(0)
            .stdout;
        assert!(diff.contains("+++ b/"), "{what}: {diff}");
        if apply(patched.path(), &diff) {
            written.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
            assert_eq!(texts(&patched), texts(&written), "{what}");
        }
    };
    check("the small shop", &|sandbox| {
        copy(&fixtures().join("shop"), sandbox.path())
    });
    check("the example", &|sandbox| copy(&shop, sandbox.path()));
    check("no newline at the end, CRLF, a BOM", &|sandbox| {
        copy(&fixtures().join("shop"), sandbox.path());
        let web = sandbox.read("web.yaml");
        let deployment = web.split("---\n").next().expect("the first document");
        sandbox.write(
            "web.yaml",
            &format!("\u{feff}{}", web.replace('\n', "\r\n")),
        );
        let privileged = deployment
            .replace("name: web", "name: tail")
            .replace("app: web", "app: tail");
        sandbox.write("tail.yaml", privileged.trim_end());
        sandbox.write(
            "goals.yaml",
            &sandbox
                .read("goals.yaml")
                .replace("class: storefront", "all: true"),
        );
    });
}

#[test]
fn a_missing_object_becomes_a_new_file() {
    let check = |write: bool| {
        let sandbox = Sandbox::of("shop");
        sandbox.write(
            "goals.yaml",
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: fenced}\nspec:\n  \
             owner: platform\n  assets: {all: true}\n  require:\n    - configuration: {controls: \
             [network-policy-missing], max: 0}\n",
        );
        if write {
            sandbox.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
        } else {
            let diff = sandbox
                .run(&["fix", ".", "--diff", "--now", NOW])
                .exits(0)
                .stdout;
            assert!(diff.contains("--- /dev/null\n"), "{diff}");
            if !apply(sandbox.path(), &diff) {
                return;
            }
        }
        sandbox.run(&["check", ".", "--now", NOW]).exits(0);
        assert!(
            sandbox
                .files()
                .iter()
                .any(|name| name.starts_with("plimsoll-")),
            "a new file"
        );
    };
    check(true);
    check(false);
}

#[test]
fn what_can_not_be_written_is_refused() {
    let web = crate::support::read(&fixtures().join("shop/web.yaml"));
    let args = [
        "fix",
        "-",
        "--goals",
        "shop/goals.yaml",
        "--write",
        "--now",
        NOW,
    ];
    let run = run_with_stdin(&args, web.as_bytes()).exits(1);
    assert_eq!(
        run.stderr,
        "error: standard input can't be edited: use --diff, or name the files in place of -\n"
    );
    let args = [
        "fix",
        "-",
        "--goals",
        "shop/goals.yaml",
        "--diff",
        "--now",
        NOW,
    ];
    assert!(
        run_with_stdin(&args, web.as_bytes())
            .exits(0)
            .stdout
            .contains("+++ b/-")
    );
}

#[cfg(unix)]
#[test]
fn permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::of("shop");
    let path = sandbox.path().join("web.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("settable");
    sandbox.run(&["fix", "--write", "--now", NOW]).exits(0);
    let mode = std::fs::metadata(&path)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}
