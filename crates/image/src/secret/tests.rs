use std::collections::BTreeSet;

use super::{kind::How, *};
use crate::{Found, analyzer::testing};

mod kinds;
mod properties;

/// What is found in a file: rule, line, excerpt.
fn found(path: &str, text: &[u8]) -> Vec<SecretHit> {
    let analyzer = &ANALYZERS[0];
    if !testing::claims(analyzer, path, text) {
        return Vec::new();
    }
    testing::run(analyzer, path, text)
        .found
        .into_iter()
        .filter_map(|found| match found {
            Found::Secret(hit) => Some(*hit),
            _ => None,
        })
        .collect()
}

fn rules_in(path: &str, text: &str) -> Vec<String> {
    found(path, text.as_bytes())
        .into_iter()
        .map(|hit| hit.rule)
        .collect()
}

#[test]
fn there_are_at_least_150_kinds_each_with_words_of_its_own() {
    let mut ids = BTreeSet::new();
    for kind in super::kinds::all() {
        let rule = &kind.rule;
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        assert!(
            rule.id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
            "{}",
            rule.id
        );
        assert!(
            !rule.title.is_empty() && !rule.title.ends_with('.'),
            "{}",
            rule.id
        );
        assert!(
            rule.why.ends_with('.') && rule.why.len() > 100,
            "{}",
            rule.id
        );
        assert!(rule.remediation.len() > 100, "{}", rule.id);
        assert!(
            !rule.mappings.is_empty() && !rule.test.is_empty(),
            "{}",
            rule.id
        );
        assert!(
            rule.references.iter().all(|at| at.starts_with("https://")),
            "{}",
            rule.id
        );
        assert_eq!(super::rule(rule.id), Some(rule));
        assert_eq!(
            kind.find.how == How::Code,
            kind.find.words.is_empty(),
            "{}",
            rule.id
        );
    }
    assert!(ids.len() >= 150, "{} kinds", ids.len());
    assert_eq!(rule("no-such-kind"), None);
}

#[test]
fn a_secret_is_told_with_its_place_and_without_its_value() {
    let token = ["dop_v1_", &"0f1e2d3c4b5a6978".repeat(4)].concat();
    let text = format!("# a\nexport DO={token} # and again {token}\n");
    let hits = found("app/run.sh", text.as_bytes());
    assert_eq!(hits.len(), 2);
    let hit = &hits[0];
    assert_eq!(hit.rule, "digitalocean-access-token");
    assert_eq!((hit.line, hit.column), (2, 11));
    assert_eq!(hit.excerpt, "export DO=******** # and again ********");
    assert_eq!(hit.fingerprint, hits[1].fingerprint);
    assert_eq!(hit.fingerprint.len(), 12);
}

#[test]
fn the_kind_with_a_shape_of_its_own_wins_over_a_name() {
    let token = ["glpat-", "kJ8sQ2mZx71pLw0RbT5y"].concat();
    let text = format!("GITLAB_TOKEN={token}\nDB_PASSWORD=hunter2hunter\n");
    assert_eq!(
        rules_in("app/.env", &text),
        ["gitlab-access-token", "generic-password"]
    );
}

#[test]
fn a_file_with_too_many_secrets_says_so() {
    let line = ["dop_v1_", &"0f1e2d3c4b5a6978".repeat(4), "\n"].concat();
    let sink = testing::run(&ANALYZERS[0], "app/a.txt", line.repeat(1_500).as_bytes());
    assert_eq!(sink.found.len(), scan::MOST_HITS);
    assert_eq!(sink.problems.len(), 1, "{:?}", sink.problems);
}

#[test]
fn github_tokens_are_told_by_their_checksum() {
    let body = "kJ8sQ2mZx71pLw0RbT5yNvCe9uGh4F";
    let checksum = checksum::crc32_base62(body.as_bytes());
    let checksum = std::str::from_utf8(&checksum).expect("digits");
    let fits = ["ghp_", body, checksum].concat();
    let wrong = ["ghp_", body, "zzzzzz"].concat();
    assert_eq!(rules_in("a.txt", &fits), ["github-token-classic"]);
    assert_eq!(rules_in("a.txt", &wrong), ["github-token-other-checksum"]);
}

#[test]
fn files_that_are_secrets_as_a_whole_are_told() {
    let hits = found(
        "app/server.p12",
        &[0x30, 0x82, 9, 9, 2, 1, 3, 0x30, 0, 1, 2],
    );
    assert_eq!(hits[0].rule, "keystore");
    assert_eq!(hits[0].excerpt, "the whole file");
}

mod configuration {
    use std::collections::BTreeMap;

    use plimsoll_model::image::{BuildStep, ImageConfig};

    use super::super::take_from;

    fn step(text: &str) -> BuildStep {
        BuildStep {
            created_by: text.to_owned(),
            ..BuildStep::default()
        }
    }

