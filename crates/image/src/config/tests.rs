use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Parsed {
    parse(text.as_bytes(), &Limits::default()).expect(text)
}

#[test]
fn a_configuration_of_docker_is_read_whole() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let parsed = read(&format!(
        r#"{{
          "created": "2024-01-02T03:04:05Z", "author": "a team", "os": "linux",
          "architecture": "arm64", "variant": "v8", "docker_version": "20.10",
          "config": {{
            "User": "10001:0", "Env": ["PATH=/bin", "A=b"], "Entrypoint": ["/app"],
            "Cmd": null, "WorkingDir": "/srv", "ExposedPorts": {{"8080/tcp": {{}}, "22/tcp": {{}}}},
            "Volumes": {{"/data": {{}}}}, "Labels": {{"a": "b"}},
            "Healthcheck": {{"Test": ["CMD", "true"], "Interval": 1}}, "StopSignal": "SIGTERM"
          }},
          "rootfs": {{"type": "layers", "diff_ids": ["{digest}"]}},
          "history": [
            {{"created": "2024-01-01T00:00:00Z", "created_by": "ADD file", "comment": "c"}},
            {{"created_by": "CMD", "empty_layer": true}}
          ]
        }}"#
    ));
    assert_eq!(parsed.problems, [""; 0]);
    assert_eq!(parsed.platform.to_string(), "linux/arm64/v8");
    let config = &parsed.config;
    assert_eq!(config.created.as_deref(), Some("2024-01-02T03:04:05Z"));
    assert_eq!(config.user, "10001:0");
    assert_eq!(config.env, ["PATH=/bin", "A=b"]);
    assert_eq!(config.entrypoint, ["/app"]);
    assert!(config.cmd.is_empty());
    assert_eq!(config.exposed_ports, ["22/tcp", "8080/tcp"]);
    assert_eq!(config.volumes, ["/data"]);
    assert_eq!(config.labels["a"], "b");
    assert_eq!(config.healthcheck, ["CMD", "true"]);
    assert_eq!(config.stop_signal, "SIGTERM");
    assert_eq!(config.history.len(), 2);
    assert!(config.history[1].empty_layer);
    assert_eq!(parsed.diff_ids, [Some(Digest([0xab; 32]))]);
}

#[test]
fn a_wrong_field_is_told_and_leaves_the_others() {
    let check = |text: &str, problem: &str| {
        let parsed = read(text);
        assert_eq!(parsed.problems.len(), 1, "{text}: {:?}", parsed.problems);
        assert!(
            parsed.problems[0].contains(problem),
            "{:?}",
            parsed.problems
        );
        assert_eq!(parsed.platform.os, "linux");
    };
    check(r#"{"os":"linux","config":3}"#, "`config`");
    check(r#"{"os":"linux","config":{"Env":"A=b"}}"#, "`config.Env`");
    check(r#"{"os":"linux","config":{"Env":["A",1]}}"#, "`config.Env`");
    check(r#"{"os":"linux","config":{"User":0}}"#, "`config.User`");
    check(
        r#"{"os":"linux","config":{"Labels":{"a":{}}}}"#,
        "`config.Labels`",
    );
    check(r#"{"os":"linux","history":{}}"#, "`history`");
    check(r#"{"os":"linux","history":[3]}"#, "`history[0]`");
    check(
        r#"{"os":"linux","history":[{"created_by":[]}]}"#,
        "`history[0].created_by`",
    );
    check(
        r#"{"os":"linux","rootfs":{"diff_ids":{}}}"#,
        "`rootfs.diff_ids`",
    );
    check(
        r#"{"os":"linux","rootfs":{"diff_ids":["sha512:00"]}}"#,
        "algorithm sha512",
    );
    check(
        r#"{"os":"linux","rootfs":{"diff_ids":["x"]}}"#,
        "rootfs.diff_ids[0]",
    );
}

#[test]
fn odd_forms_that_clients_wrote_are_understood() {
    let parsed = read(
        r#"{"config":{"Entrypoint":"/run.sh","ExposedPorts":["80/tcp"],"Labels":{"a":null},
            "Healthcheck":{"Test":["NONE"]},"Volumes":null},"history":null,"rootfs":null}"#,
    );
    assert_eq!(parsed.problems, [""; 0]);
    assert_eq!(parsed.config.entrypoint, ["/run.sh"]);
    assert_eq!(parsed.config.exposed_ports, ["80/tcp"]);
    assert_eq!(parsed.config.labels["a"], "");
    assert!(parsed.config.healthcheck.is_empty());
}

#[test]
fn what_is_no_configuration_is_an_error() {
    for bad in ["", "[]", "null", "{", "\"a\"", "{\"a\":1}x"] {
        assert!(parse(bad.as_bytes(), &Limits::default()).is_err(), "{bad}");
    }
    let limits = Limits {
        document_bytes: 3,
        ..Limits::default()
    };
    let error = parse(b"{  }", &limits).expect_err("four bytes");
    assert!(error.to_string().contains("at most 3"), "{error}");
}

#[test]
fn steps_are_brought_together_with_layers() {
    let step = |empty_layer| BuildStep {
        empty_layer,
        ..BuildStep::default()
    };
    let check = |steps: &[bool], layers, expect: &[Option<usize>], fits| {
        let history: Vec<BuildStep> = steps.iter().map(|&empty| step(empty)).collect();
        let (are, problem) = steps_of_layers(&history, layers);
        assert_eq!(are, expect);
        assert_eq!(problem.is_none(), fits, "{problem:?}");
    };
    check(&[false, true, false], 2, &[Some(0), Some(2)], true);
    check(&[false, true], 2, &[Some(0), None], false);
    check(&[false, false], 1, &[Some(0)], false);
    check(&[], 2, &[None, None], true);
    check(&[true], 0, &[], true);
}

proptest! {
    #[test]
    fn it_never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn it_never_panics_on_json_of_other_shapes(
        key in prop::sample::select(vec!["config", "history", "rootfs", "os", "created"]),
        inner in prop::sample::select(vec!["Env", "diff_ids", "Labels", "User", "created_by"]),
        value in prop::sample::select(vec!["1", "null", "[]", "{}", "[[]]", "\"a\"", "[null]", "true"]),
    ) {
        let text = format!("{{\"{key}\": {{\"{inner}\": {value}}}}}");
        prop_assert!(parse(text.as_bytes(), &Limits::default()).is_ok());
        let text = format!("{{\"{key}\": [{{\"{inner}\": {value}}}]}}");
        prop_assert!(parse(text.as_bytes(), &Limits::default()).is_ok());
    }
}
