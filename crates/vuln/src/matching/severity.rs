//! Whose word on the severity counts: that of whoever makes the package, then
//! of whoever names the vulnerability, then of whoever collects them.

use plimsoll_model::{Severity, StatedSeverity};

use crate::advisory::{Advisory, Origin, SeverityStatement};

/// At most so many are kept.
const MOST: usize = 20;

/// What is said of the severity by `own`, the records that say the package is
/// affected (the one that counts first), and by `others`, further records of
/// the vulnerability. And the level of the first that gives one.
pub(super) fn of<'a>(
    own: impl IntoIterator<Item = &'a Advisory>,
    others: impl IntoIterator<Item = &'a Advisory>,
) -> (Option<Severity>, Vec<StatedSeverity>) {
    let mut ranked: Vec<(u8, &SeverityStatement)> = Vec::new();
    for advisory in own {
        ranked.extend(
            advisory
                .severities
                .iter()
                .map(|said| (collector(said), said)),
        );
    }
    let mut further: Vec<(u8, &SeverityStatement)> = Vec::new();
    for advisory in others {
        // Another distribution's word is about its own package.
        let elsewhere = advisory
            .affected
            .iter()
            .any(|affected| matches!(affected.origin, Origin::Distribution { .. }));
        for said in &advisory.severities {
            let rank = if elsewhere { 4 } else { 2 + collector(said) };
            further.push((rank, said));
        }
    }
    further.sort_by(|a, b| {
        (a.0, &a.1.by, &a.1.word, &a.1.vector).cmp(&(b.0, &b.1.by, &b.1.word, &b.1.vector))
    });
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.extend(further);
    let mut result: Vec<StatedSeverity> = Vec::new();
    for (_, said) in ranked {
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

fn stated(said: &SeverityStatement) -> StatedSeverity {
    StatedSeverity {
        by: said.by.clone(),
        word: said.word.clone(),
        level: said.level,
        vector: said.vector.clone(),
        score: None,
    }
}
