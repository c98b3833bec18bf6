//! Events of OSV to intervals of versions.
//!
//! <https://ossf.github.io/osv-schema/#evaluation>: events are ordered by
//! version, whatever their order in the record; from an `introduced` on
//! versions are affected, up to the next `fixed` or `last_affected`.

use serde_json::Value;

use super::super::{bounds, tree};
use crate::{
    Scheme,
    advisory::{End, Range},
    version,
};

enum Event {
    Introduced,
    Fixed,
    Last,
}

/// The intervals of one range of a record.
///
/// # Errors
/// An event is malformed, or there are too many.
pub(super) fn ranges(range: &Value, scheme: Scheme) -> Result<Vec<Range>, String> {
    let found = tree::items(range, "events");
    bounds::at_most(found.len(), bounds::RANGES, "events of a range")?;
    let mut events: Vec<(String, Event)> = Vec::new();
    for event in found {
        let event = event.as_object().ok_or("an event is no object")?;
        for (kind, value) in event {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return Err(format!("the event `{kind}` names no version")),
            };
            let version = bounds::word(&text).map_err(|why| format!("a version {why}"))?;
            match kind.as_str() {
                "introduced" => events.push((version, Event::Introduced)),
                "fixed" => events.push((version, Event::Fixed)),
                // Up to there the record says something: not beyond.
                "limit" if version != "*" => events.push((version, Event::Fixed)),
                "limit" => {}
                "last_affected" => events.push((version, Event::Last)),
                _ => return Err(format!("an event `{kind}` is not known")),
            }
        }
    }
    if events.is_empty() {
        return Err("a range has no events".to_owned());
    }
    events.sort_by(|(a, kind_a), (b, kind_b)| {
        let zero =
            |version: &str, kind: &Event| matches!(kind, Event::Introduced) && version == "0";
        zero(b, kind_b)
            .cmp(&zero(a, kind_a))
            .then_with(|| version::compare(scheme, a, b))
    });
    Ok(intervals(events, last_known(range)))
}

fn intervals(events: Vec<(String, Event)>, last_known: Option<End>) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    // None: not affected here. Some(None): affected from the first version on.
    let starts = !events
        .iter()
        .any(|(_, kind)| matches!(kind, Event::Introduced));
    let mut open: Option<Option<String>> = starts.then_some(None);
    for (version, kind) in events {
        let end = match kind {
            Event::Introduced => {
                if open.is_none() {
                    open = Some((version != "0").then_some(version));
                }
                continue;
            }
            Event::Fixed => End::Fixed(version),
            Event::Last => End::LastAffected(version),
        };
        match open.take() {
            Some(introduced) => ranges.push(Range {
                introduced,
                end: Some(end),
            }),
            // A record may give both: the fix says more.
            None => {
                if let (
                    Some(Range {
                        end: Some(last), ..
                    }),
                    End::Fixed(_),
                ) = (ranges.last_mut(), &end)
                    && matches!(last, End::LastAffected(_))
                {
                    *last = end;
                }
            }
        }
    }
    if let Some(introduced) = open {
        ranges.push(Range {
            introduced,
            end: last_known,
        });
    }
    ranges
}

/// GitHub's own range says how far it is known to be affected where no fix is:
/// `database_specific.last_known_affected_version_range`, `<= 1.2.3`.
fn last_known(range: &Value) -> Option<End> {
    let specific = range.get("database_specific")?;
    last_known_text(tree::text(specific, "last_known_affected_version_range"))
}

/// The same, where it stands beside the ranges.
pub(super) fn last_known_text(text: &str) -> Option<End> {
    let text = text.trim();
    if let Some(version) = text.strip_prefix("<=") {
        return Some(End::LastAffected(bounds::word(version).ok()?));
    }
    let version = text.strip_prefix('<')?;
    Some(End::Fixed(bounds::word(version).ok()?))
}

/// Whether one of the ranges has the version.
pub(super) fn covered(ranges: &[Range], scheme: Scheme, version: &str) -> bool {
    ranges.iter().any(|range| {
        let after = range
            .introduced
            .as_deref()
            .is_none_or(|from| version::compare(scheme, version, from).is_ge());
        after
            && match &range.end {
                None => true,
                Some(End::Fixed(end)) => version::compare(scheme, version, end).is_lt(),
                Some(End::LastAffected(end)) => version::compare(scheme, version, end).is_le(),
            }
    })
}
