//! What `plimsoll cluster watch` writes: a line for each thing that happened,
//! for a person or as JSON.

use plimsoll_assess::live::{Change, Closed, Flip, Live, Told, Transition};
use plimsoll_model::{Timestamp, Verdict};
use plimsoll_report::Style;
use serde_json::{Value, json};

use crate::{args::WatchFormat, exit::Failure, output, term};

/// Findings of one change that a person is shown; the others are counted.
const SHOWN: usize = 20;

/// What happened since the start.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    changes: u64,
    flips: u64,
    opened: u64,
    closed: u64,
}

impl Summary {
    /// Counts what one change brought.
    pub fn add(&mut self, transition: &Transition) {
        self.changes += u64::from(transition.changed);
        self.flips += transition.flips.len() as u64;
        self.opened += transition.opened.len() as u64 + transition.opened_more;
        self.closed += transition.closed.len() as u64 + transition.closed_more;
    }
}

/// Writes lines to standard output.
pub struct Teller {
    format: WatchFormat,
    verbose: bool,
}

impl Teller {
    pub fn new(format: WatchFormat, style: Style) -> Self {
        Teller {
            format,
            verbose: style.verbosity == plimsoll_report::Verbosity::Verbose,
        }
    }

    fn line(
        &self,
        at: Timestamp,
        text: impl FnOnce() -> String,
        value: Value,
    ) -> Result<(), Failure> {
        let line = match self.format {
            WatchFormat::Terminal => format!("{} {}", clock(at), term::printable(&text())),
            WatchFormat::Json => value.to_string(),
        };
        output::stdout(|out| writeln!(out, "{line}"))
    }

    /// What is there when the watching begins.
    pub fn begin(&mut self, live: &Live) -> Result<(), Failure> {
        let at = live.now();
        let goals = live.standings();
        self.line(
            at,
            || {
                format!(
                    "watching {} objects and {} goals",
                    live.objects(),
                    goals.len()
                )
            },
            json!({"type": "begin", "at": at, "objects": live.objects(), "goals": goals.len()}),
        )?;
        self.standings(live)
    }

    fn standings(&self, live: &Live) -> Result<(), Failure> {
        for goal in live.standings() {
            let name = &goal.goal.metadata.name;
            self.line(
                live.now(),
                || format!("goal {name} is {}", goal.verdict),
                json!({"type": "goal", "at": live.now(), "goal": name, "verdict": goal.verdict.as_str()}),
            )?;
        }
        Ok(())
    }

    /// Which kinds can't be seen any more, or are seen again.
    pub fn gaps(&mut self, changes: &[Change], at: Timestamp) -> Result<(), Failure> {
        for change in changes {
            match change {
                Change::Gap(gap) => self.line(
                    at,
                    || format!("{} can't be seen: {}; {}", gap.kind, gap.reason, gap.remedy),
                    json!({"type": "gap", "at": at, "kind": &*gap.kind, "namespace": gap.namespace.as_deref(), "reason": gap.reason, "remedy": gap.remedy}),
                )?,
                Change::Seen(kind, namespace) => self.line(
                    at,
                    || format!("{kind} is seen again"),
                    json!({"type": "seen", "at": at, "kind": &**kind, "namespace": namespace.as_deref()}),
                )?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What a change brought.
    pub fn transition(&mut self, transition: &Transition) -> Result<(), Failure> {
        let at = transition.at;
        let shown = match (self.format, self.verbose) {
            (WatchFormat::Terminal, false) => SHOWN,
            _ => usize::MAX,
        };
        for told in transition.opened.iter().take(shown) {
            self.line(
                at,
                || finding("+", told, "new"),
                told_json("opened", at, told, None),
            )?;
        }
        for Closed {
            finding: told,
            reason,
        } in transition.closed.iter().take(shown)
        {
            let reason = reason.as_str();
            self.line(
                at,
                || finding("-", told, reason),
                told_json("closed", at, told, Some(reason)),
            )?;
        }
        let more = |named: usize, more: u64| named.saturating_sub(shown) as u64 + more;
        let opened = more(transition.opened.len(), transition.opened_more);
        let closed = more(transition.closed.len(), transition.closed_more);
        if opened + closed > 0 {
            self.line(
                at,
                || format!("and {opened} more new, {closed} more gone"),
                json!({"type": "more", "at": at, "opened": opened, "closed": closed}),
            )?;
        }
        for flip in &transition.flips {
            self.line(at, || flipped(flip), flip_json(flip))?;
        }
        Ok(())
    }

    /// How it stands when the watching ends.
    pub fn end(&mut self, live: &Live, summary: &Summary) -> Result<(), Failure> {
        self.standings(live)?;
        let at = live.now();
        let Summary {
            changes,
            flips,
            opened,
            closed,
        } = summary;
        self.line(
            at,
            || format!("stopped after {changes} changes: {flips} verdicts flipped, {opened} findings came, {closed} went"),
            json!({"type": "end", "at": at, "changes": changes, "flips": flips, "opened": opened, "closed": closed}),
        )
    }
}

/// `20:15:07`.
fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    let time = text.split_once('T').map_or("", |(_, time)| time);
    time.chars().take(8).collect()
}

fn finding(sign: &str, told: &Told, why: &str) -> String {
    format!(
        "{sign} {} {} on {}: {} ({why})",
        told.severity, told.rule, told.asset, told.message
    )
}

fn told_json(sort: &str, at: Timestamp, told: &Told, reason: Option<&str>) -> Value {
    let mut value = json!({
        "type": sort,
        "at": at,
        "finding": told.id.to_string(),
        "rule": told.rule,
        "severity": told.severity.to_string(),
        "asset": told.asset.to_string(),
        "message": &*told.message,
        "firstSeen": told.first_seen,
    });
    if let Some(reason) = reason {
        value["reason"] = reason.into();
    }
    value
}

fn flipped(flip: &Flip) -> String {
    let word = |verdict: Option<Verdict>, none| verdict.map_or(none, Verdict::as_str);
    let mut text = format!(
        "goal {}: {} -> {}",
        flip.goal,
        word(flip.from, "new"),
        word(flip.to, "gone")
    );
    if !flip.because.text.is_empty() {
        text.push_str(": ");
        text.push_str(&flip.because.text);
    }
    text
}

fn flip_json(flip: &Flip) -> Value {
    let assets: Vec<Value> = flip
        .because
        .assets
        .iter()
        .map(|moved| {
            json!({
                "asset": moved.asset.to_string(),
                "because": moved.because,
                "finding": moved.finding.map(|id| id.to_string()),
            })
        })
        .collect();
    json!({
        "type": "flip",
        "at": flip.at,
        "goal": flip.goal,
        "from": flip.from.map(Verdict::as_str),
        "to": flip.to.map(Verdict::as_str),
        "because": flip.because.text,
        "moved": flip.because.moved,
        "assets": assets,
    })
}
