//! Which files are read.

use crate::support::{NOW, Run, Sandbox, deployment};

/// The assets a scan of everything finds something on, by name.
fn names(run: &Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    let mut names: Vec<String> = findings
        .iter()
        .map(|finding| {
            finding["object"]["name"]
                .as_str()
                .expect("a name")
                .to_owned()
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn scan(sandbox: &Sandbox, args: &[&str]) -> Run {
    let base = [
        "scan",
        "--control",
        "pss-privileged",
        "--now",
        NOW,
        "-o",
        "json",
    ];
    sandbox.run(&[&base, args].concat())
}

#[test]
fn ignore_files_hidden_folders_and_endings_are_respected() {
    let sandbox = Sandbox::empty();
    for name in ["a", "git", "ign", "own", "hidden", "vendor", "text", "up"] {
        let file = match name {
            "a" => "a.yaml".to_owned(),
            "hidden" => ".cache/hidden.yaml".to_owned(),
            "vendor" => "deep/vendor/vendor.yml".to_owned(),
            "text" => "text.txt".to_owned(),
            "up" => "UP.YAML".to_owned(),
            _ => format!("{name}.yaml"),
        };
        sandbox.write(&file, &deployment(name, true));
    }
    sandbox.write(".gitignore", "git.yaml\n");
    sandbox.write(".ignore", "ign.yaml\n");
    sandbox.write(".plimsollignore", "own.yaml\n");
    assert_eq!(
        names(&scan(&sandbox, &["."]).exits(0)),
        ["a", "up", "vendor"]
    );
    assert_eq!(
        names(&scan(&sandbox, &[".", "--exclude", "vendor/"]).exits(0)),
        ["a", "up"]
    );
    assert_eq!(
        names(&scan(
            &sandbox,
            &[".", "--exclude", "/deep", "--exclude", "*.YAML"]
        )),
        ["a"]
    );
    // A file that is named is read, whatever ignores it.
    let named = scan(&sandbox, &["git.yaml", "text.txt", ".cache/hidden.yaml"]).exits(0);
    assert_eq!(names(&named), ["git", "hidden", "text"]);
}

#[test]
fn no_file_is_read_twice() {
    let sandbox = Sandbox::empty();
    sandbox.write("deep/a.yaml", &deployment("a", true));
    let once = scan(&sandbox, &["deep"]).exits(0);
    for paths in [
        ["deep", "deep"],
        ["deep", "deep/a.yaml"],
        ["./deep/../deep/a.yaml", "deep"],
    ] {
        assert_eq!(
            scan(&sandbox, &paths).exits(0).stdout,
            once.stdout,
            "{paths:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let outside = Sandbox::empty();
    outside.write("out.yaml", &deployment("out", true));
    let sandbox = Sandbox::empty();
    sandbox.write("..data/in.yaml", &deployment("in", true));
    let link = |target: &std::path::Path, name: &str| {
        symlink(target, sandbox.path().join(name)).expect("linkable");
    };
    link(std::path::Path::new("..data/in.yaml"), "in.yaml");
    link(&outside.path().join("out.yaml"), "out.yaml");
    link(std::path::Path::new("nowhere.yaml"), "dangling.yaml");
    let run = scan(&sandbox, &["."]).exits(0);
    assert_eq!(names(&run), ["in"]);
    let report = run.json();
    assert_eq!(report["coverage"]["skipped"], 2, "{run}");
    let gaps: Vec<_> = report["coverage"]["gaps"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|g| &g["file"])
        .collect();
    assert_eq!(gaps, ["dangling.yaml", "out.yaml"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_can_not_be_listed_is_counted() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::empty();
    sandbox.write("a.yaml", &deployment("a", true));
    sandbox.write("closed/b.yaml", &deployment("b", true));
    let closed = sandbox.path().join("closed");
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&closed, permissions).expect("settable");
    };
    mode(0o000);
    let readable = std::fs::read_dir(&closed).is_ok();
    let run = scan(&sandbox, &["."]);
    mode(0o755);
    if readable {
        // Whoever may read everything sees no closed folder.
        assert_eq!(names(&run.exits(0)), ["a", "b"]);
    } else {
        let run = run.exits(3);
        assert_eq!(run.json()["coverage"]["failed"], 1, "{run}");
    }
}

#[test]
fn goals_of_the_own_folder_are_found_from_anywhere() {
    let goal = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: mine}\n\
                spec:\n  owner: me\n  assets: {all: true}\n  require:\n    - configuration: \
                {controls: [pss-privileged], max: 0}\n";
    let sandbox = Sandbox::empty();
    sandbox.write("deploy/a.yaml", &deployment("a", true));
    sandbox.write(".plimsoll/goals.yaml", goal);
    sandbox.write(
        "deploy/.plimsoll/more.yaml",
        &goal.replace("mine", "theirs"),
    );
    let goals = |run: Run| -> Vec<String> {
        let report = run.json();
        let goals = report["goals"].as_array().expect("a list");
        goals
            .iter()
            .map(|goal| goal["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let json = ["-o", "json", "--now", NOW];
    let check = |args: &[&str], expect: &[&str]| {
        let run = sandbox.run(&[&["check"], args, &json].concat()).exits(2);
        assert_eq!(goals(run), expect, "{args:?}");
    };
    check(&["deploy"], &["mine", "theirs"]);
    check(&["."], &["mine", "theirs"]);
    check(&[], &["mine", "theirs"]);
    // A line that is given replaces them.
    sandbox.write("line/goal.yaml", &goal.replace("mine", "given"));
    check(&["deploy", "--goals", "line"], &["given"]);
}
