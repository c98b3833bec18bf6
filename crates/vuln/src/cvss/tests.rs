use plimsoll_model::Severity;
use proptest::prelude::*;

use super::*;

fn both(vector: &str) -> (f64, f64) {
    let cvss = score(vector).expect(vector);
    (cvss.base, cvss.score)
}

#[test]
fn examples_of_version_2_come_to_the_scores_of_its_guide() {
    let check = |vector: &str, base: f64, score: f64| {
        assert_eq!(both(vector), (base, score), "{vector}");
    };
    // CVE-2002-0392, CVE-2003-0818, CVE-2003-0062: section 3.3 of the guide.
    check("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, 7.8);
    check("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C", 7.8, 6.4);
    check(
        "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H",
        7.8,
        9.2,
    );
    check(
        "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:N/TD:N/CR:M/IR:M/AR:H",
        7.8,
        0.0,
    );
    check("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10.0, 10.0);
    check("AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C", 10.0, 8.3);
    check(
        "AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:L",
        10.0,
        9.0,
    );
    check("CVSS2#AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2, 6.2);
    check("AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C", 6.2, 4.9);
    check(
        "AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M",
        6.2,
        7.5,
    );
    check("CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0, 0.0);
}

#[test]
fn examples_of_version_3_come_to_the_scores_of_their_documents() {
    let check = |vector: &str, expect: f64| {
        for version in ["3.0", "3.1"] {
            let vector = format!("CVSS:{version}/{vector}");
            assert_eq!(both(&vector), (expect, expect), "{vector}");
        }
    };
    check("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1); // CVE-2013-1937
    check("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4); // CVE-2013-0375
    check("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1); // CVE-2014-3566
    check("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9); // CVE-2012-1516
    check("AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2); // CVE-2009-0783
    check("AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8); // CVE-2012-0384
    check("AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8); // CVE-2015-1098
    check("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5); // CVE-2014-0160
    check("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8); // CVE-2014-6271
    check("AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8); // CVE-2008-1447
    check("AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8); // CVE-2014-2005
    check("AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 5.8); // CVE-2010-0467
    check("AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3); // CVE-2013-6014
    check("AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6); // CVE-2014-2019
    check("AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N", 7.4); // CVE-2014-0224
    check("AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H", 9.6); // CVE-2012-5376
    check("AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:N", 6.8); // CVE-2016-0128
    check("AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.5); // CVE-2016-2118
    check("AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H", 9.0); // CVE-2019-7551
    check("AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0);
}

#[test]
fn metrics_beyond_the_base_ones_change_the_score_of_version_3() {
    let full = "CVSS:3.1/AV:A/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:N/E:P/RL:T/RC:R";
    assert_eq!(both(full), (3.7, 3.3));
    let environment = format!("{full}/AR:H/MAC:H/MUI:R/MS:C/MC:L/MA:N");
    assert_eq!(both(&environment), (3.7, 3.5));
    let nothing = format!("{full}/CR:X/MAV:X");
    assert_eq!(both(&nothing), (3.7, 3.3));
}

/// FIRST's "CVSS v4.0 Examples" (<https://www.first.org/cvss/v4.0/examples>), each by
/// the vulnerability that it is of.
#[test]
fn examples_of_version_4_come_to_the_scores_of_their_document() {
    let check = |vector: &str, base: f64, score: f64| {
        assert_eq!(
            both(&format!("CVSS:4.0/{vector}")),
            (base, score),
            "{vector}"
        );
    };
    let nginx = "AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"; // CVE-2022-41741
    check(nginx, 7.3, 7.3);
    let cisco = "AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"; // CVE-2020-3549
    check(cisco, 7.7, 7.7);
    check(&format!("{cisco}/E:U"), 7.7, 5.2);
    let openshift = "AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N"; // CVE-2023-3089
    check(openshift, 8.3, 8.3);
    check(
        &format!("{openshift}/CR:H/IR:L/AR:L/MAV:N/MAC:H/MVC:H/MVI:L/MVA:L"),
        8.3,
        8.1,
    );
    let acrobat = "AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"; // CVE-2021-44714
    check(acrobat, 4.6, 4.6);
    let log4j = "AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"; // CVE-2021-44228
    check(log4j, 10.0, 10.0);
    let openssl = "AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:A"; // CVE-2014-0160
    check(openssl, 8.7, 8.7);
    check(
        "AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
        0.0,
        0.0,
    );
}

#[test]
fn reach_and_level_come_with_the_score() {
    let check = |vector: &str, reach: Reach, level: Severity| {
        let cvss = score(vector).expect(vector);
        assert_eq!((cvss.reach, cvss.level), (reach, level), "{vector}");
    };
    let v3 = |av: &str| format!("CVSS:3.1/AV:{av}/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
    check(&v3("N"), Reach::Network, Severity::Critical);
    check(&v3("A"), Reach::Adjacent, Severity::High);
    check(&v3("L"), Reach::Local, Severity::High);
    check(&v3("P"), Reach::Physical, Severity::Medium);
    check(&format!("{}/MAV:L", v3("N")), Reach::Local, Severity::High);
    // Version 2 knows no critical.
    check("AV:N/AC:L/Au:N/C:C/I:C/A:C", Reach::Network, Severity::High);
    check("AV:N/AC:L/Au:N/C:N/I:N/A:N", Reach::Network, Severity::Info);
    assert!(Reach::Network > Reach::Local);
}

#[test]
fn what_is_no_vector_is_refused_with_its_reason() {
    let check = |vector: &str, expect: &str| {
        let error = score(vector).expect_err(vector).to_string();
        assert_eq!(error, expect, "{vector}");
    };
    check("", "`` in a CVSS vector is not `metric:value`");
    check("high", "`high` in a CVSS vector is not `metric:value`");
    check(
        "CVSS:5.0/AV:N",
        "CVSS version `5.0` is not known: 2.0, 3.0, 3.1 and 4.0 are",
    );
    check(
        "CVSS:3.1/AV:N/AC:L",
        "CVSS 3.1 vector has no `PR`, which is mandatory",
    );
    check(
        "CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS 3.1 vector has `AV` twice",
    );
    check(
        "CVSS:3.1/AV:F/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS 3.1: `F` is no attack vector",
    );
    check(
        &"A".repeat(600),
        "a CVSS vector of 600 bytes; none has more than 512",
    );
    for vector in [
        "CVSS:3.1/AV:N/AC:Q/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:S/SI:N/SA:N",
        "AV:N/AC:L/Au:N/C:N/I:N/A:C/XX:1",
        "AV:P/AC:L/Au:N/C:N/I:N/A:C",
    ] {
        assert!(score(vector).is_err(), "{vector}");
    }
}

/// Any value for each of these metrics, and sometimes none.
fn vector() -> impl Strategy<Value = String> {
    let optional = |names: &'static str| {
        let names: Vec<&str> = names.split(' ').collect();
        let parts: Vec<_> = names
            .into_iter()
            .map(|name| {
                proptest::sample::select(vec!["", "N", "L", "H", "A", "P", "X", "U", "C", "M"])
                    .prop_map(move |value| match value {
                        "" => String::new(),
                        value => format!("/{name}:{value}"),
                    })
            })
            .collect();
        parts.prop_map(|parts| parts.concat())
    };
    prop_oneof![
        optional("AV AC PR UI S C I A E RL RC CR IR AR MAV MAC MPR MUI MS MC MI MA")
            .prop_map(|rest| format!("CVSS:3.1{rest}")),
        optional("AV AC AT PR UI VC VI VA SC SI SA E CR IR AR MAV MVC MSI MSA")
            .prop_map(|rest| format!("CVSS:4.0{rest}")),
        optional("AV AC Au C I A E TD").prop_map(|rest| rest.trim_start_matches('/').to_owned()),
        ".{0,60}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_scores_within_bounds_or_is_refused(text in vector()) {
        if let Ok(cvss) = score(&text) {
            prop_assert!((0.0..=10.0).contains(&cvss.base));
            prop_assert!((0.0..=10.0).contains(&cvss.score));
            prop_assert_eq!(cvss.level, level(cvss.version, cvss.score));
        }
    }

    #[test]
    fn every_whole_vector_of_version_4_has_a_score(
        picks in proptest::collection::vec(0_usize..4, 11),
        beyond in proptest::collection::vec(0_usize..5, 15),
    ) {
        let base = ["NALP", "LH", "NP", "NLH", "NPA", "HLN", "HLN", "HLN", "HLN", "HLN", "HLN"];
        let names = Version::V4.mandatory();
        let mut text = "CVSS:4.0".to_owned();
        for ((name, values), pick) in names.iter().zip(base).zip(picks) {
            let at = pick % values.len();
            text.push_str(&format!("/{name}:{}", &values[at..=at]));
        }
        let more = [
            ("E", "XAPU"), ("CR", "XHML"), ("IR", "XHML"), ("AR", "XHML"), ("MAV", "XNALP"),
            ("MAC", "XLH"), ("MAT", "XNP"), ("MPR", "XNLH"), ("MUI", "XNPA"), ("MVC", "XHLN"),
            ("MVI", "XHLN"), ("MVA", "XHLN"), ("MSC", "XHLN"), ("MSI", "XSHLN"), ("MSA", "XSHLN"),
        ];
        for ((name, values), pick) in more.iter().zip(beyond) {
            let at = pick % values.len();
            text.push_str(&format!("/{name}:{}", &values[at..=at]));
        }
        let scored = score(&text);
        prop_assert!(scored.is_ok(), "{text}: {scored:?}");
    }
}
