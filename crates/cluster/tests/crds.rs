//! The custom resource definitions against a real API server: it takes them, it
//! takes what the parser takes, and refuses what the parser refuses.

use std::path::Path;

use plimsoll_manifest::{Limits, Source, load};
use plimsoll_model::resource;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;

fn server() -> Option<cluster::Cluster> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match cluster::program(&repo) {
        Ok(program) => Some(cluster::Cluster::start(&program).expect("the API server starts")),
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            None
        }
    }
}

/// Installs the definitions and waits until they are served.
fn install(server: &cluster::Cluster) {
    for (name, text) in plimsoll_model::crd::files() {
        server
            .apply(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for (name, _) in plimsoll_model::crd::all() {
        let wait = server
            .kubectl(&[
                "wait",
                "--for=condition=Established",
                "--timeout=60s",
                &format!("crd/{name}"),
            ])
            .expect("what the test itself does works");
        assert!(wait.status.success(), "{name}");
        // What is not structural is only a condition.
        let said = server
            .kubectl(&["get", "crd", &name, "-o", "jsonpath={.status.conditions}"])
            .expect("what the test itself does works");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(!said.contains("NonStructuralSchema"), "{name}: {said}");
    }
}

/// What our own parser says: none when it takes it.
fn parsed(text: &str) -> Option<String> {
    let limits = Limits::default();
    let source = Source::new("r.yaml", text.as_bytes().to_vec(), &limits)
        .expect("what the test itself does works");
    let loaded = load(&source, &limits);
    loaded.errors.first().map(ToString::to_string).or_else(|| {
        loaded
            .documents
            .iter()
            .filter(|document| resource::is_resource(document))
            .find_map(|document| resource::parse(document).err())
            .map(|error| error.to_string())
    })
}

fn goal(spec: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: t}}\nspec: {spec}\n"
    )
}

fn other(kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: t}}\nspec: {spec}\n"
    )
}

/// A document, and what the server's refusal says of it; none where it is
/// taken.
fn documents() -> Vec<(String, Option<&'static str>)> {
    let with = |clause: &str| {
        goal(&format!(
            "{{owner: a, assets: {{all: true}}, require: [{clause}]}}"
        ))
    };
    let more = |fields: &str| {
        goal(&format!(
            "{{owner: a, assets: {{all: true}}, require: [{{exposure: {{internet: false}}}}], {fields}}}"
        ))
    };
    vec![
        (with("{exposure: {internet: false}}"), None),
        (
            with("{vulnerabilities: {severity: '>=high', fixable: true, max: 0, within: 14d}}"),
            None,
        ),
        (with("{vulnerabilities: {epss: 0.5}}"), None),
        (
            with("{coverage: {imageScan: 24h, admission: enforcing}}"),
            None,
        ),
        (
            more("target: 99.5%, due: 2027-03-31, ramp: {start: 2026-12-01, from: 80%}"),
            None,
        ),
        (
            more("window: 30d, mandatory: true, reviewBy: 2027-01-31"),
            None,
        ),
        (more("enforce: {admission: deny, remediate: patch}"), None),
        (more("window: 1h"), None),
        (more("window: 59m60s"), None),
        (more("window: 59m59s"), Some("a window is at least `1h`")),
        (
            other(
                "AssetClass",
                "{rank: 10, match: {namespaces: [a], labels: {tier: front}}}",
            ),
            None,
        ),
        (
            other(
                "Baseline",
                "{version: '1', include: [{control: pss-privileged}]}",
            ),
            None,
        ),
        (
            other(
                "PostureException",
                "{owner: a, reason: b, expires: 2027-01-31, assets: {namespaces: [a]}, controls: ['*']}",
            ),
            None,
        ),
        (
            goal("{owner: a, assets: {all: true}, require: []}"),
            Some("should have at least 1"),
        ),
        (
            goal("{owner: a, assets: {all: true}}"),
            Some("require: Required value"),
        ),
        (
            goal("{assets: {all: true}, require: [{exposure: {internet: false}}]}"),
            Some("owner: Required value"),
        ),
        (
            goal(
                "{owner: a, assets: {all: true, class: b}, require: [{exposure: {internet: false}}]}",
            ),
            Some("name exactly one of"),
        ),
        (
            goal("{owner: a, assets: {all: false}, require: [{exposure: {internet: false}}]}"),
            Some("write `all: true`"),
        ),
        (
            with("{exposure: {internet: false}, image: {maxAge: 90d}}"),
            Some("name exactly one of"),
        ),
        (with("{}"), Some("name exactly one of")),
        (
            with("{exposure: {}}"),
            Some("names `attackPaths` or `internet`"),
        ),
        (
            with("{configuration: {max: 0}}"),
            Some("names a `baseline` or `controls`"),
        ),
        (with("{vulnerabilities: {epss: 1.5}}"), Some("epss")),
        (with("{vulnerabilities: {within: soon}}"), Some("within")),
        (with("{vulnerabilities: {severity: bad}}"), Some("severity")),
        (
            with("{coverage: {sensor: tired}}"),
            Some("Unsupported value"),
        ),
        (
            with("{exposure: {internett: false}}"),
            Some("unknown field"),
        ),
        (
            more("ramp: {start: 2026-12-01, from: 80%}"),
            Some("leads to a `due` day"),
        ),
        (
            more("due: 2026-11-01, ramp: {start: 2026-12-01, from: 80%}"),
            Some("starts before the `due` day"),
        ),
        (
            more("target: 70%, due: 2027-11-01, ramp: {start: 2026-12-01, from: 80%}"),
            Some("the ramp leads up"),
        ),
        (more("target: 120%"), Some("target")),
        (more("reviewBy: never"), Some("reviewBy")),
        (other("AssetClass", "{rank: 0}"), Some("rank")),
        (
            other("AssetClass", "{rank: 1, desciption: b}"),
            Some("unknown field"),
        ),
        (
            other("Baseline", "{version: 'a@b'}"),
            Some("may not contain `@`"),
        ),
        (
            other(
                "PostureException",
                "{owner: a, reason: b, expires: 2027-01-31}",
            ),
            Some("an exception names what it accepts"),
        ),
        (
            other(
                "PostureException",
                "{owner: a, reason: b, expires: 2027-01-31, findings: [x]}",
            ),
            Some("findings"),
        ),
    ]
}

