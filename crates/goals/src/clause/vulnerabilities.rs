//! Known vulnerabilities in the images of an asset.

use plimsoll_model::{
    AdvisoryFacts, AssetKind, Finding, FindingKind, ImageFacts, Period, Tristate,
    resource::VulnerabilitiesClause,
};

use super::{Context, Event, Judged, Parts, counted::Count, images};
use crate::{notes::Noted, words};

/// How old advisories may be where the clause does not say.
const MAX_FEED_AGE: Period = Period::days(30);
/// What is said of a cluster or node that was compared with no advisories.
const NOT_COMPARED: &str = "what it runs on was compared with no advisories: look at the cluster with `plimsoll cluster scan --db FILE`";
/// How many reasons of one image are told.
const NAMED: usize = 3;

pub(super) fn judge(
    clause: &VulnerabilitiesClause,
    asset: u32,
    context: &Context<'_>,
    mandatory: bool,
    events: &mut Vec<Event>,
    noted: &mut Noted,
) -> Judged {
    let facts = &context.facts.assets[asset as usize];
    let findings = context
        .index
        .findings_of(asset)
        .iter()
        .chain(context.index.findings_of_images(asset))
        .copied()
        .filter(|&finding| counts(clause, &context.facts.findings[finding as usize]));
    let count = Count {
        max: clause.max,
        within: clause.within,
        noun: "vulnerability",
    };
    let mut parts = Parts {
        unknown: images::unknown(facts, context),
        ..Parts::default()
    };
    let of_image = |name: &str, image: &ImageFacts, parts: &mut Parts| match &image.advisories {
        Ok(advisories) => unknown(clause, &format!("image {name}"), advisories, context, parts),
        Err(why) => parts.unknown.push(format!("image {name}: {why}")),
    };
    images::each(facts, context, &mut parts, of_image);
    // They have no images: what they run on is told by themselves.
    if matches!(facts.asset.kind, AssetKind::Cluster | AssetKind::Node) {
        let id = &facts.asset.id;
        match context.facts.components.and_then(|known| known.get(id)) {
            Some(advisories) => {
                let name = format!("{} {}", facts.asset.kind, facts.asset.object.name);
                unknown(clause, &name, advisories, context, &mut parts);
            }
            None => parts.unknown.push(NOT_COMPARED.to_owned()),
        }
    }
    parts.unknown.extend(ungraded(clause, asset, context));
    let again = parts.again;
    let judged = count.judge(findings, parts.unknown, context, mandatory, events, noted);
    Judged { again, ..judged }
}

/// Whether the clause is about this finding.
fn counts(clause: &VulnerabilitiesClause, finding: &Finding) -> bool {
    let is_one = matches!(
        finding.kind,
        FindingKind::Vulnerability | FindingKind::Malware
    );
    let Some(v) = finding.vulnerability.as_ref().filter(|_| is_one) else {
        return false;
    };
    let exploited = v.kev.is_some();
    // A score is not given before it is computed: the bound is on what is known.
    let epss = v.epss.map_or(0.0, |epss| f64::from(epss.score));
    clause
        .severity
        .is_none_or(|bound| bound.includes(finding.severity))
        && clause.fixable.is_none_or(|wanted| v.is_fixable() == wanted)
        && clause.exploited.is_none_or(|wanted| exploited == wanted)
        && clause.epss.is_none_or(|least| epss >= least)
        && clause
            .reachable
            .is_none_or(|wanted| (v.reachable.answer != Tristate::No) == wanted)
}

/// A bound on the severity says nothing of vulnerabilities that nobody has
/// graded.
fn ungraded(clause: &VulnerabilitiesClause, asset: u32, context: &Context<'_>) -> Option<String> {
    clause.severity?;
    let any = VulnerabilitiesClause {
        severity: None,
        ..clause.clone()
    };
    let index = context.index;
    let all = index.findings_of(asset).iter();
    let ungraded: Vec<&str> = all
        .chain(index.findings_of_images(asset))
        .map(|&finding| &context.facts.findings[finding as usize])
        .filter(|finding| finding.waiver.is_none() && counts(&any, finding))
        .filter_map(|finding| finding.vulnerability.as_ref())
        .filter(|v| v.severity.is_none())
        .map(|v| &*v.id)
        .collect();
    (!ungraded.is_empty()).then(|| {
        format!(
            "nobody says how bad {} is: add a feed that does, such as `nvd`",
            words::list(ungraded, NAMED)
        )
    })
}

/// Why vulnerabilities of this image, node or cluster may be missing.
fn unknown(
    clause: &VulnerabilitiesClause,
    name: &str,
    advisories: &AdvisoryFacts,
    context: &Context<'_>,
    parts: &mut Parts,
) {
    let reasons = &advisories.unknown;
    parts.unknown.extend(
        reasons
            .iter()
            .take(NAMED)
            .map(|why| format!("{name}: {why}")),
    );
    if reasons.len() > NAMED {
        let more = words::count((reasons.len() - NAMED) as u64, "more reason");
        parts
            .unknown
            .push(format!("{name}: {more} why vulnerabilities may be missing"));
    }
    if clause.exploited.is_some() && !advisories.knows_exploited {
        parts.unknown.push(format!(
            "{name}: the database has no list of exploited vulnerabilities: add the feed `cisa-kev`"
        ));
    }
    if clause.epss.is_some() && !advisories.knows_epss {
        parts.unknown.push(format!(
            "{name}: the database has no predictions of exploitation: add the feed `epss`"
        ));
    }
    let age = clause.max_feed_age.unwrap_or(MAX_FEED_AGE);
    match advisories.as_of {
        Some(as_of) if age.after(as_of) < context.now => parts.unknown.push(format!(
            "{name}: advisories are of {}, older than {age}: update the database",
            words::when(as_of)
        )),
        Some(as_of) => parts.holds_until(age.after(as_of), context.now),
        None => {}
    }
}

/// The clause in words.
pub(super) fn text(clause: &VulnerabilitiesClause) -> String {
    let choose =
        |yes: bool, then: &str, otherwise: &str| if yes { then } else { otherwise }.to_owned();
    let mut parts: Vec<String> = Vec::new();
    parts.extend(clause.severity.map(|bound| format!("severity {bound}")));
    parts.extend(
        clause
            .fixable
            .map(|yes| choose(yes, "fixable", "without a fix")),
    );
    parts.extend(
        clause
            .exploited
            .map(|yes| choose(yes, "exploited", "not exploited")),
    );
    parts.extend(clause.epss.map(|epss| format!("EPSS at least {epss}")));
    parts.extend(
        clause
            .reachable
            .map(|yes| choose(yes, "reachable", "not reachable")),
    );
    parts.push(format!("max {}", clause.max));
    parts.extend(clause.within.map(|within| format!("within {within}")));
    parts.extend(
        clause
            .max_feed_age
            .map(|age| format!("by advisories of the last {age}")),
    );
    format!("vulnerabilities {}", parts.join(", "))
}