    #[test]
    fn values_are_taken_out_of_variables_labels_commands_and_history() {
        let token = ["glpat-", "kJ8sQ2mZx71pLw0RbT5y"].concat();
        let other = ["glpat-", "Zx71pLw0RbT5ykJ8sQ2m"].concat();
        let mut config = ImageConfig {
            env: vec![
                "PATH=/bin".to_owned(),
                "DB_PASSWORD=hunter2".to_owned(),
                format!("GIT_TOKEN={token}"),
                "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D".to_owned(),
            ],
            labels: BTreeMap::from([
                ("token".to_owned(), other.clone()),
                ("maintainer".to_owned(), "a team".to_owned()),
            ]),
            cmd: vec!["run".to_owned(), format!("--url=https://bot:{token}@host/")],
            history: vec![
                step("ENV DB_PASSWORD=hunter2"),
                step("RUN |1 NPM_SECRET=s3cr3t-1 /bin/sh -c npm ci # buildkit"),
                step(&format!("RUN git clone https://x:{token}@host/a.git")),
                step("CMD [\"run\"]"),
            ],
            ..ImageConfig::default()
        };
        let mut annotations = BTreeMap::from([("a".to_owned(), other.clone())]);
        let secrets = take_from(&mut config, &mut annotations);
        let told: Vec<(&str, &str)> = secrets
            .iter()
            .map(|secret| (&*secret.path, &*secret.rule))
            .collect();
        assert_eq!(
            told,
            [
                ("env:DB_PASSWORD", "secret-variable"),
                ("env:GIT_TOKEN", "gitlab-access-token"),
                ("history:NPM_SECRET", "secret-variable"),
                ("label:token", "gitlab-access-token"),
            ]
        );
        assert_eq!(
            config.env,
            [
                "PATH=/bin",
                "DB_PASSWORD=********",
                "GIT_TOKEN=********",
                "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D"
            ]
        );
        let shown = format!("{config:?} {annotations:?} {secrets:?}");
        for value in [&*token, &*other, "hunter2", "s3cr3t-1"] {
            assert!(!shown.contains(value), "{value} in {shown}");
        }
        assert_eq!(config.labels["maintainer"], "a team");
        assert_eq!(config.history[3].created_by, "CMD [\"run\"]");
        assert!(config.history[1].created_by.ends_with("npm ci # buildkit"));
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        let config = ImageConfig {
            env: vec![
                "DB_PASSWORD_FILE=/run/secrets/db".to_owned(),
                "DB_PASSWORD=${PASSWORD}".to_owned(),
                "ALLOW_EMPTY_PASSWORD=yes".to_owned(),
            ],
            history: vec![
                step("ARG TOKEN"),
                step("RUN /bin/sh -c curl https://example.com/a?b=c#d"),
            ],
            ..ImageConfig::default()
        };
        let mut after = config.clone();
        assert!(take_from(&mut after, &mut BTreeMap::new()).is_empty());
        assert_eq!(after, config);
    }
}

#[test]
fn a_secret_in_a_real_layer_is_found_and_one_taken_away_is_told_with_who_did() {
    use std::sync::Arc;

    use crate::{
        Limits,
        image::{Run, merge},
        layer,
        source::{Blob, Descriptor, Silent},
        testing::{Tar, digest, source},
    };

    let token = ["glpat-", "kJ8sQ2mZx71pLw0RbT5y"].concat();
    let layers = [
        Tar::default()
            .file("app/.env", format!("A=1\nTOKEN={token}\n"))
            .file("app/keep", format!("token {token}"))
            .done(),
        Tar::default().file("app/.wh..env", "").done(),
    ];
    let limits = Limits::default();
    let read = layers
        .into_iter()
        .enumerate()
        .map(|(at, bytes)| {
            let descriptor = Descriptor {
                media_type: String::new(),
                digest: digest(&bytes),
                size: bytes.len() as u64,
                urls: Vec::new(),
                annotations: BTreeMap::new(),
                platform: None,
            };
            let blob = Blob::At(Arc::new(bytes));
            Ok(Arc::new(layer::analyze(
                blob,
                &descriptor,
                at,
                &limits,
                &Silent,
            )))
        })
        .collect();
    let image = merge(&source(2), read, &Run::plain(&limits)).image;
    let told: Vec<_> = image
        .secrets
        .iter()
        .map(|secret| {
            (
                &*secret.path,
                &*secret.rule,
                secret.layer,
                secret.removed_by,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("app/.env", "gitlab-access-token", Some(0), Some(1)),
            ("app/keep", "gitlab-access-token", Some(0), None)
        ]
    );
    assert!(!format!("{image:?}").contains(&token));
}

#[test]
fn what_controls_want_to_know_of_files_is_marked() {
    let check = |path: &str, text: &str, expect: &[(&str, &str)]| {
        let marks = format::marks(path, text.as_bytes());
        let marks: Vec<(&str, &str)> = marks
            .iter()
            .map(|(name, detail)| (*name, &**detail))
            .collect();
        assert_eq!(marks, expect, "{path}");
    };
    check(
        "root/.bash_history",
        "ls\n\ncd /\n",
        &[("shell-history", "2 lines")],
    );
    check(
        "root/.ssh/authorized_keys",
        "# a\nssh-rsa AAAA a@b\n",
        &[("authorized-keys", "1 key")],
    );
    check("root/.ssh/authorized_keys", "# a\n", &[]);
    check(
        "etc/shadow",
        "root::1:::\nada:!:1:::\nbob:*:1:::\n",
        &[("empty-password", "user root")],
    );
    check("app/history", "a", &[]);
}
