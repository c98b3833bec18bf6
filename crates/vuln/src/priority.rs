//! What to look at first, and why: never a bare number.
//!
//! Points are added up from what is known, and the sum is one of four
//! urgencies. What is not known counts between good and bad. The order holds:
//! anything that gets worse never lowers the urgency.
//!
//! | what | points |
//! |---|---|
//! | severity critical, high, medium, low, info | 40, 30, 20, 10, 0; 20 when nobody says |
//! | known to be exploited | 40, and 10 more when ransomware uses it |
//! | else EPSS from 50%, 10%, 1% | 25, 15, 5 |
//! | and a published exploit | 10 |
//! | usable over the network: yes, no | 5, -5 |
//! | on an exposed asset: yes, no | 10, -5 |
//! | package in use: yes, no | 5, -15 |
//! | vulnerable code in the program: yes, no | 5, -40 |
//!
//! From 65 on it is *now*, from 40 *soon*, from 20 *plan*, below *watch*.
//! Malware is always *now*. What is known to be exploited is at least *soon*;
//! what isn't in the program is at most *plan*, and so is what both isn't in
//! use and isn't known to be exploited. Whether there is a fix changes what to
//! do, and so the sentence, but not how urgent it is.

use plimsoll_model::{
    Epss, Kev, Priority, Severity, Tristate, Urgency, Vulnerability, VulnerabilityKind,
    VulnerabilityState,
};

use crate::cvss::{self, Reach};

/// What a vulnerability is judged by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// How bad it is; none when nobody says.
    pub severity: Option<Severity>,
    /// Whether the package does harm on purpose.
    pub malware: bool,
    /// CISA's entry, when it is known to be exploited.
    pub kev: Option<Kev>,
    /// The prediction that it will be exploited.
    pub epss: Option<Epss>,
    /// How many published exploits there are.
    pub exploits: usize,
    /// Whether it can be used over the network.
    pub network: Tristate,
    /// Whether the vulnerable code is in the program.
    pub reachable: Tristate,
    /// Whether the package is in use.
    pub in_use: Tristate,
    /// Whether what runs it can be reached from outside.
    pub exposed: Tristate,
    /// What a fix takes.
    pub fix: Fix,
}

/// What a fix takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fix {
    /// There is none yet.
    #[default]
    None,
    /// There will be none.
    Never,
    /// This version.
    Version(String),
    /// This version, and something beyond an upgrade.
    Needs {
        /// The version.
        version: String,
        /// What it takes: `Ubuntu Pro`.
        needs: String,
    },
}

impl Signals {
    /// What is known of a vulnerability. Nothing in it tells whether the
    /// asset is exposed.
    #[must_use]
    pub fn of(vulnerability: &Vulnerability, exposed: Tristate) -> Self {
        let v = vulnerability;
        let fix = match (&v.fixed, v.state) {
            (Some(version), _) if v.fix_needs.is_empty() => Fix::Version(version.clone()),
            (Some(version), _) => Fix::Needs {
                version: version.clone(),
                needs: v.fix_needs.clone(),
            },
            (None, VulnerabilityState::WillNotFix | VulnerabilityState::EndOfLife) => Fix::Never,
            (None, _) => Fix::None,
        };
        Signals {
            severity: v.severity,
            malware: v.kind == VulnerabilityKind::Malware,
            kev: v.kev.clone(),
            epss: v.epss,
            exploits: v.exploits.len(),
            network: network(v.severities.iter().map(|stated| stated.vector.as_str())),
            reachable: v.reachable.answer,
            in_use: v.in_use,
            exposed,
            fix,
        }
    }
}

/// Whether the first of these vectors that can be read says that it is usable
/// over the network.
pub fn network<'a>(vectors: impl IntoIterator<Item = &'a str>) -> Tristate {
    vectors
        .into_iter()
        .filter(|vector| !vector.is_empty())
        .find_map(|vector| cvss::score(vector).ok())
        .map_or(Tristate::Unknown, |cvss| {
            if cvss.reach == Reach::Network {
                Tristate::Yes
            } else {
                Tristate::No
            }
        })
}

/// How urgent it is, and why in one sentence.
#[must_use]
pub fn judge(signals: &Signals) -> Priority {
    let level = level(signals);
    Priority {
        level,
        why: why(level, signals),
    }
}

