use plimsoll_model::Date;
use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn kev(ransomware: bool) -> Kev {
    Kev {
        added: day("2021-12-10"),
        due: Some(day("2021-12-24")),
        ransomware,
        name: "Log4Shell".to_owned(),
    }
}

fn epss(score: f32) -> Epss {
    Epss {
        score,
        percentile: 0.96,
        day: Some(day("2026-08-16")),
    }
}

#[test]
fn a_priority_is_explained_in_one_sentence_with_numbers_and_dates() {
    let check = |signals: &Signals, level: Urgency, why: &str| {
        let priority = judge(signals);
        assert_eq!((priority.level, priority.why.as_str()), (level, why));
    };
    let high = Signals {
        severity: Some(Severity::High),
        network: Tristate::Yes,
        fix: Fix::Version("1.2.3".to_owned()),
        ..Signals::default()
    };
    check(
        &high,
        Urgency::Plan,
        "Plan it: high severity, usable over the network; 1.2.3 fixes it.",
    );
    check(
        &Signals {
            epss: Some(epss(0.123)),
            exploits: 1,
            ..high.clone()
        },
        Urgency::Soon,
        "Act soon: high severity, 12.3% likely to be exploited within 30 days (EPSS, above 96% of \
         all, 2026-08-16), one published exploit, usable over the network; 1.2.3 fixes it.",
    );
    check(
        &Signals {
            kev: Some(kev(true)),
            fix: Fix::None,
            ..high.clone()
        },
        Urgency::Now,
        "Act now: high severity, known to be exploited since 2021-12-10, also by ransomware, to be \
         fixed by 2021-12-24 as CISA orders, usable over the network; there is no fix yet.",
    );
    check(
        &Signals {
            severity: Some(Severity::Critical),
            kev: Some(kev(false)),
            reachable: Tristate::No,
            fix: Fix::Needs {
                version: "2".to_owned(),
                needs: "Ubuntu Pro".to_owned(),
            },
            ..Signals::default()
        },
        Urgency::Plan,
        "Plan it: critical severity, known to be exploited since 2021-12-10, to be fixed by \
         2021-12-24 as CISA orders, the vulnerable code is not in the program; 2 fixes it, which \
         needs Ubuntu Pro.",
    );
    check(
        &Signals {
            epss: Some(epss(0.0001)),
            fix: Fix::Never,
            in_use: Tristate::No,
            ..Signals::default()
        },
        Urgency::Watch,
        "Watch it: nobody states a severity, less than 0.1% likely to be exploited within 30 days \
         (EPSS, above 96% of all, 2026-08-16), the package is not in use; there will be no fix.",
    );
    check(
        &Signals {
            malware: true,
            ..Signals::default()
        },
        Urgency::Now,
        "Act now: the package was published to do harm; there is no fix yet.",
    );
}

#[test]
fn the_first_vector_that_can_be_read_tells_the_reach() {
    let local = "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H";
    let network_vector = "AV:N/AC:L/Au:N/C:C/I:C/A:C";
    assert_eq!(network(["", "broken", local, network_vector]), Tristate::No);
    assert_eq!(network([network_vector, local]), Tristate::Yes);
    assert_eq!(network(["broken"]), Tristate::Unknown);
}

/// Signals, each from a scale that goes from good to bad.
fn at(scale: &[usize; 9]) -> Signals {
    let three = [Tristate::No, Tristate::Unknown, Tristate::Yes];
    let severity = [
        Some(Severity::Info),
        Some(Severity::Low),
        None,
        Some(Severity::High),
        Some(Severity::Critical),
    ];
    let scores = [0.0, 0.005, 0.02, 0.2, 0.9];
    Signals {
        severity: severity[scale[0] % 5],
        malware: scale[1] == 4,
        kev: [None, Some(kev(false)), Some(kev(true))][scale[2] % 3].clone(),
        epss: Some(epss(scores[scale[3] % 5])),
        exploits: scale[4],
        network: three[scale[5] % 3],
        reachable: three[scale[6] % 3],
        in_use: three[scale[7] % 3],
        exposed: three[scale[8] % 3],
        fix: Fix::None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn worse_never_lowers_the_urgency(
        scale in proptest::array::uniform9(0_usize..3),
        step in 0_usize..9,
        by in 1_usize..3,
    ) {
        let mut worse = scale;
        worse[step] = (worse[step] + by).min(if [0, 1, 3, 4].contains(&step) { 4 } else { 2 });
        let (before, after) = (judge(&at(&scale)), judge(&at(&worse)));
        prop_assert!(after.level >= before.level, "{} then {}", before.why, after.why);
        prop_assert!(!after.why.trim_end_matches('.').contains(". "), "one sentence");
    }

    #[test]
    fn any_score_is_judged(score in proptest::num::f32::ANY, percentile in proptest::num::f32::ANY) {
        let signals = Signals {
            epss: Some(Epss { score, percentile, day: None }),
            ..Signals::default()
        };
        prop_assert!(judge(&signals).why.ends_with('.'));
    }
}
