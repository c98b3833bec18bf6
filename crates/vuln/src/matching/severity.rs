//! Whose word on the severity counts: that of whoever makes the package, then
//! of whoever names the vulnerability, then of whoever collects them.

use plimsoll_model::{Severity, StatedSeverity};

use crate::{
    advisory::{Advisory, SeverityStatement},
    cvss,
    lookup::Head,
};

/// At most so many are kept.
const MOST: usize = 20;

/// What is said of the severity by `own`, the records that say the package is
/// affected (the one that counts first), and by `others`, further records of
/// the vulnerability. And the level of the first that gives one.
pub(super) fn of<'a>(
    own: impl IntoIterator<Item = &'a Advisory>,
    others: &'a [Head],
) -> (Option<Severity>, Vec<StatedSeverity>) {
    let mut ranked: Vec<(u8, u8, &SeverityStatement)> = Vec::new();
    for advisory in own {
        let said = advisory.severities.iter();
        ranked.extend(said.map(|said| (collector(said), form(said), said)));
    }
    // Within one source the order of its record counts no further than this.
    ranked.sort_by_key(|(rank, form, _)| (*rank, *form));
    let mut further: Vec<(u8, u8, &SeverityStatement)> = Vec::new();
    for other in others {
        for said in &other.record.severities {
            // Another distribution's word is about its own package.
            let rank = if other.of_distribution {
                4
            } else {
                2 + collector(said)
            };
            further.push((rank, form(said), said));
        }
    }
    further.sort_by(|a, b| {
        let key = |of: &(u8, u8, &'a SeverityStatement)| (of.0, of.1);
        let words = |of: &(u8, u8, &'a SeverityStatement)| (&of.2.by, &of.2.word, &of.2.vector);
        key(a).cmp(&key(b)).then_with(|| words(a).cmp(&words(b)))
    });
    ranked.extend(further);
    let mut result: Vec<StatedSeverity> = Vec::new();
    for (_, _, said) in ranked {
        let is_known = result.iter().any(|known| {
            known.by == said.by && known.word == said.word && known.vector == said.vector
        });
        if is_known || result.len() >= MOST {
            continue;
        }
        result.push(stated(said));
    }
    let level = result.iter().find_map(|said| said.level);
    (level, result)
}

/// The National Vulnerability Database judges all products from outside.
fn collector(said: &SeverityStatement) -> u8 {
    u8::from(said.by == "nvd")
}

/// A level in words before vectors, and of those the newest version's first.
fn form(said: &SeverityStatement) -> u8 {
    let newest = ["CVSS:4", "CVSS:3.1", "CVSS:3.0"];
    match &*said.vector {
        _ if said.level.is_some() => 0,
        "" => 5,
        vector => newest
            .iter()
            .position(|prefix| vector.starts_with(prefix))
            .map_or(4, |at| at as u8 + 1),
    }
}

fn stated(said: &SeverityStatement) -> StatedSeverity {
    // What can't be scored is shown as it is.
    let scored = cvss::score(&said.vector).ok();
    StatedSeverity {
        by: said.by.clone(),
        word: said.word.clone(),
        level: said.level.or(scored.map(|scored| scored.level)),
        vector: said.vector.clone(),
        score: scored.map(|scored| scored.score),
    }
}