#[test]
fn the_server_takes_and_refuses_what_the_parser_does() {
    let Some(server) = server() else { return };
    install(&server);
    let mut wrong = Vec::new();
    for (at, (text, expect)) in documents().into_iter().enumerate() {
        let ours = parsed(&text);
        if ours.is_some() != expect.is_some() {
            wrong.push(format!("the parser says {ours:?} of\n{text}"));
        }
        let file = server.folder().join(format!("document-{at}.yaml"));
        std::fs::write(&file, &text).expect("what the test itself does works");
        let output = server
            .kubectl(&[
                "create",
                "--dry-run=server",
                "--validate=strict",
                "-f",
                &file.display().to_string(),
            ])
            .expect("what the test itself does works");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match expect {
            None if !output.status.success() => wrong.push(format!("refused: {said}\n{text}")),
            Some(expect) if output.status.success() || !said.contains(expect) => {
                wrong.push(format!("`{expect}` is not in: {said}\n{text}"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // A status can be written by its subresource alone, and shows in the list.
    server
        .apply(&goal(
            "{owner: team-a, assets: {all: true}, require: [{exposure: {internet: false}}]}",
        ))
        .expect("what the test itself does works");
    let patch = r#"{"status": {"verdict": "breached", "attainment": "75%", "counts": {"violated": 1, "unknown": 2}}}"#;
    let patched = server
        .kubectl(&[
            "patch",
            "goal",
            "t",
            "--subresource=status",
            "--type=merge",
            "-p",
            patch,
        ])
        .expect("what the test itself does works");
    assert!(
        patched.status.success(),
        "{}",
        String::from_utf8_lossy(&patched.stderr)
    );
    let listed = server
        .kubectl(&["get", "posturegoals"])
        .expect("what the test itself does works");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut lines = listed.lines();
    let words = |line: Option<&str>| -> Vec<String> {
        line.unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        words(lines.next()),
        [
            "NAME",
            "OWNER",
            "VERDICT",
            "ATTAINMENT",
            "BREACHES",
            "UNVERIFIED",
            "AGE"
        ]
    );
    assert_eq!(
        words(lines.next())[..6],
        ["t", "team-a", "breached", "75%", "1", "2"]
    );
}

/// The YAML of a page that begins as a resource of ours.
fn examples_of(page: &str) -> Vec<String> {
    page.split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .filter(|text| text.contains("apiVersion: plimsoll.dev/v1alpha1"))
        .filter(|text| !text.contains("kind: Config\n"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_resource_of_the_examples_and_the_reference_is_taken() {
    let Some(server) = server() else { return };
    install(&server);
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts: Vec<String> = ["baseline", "goals", "exceptions", "classes"]
        .iter()
        .map(|name| text(&repo.join(format!("examples/shop/goals/{name}.yaml"))))
        .collect();
    texts.extend(examples_of(&text(&repo.join("docs/goal-language.md"))));
    assert!(texts.len() > 4);
    for text in texts {
        let file = server.folder().join("example.yaml");
        std::fs::write(&file, &text).expect("what the test itself does works");
        let output = server
            .kubectl(&[
                "create",
                "--dry-run=server",
                "--validate=strict",
                "-f",
                &file.display().to_string(),
            ])
            .expect("what the test itself does works");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}\n{text}");
    }
}

fn text(path: &Path) -> String {
    use std::io::BufRead;
    let file =
        std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = std::io::BufReader::new(file).lines();
    lines
        .map(|line| line.expect("what the test itself does works") + "\n")
        .collect()
}
