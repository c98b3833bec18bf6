//! One table of what decodes and one of what is said when it does not.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::{Limits, Source, load};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Goal {
    #[serde(rename = "apiVersion")]
    api: String,
    kind: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    max: u32,
    #[serde(default)]
    ratio: Option<f64>,
    #[serde(default)]
    require: Vec<Clause>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    ports: BTreeMap<u16, bool>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    pair: Option<(u8, String)>,
}

#[derive(Debug, Deserialize, PartialEq, Default)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Off,
    Audit,
    DenyAll,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Clause {
    Configuration {
        baseline: String,
        #[serde(default)]
        max: u32,
    },
    Nothing,
    Exposure(u32),
}

fn decode(rest: &str) -> Result<Goal, DecodeError> {
    let text = format!("apiVersion: v1\nkind: Goal\n{rest}");
    let limits = Limits::default();
    let source = Source::new("g.yaml", text.into_bytes(), &limits).expect("small UTF-8");
    let loaded = load(&source, &limits);
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    from_node(loaded.documents.first().expect("one object").root())
}

#[test]
fn values_that_fit() {
    let goal = decode(
        "owner: \"12\"\nmax: 0x10\nratio: 1\nrequire:\n- configuration: {baseline: 2027-01-31}\n- nothing\n- exposure: 3\n\
         labels: {a: b}\nports: {80: yes}\nmode: off\npair: [1, x]\n",
    )
    .expect("it fits");
    assert_eq!(goal.owner.as_deref(), Some("12"));
    assert_eq!(goal.max, 16);
    assert_eq!(goal.ratio, Some(1.0));
    assert_eq!(
        goal.require,
        [
            Clause::Configuration {
                baseline: "2027-01-31".to_owned(),
                max: 0
            },
            Clause::Nothing,
            Clause::Exposure(3)
        ]
    );
    assert_eq!(goal.ports.get(&80), Some(&true));
    assert_eq!(goal.mode, Mode::Off);
    assert_eq!(goal.pair, Some((1, "x".to_owned())));
    assert_eq!(decode("owner:\n").expect("null is none").owner, None);
}

#[test]
fn what_is_said_when_a_value_does_not_fit() {
    let check = |text: &str, message: &str, path: &str| {
        let error = decode(text).expect_err(text);
        assert_eq!(
            (error.to_string().as_str(), error.path.to_string().as_str()),
            (message, path),
            "{text}"
        );
    };
    check(
        "maxx: 1\n",
        "g.yaml:3:1: unknown field `maxx`; the fields here are `apiVersion`, `kind`, `owner`, `max`, `ratio`, \
         `require`, `labels`, `ports`, `mode`, `pair` (did you mean `max`?)",
        "maxx",
    );
    check(
        "owner: 12\n",
        "g.yaml:3:8: a string was expected, but here is a whole number `12`; put it in quotes",
        "owner",
    );
    check(
        "labels: {a: yes}\n",
        "g.yaml:3:13: a string was expected, but here is a boolean `yes`; put it in quotes",
        "labels.a",
    );
    check(
        "labels:\n  a/b:\n",
        "g.yaml:4:3: a string was expected, but here is nothing",
        "labels[\"a/b\"]",
    );
    check(
        "max: many\n",
        "g.yaml:3:6: a whole number was expected, but here is a string `many`",
        "max",
    );
    check(
        "max: -1\n",
        "g.yaml:3:6: a whole number from 0 was expected, but here is a whole number `-1`",
        "max",
    );
    check(
        "max: 1.5\n",
        "g.yaml:3:6: a whole number was expected, but here is a number `1.5`",
        "max",
    );
    check(
        "require: {}\n",
        "g.yaml:3:10: a list was expected, but here is a mapping",
        "require",
    );
    check(
        "require:\n- konfiguration: {}\n",
        "g.yaml:4:3: unknown value `konfiguration`; the values here are `configuration`, `nothing`, `exposure` \
         (did you mean `configuration`?)",
        "require[0].konfiguration",
    );
    check(
        "require:\n- nothing\n- configuration: {max: 1}\n",
        "g.yaml:5:18: the field `baseline` is missing",
        "require[1].configuration",
    );
    check(
        "require:\n- exposure: 1\n  nothing:\n",
        "g.yaml:5:3: only one of `configuration`, `nothing`, `exposure` can stand in one mapping, but `nothing` follows",
        "require[0].nothing",
    );
    check(
        "require: [exposure]\n",
        "g.yaml:3:11: `exposure` needs a value: write `exposure: ...`",
        "require[0]",
    );
    check(
        "mode: deny\n",
        "g.yaml:3:7: unknown value `deny`; the values here are `off`, `audit`, `deny-all`",
        "mode",
    );
    check(
        "ports: {a: yes}\n",
        "g.yaml:3:9: a whole number was expected as key, but here is `a`",
        "ports.a",
    );
    check(
        "pair: [1]\n",
        "g.yaml:3:7: a list of 2 items was expected, but this one has 1",
        "pair",
    );
}

#[test]
fn a_near_name_is_suggested_and_a_far_one_is_not() {
    let check = |found: &str, name: Option<&str>| {
        assert_eq!(
            error::nearest(found, &["severity", "max", "within", "baseline"]),
            name,
            "{found}"
        );
    };
    check("severty", Some("severity"));
    check("Max", Some("max"));
    check("whitin", Some("within"));
    check("colour", None);
    check("x", None);
}