fn level(s: &Signals) -> Urgency {
    if s.malware {
        return Urgency::Now;
    }
    let level = match points(s) {
        65.. => Urgency::Now,
        40.. => Urgency::Soon,
        20.. => Urgency::Plan,
        _ => Urgency::Watch,
    };
    if s.reachable == Tristate::No {
        level.min(Urgency::Plan)
    } else if s.kev.is_some() {
        level.max(Urgency::Soon)
    } else if s.in_use == Tristate::No {
        level.min(Urgency::Plan)
    } else {
        level
    }
}

fn points(s: &Signals) -> i32 {
    let three = |state, yes: i32, no: i32| match state {
        Tristate::Yes => yes,
        Tristate::Unknown => 0,
        Tristate::No => -no,
    };
    let severity = match s.severity {
        Some(Severity::Critical) => 40,
        Some(Severity::High) => 30,
        Some(Severity::Medium) | None => 20,
        Some(Severity::Low) => 10,
        Some(Severity::Info) => 0,
    };
    let epss = match s.epss.map_or(0.0, |epss| epss.score) {
        score if score >= 0.5 => 25,
        score if score >= 0.1 => 15,
        score if score >= 0.01 => 5,
        _ => 0,
    };
    let threat = match &s.kev {
        Some(kev) if kev.ransomware => 50,
        Some(_) => 40,
        None => epss + if s.exploits > 0 { 10 } else { 0 },
    };
    severity
        + threat
        + three(s.network, 5, 5)
        + three(s.exposed, 10, 5)
        + three(s.in_use, 5, 15)
        + three(s.reachable, 5, 40)
}

/// The words an urgency begins its sentence with.
fn lead(level: Urgency) -> &'static str {
    match level {
        Urgency::Now => "Act now",
        Urgency::Soon => "Act soon",
        Urgency::Plan => "Plan it",
        Urgency::Watch => "Watch it",
    }
}

fn why(level: Urgency, s: &Signals) -> String {
    let mut because: Vec<String> = Vec::new();
    if s.malware {
        because.push("the package was published to do harm".to_owned());
    }
    match s.severity {
        Some(severity) => because.push(format!("{severity} severity")),
        None if s.malware => {}
        None => because.push("nobody states a severity".to_owned()),
    }
    if let Some(kev) = &s.kev {
        let mut text = format!("known to be exploited since {}", kev.added);
        if kev.ransomware {
            text.push_str(", also by ransomware");
        }
        if let Some(due) = kev.due {
            text.push_str(&format!(", to be fixed by {due} as CISA orders"));
        }
        because.push(text);
    }
    if let Some(epss) = s.epss.filter(|epss| epss.score.is_finite()) {
        because.push(epss_words(epss));
    }
    match s.exploits {
        0 => {}
        1 => because.push("one published exploit".to_owned()),
        many => because.push(format!("{many} published exploits")),
    }
    let say = |state, yes: &str, no: &str| match state {
        Tristate::Yes => Some(yes.to_owned()),
        Tristate::No => Some(no.to_owned()),
        Tristate::Unknown => None,
    };
    because.extend(say(
        s.network,
        "usable over the network",
        "not usable over the network",
    ));
    because.extend(say(
        s.reachable,
        "the vulnerable code is in the program",
        "the vulnerable code is not in the program",
    ));
    because.extend(say(
        s.in_use,
        "the package is in use",
        "the package is not in use",
    ));
    because.extend(say(
        s.exposed,
        "exposed to the outside",
        "not exposed to the outside",
    ));
    let fix = match &s.fix {
        Fix::None => "there is no fix yet".to_owned(),
        Fix::Never => "there will be no fix".to_owned(),
        Fix::Version(version) => format!("{version} fixes it"),
        Fix::Needs { version, needs } => format!("{version} fixes it, which needs {needs}"),
    };
    format!("{}: {}; {fix}.", lead(level), because.join(", "))
}

fn epss_words(epss: Epss) -> String {
    let score = f64::from(epss.score.clamp(0.0, 1.0)) * 100.0;
    let mut text = if score < 0.05 {
        "less than 0.1%".to_owned()
    } else {
        format!("{score:.1}%")
    };
    text.push_str(" likely to be exploited within 30 days (EPSS");
    if epss.percentile.is_finite() && epss.percentile > 0.0 {
        let rank = f64::from(epss.percentile.clamp(0.0, 1.0)) * 100.0;
        text.push_str(&format!(", above {rank:.0}% of all"));
    }
    if let Some(day) = epss.day {
        text.push_str(&format!(", {day}"));
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests;
