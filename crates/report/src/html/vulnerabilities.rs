//! Vulnerabilities by image: which package has what, whether it is exploited,
//! what to do.

use std::collections::BTreeSet;

use plimsoll_model::{
    FindingKind, ObjectRef,
    wire::{FindingReport, VulnerabilityReport},
};
use rustc_hash::FxHashMap;

use super::{
    escape::esc,
    page::{Page, severity_tone},
};
use crate::{
    text::{count, number},
    vulnerability, words,
};

/// A section for each image, in the order of its first finding.
pub(super) fn section(page: &mut Page, findings: &[&FindingReport], total: u64) {
    let mut order: Vec<(&ObjectRef, Vec<&FindingReport>)> = Vec::new();
    let mut index: FxHashMap<&ObjectRef, usize> = FxHashMap::default();
    for finding in findings {
        let next = order.len();
        let at = *index.entry(&finding.object).or_insert(next);
        if at == next {
            order.push((&finding.object, Vec::new()));
        }
        order[at].1.push(finding);
    }
    for (at, (object, findings)) in order.iter().enumerate() {
        image(page, at, object, findings);
    }
    let left = total.saturating_sub(findings.len() as u64);
    if left > 0 {
        page.raw(&format!(
            "<p class=\"muted\">and {} more, none worse than these; the JSON report has all</p>",
            number(left)
        ));
    }
}

fn image(page: &mut Page, at: usize, object: &ObjectRef, findings: &[&FindingReport]) {
    let packages: BTreeSet<&str> = findings
        .iter()
        .filter_map(|finding| Some(finding.vulnerability.as_ref()?.package.purl.as_str()))
        .collect();
    let of = |holds: fn(&VulnerabilityReport) -> bool| {
        let known = findings.iter().filter_map(|f| f.vulnerability.as_deref());
        known.filter(|v| holds(v)).count() as u64
    };
    let suppressed = findings
        .iter()
        .filter(|finding| words::accepted(finding).is_some())
        .count() as u64;
    page.raw(&format!(
        "<section aria-labelledby=\"vulnerable-{at}\"><h2 id=\"vulnerable-{at}\">\
         Vulnerabilities in {}</h2><p class=\"sub\">{} in {}: {} with a fix, {} known exploited, \
         {} suppressed.</p><div class=\"box\"><table class=\"rows vulns sortable\"><thead><tr>\
         <th scope=\"col\">Severity</th><th scope=\"col\">Vulnerability</th>\
         <th scope=\"col\">Package</th><th scope=\"col\">EPSS</th><th scope=\"col\">Exploited</th>\
         <th scope=\"col\">Why, and what to do</th></tr></thead><tbody>\n",
        esc(&object.to_string()),
        number(findings.len() as u64),
        count(packages.len() as u64, "package"),
        number(of(|v| v.fixed.is_some())),
        number(of(|v| v.kev.is_some())),
        number(suppressed),
    ));
    for finding in findings {
        if let Some(v) = finding.vulnerability.as_deref() {
            row(page, finding, v);
        }
    }
    page.raw("</tbody></table></div></section>\n");
}

fn row(page: &mut Page, finding: &FindingReport, v: &VulnerabilityReport) {
    let severity = finding.severity;
    let malware = match finding.kind {
        FindingKind::Malware => " <span class=\"pill bad\">malicious</span>",
        _ => "",
    };
    let mut names = format!("<code>{}</code>", esc(&v.vulnerability));
    if !v.aliases.is_empty() {
        let aliases = esc(&v.aliases.join(", "));
        names.push_str(&format!("<div class=\"muted\">{aliases}</div>"));
    }
    let package = &v.package;
    let (key, epss) = match (&v.epss, vulnerability::epss(v)) {
        (Some(epss), Some(text)) => (epss.score, esc(&text)),
        _ => (-1.0, "<span class=\"none\">no EPSS</span>".to_owned()),
    };
    let (known, exploited) = match vulnerability::exploited(v) {
        Some(text) => (2, format!("<b>{}</b>", esc(&text))),
        None if !v.exploits.is_empty() => (1, "exploit published".to_owned()),
        None => (0, "<span class=\"none\">not known</span>".to_owned()),
    };
    page.raw(&format!(
        "<tr data-severity=\"{severity}\"><td><span class=\"pill {}\">{severity}</span>{malware}\
         </td><td>{names}</td><td title=\"{}\">{} {}</td><td data-key=\"{key}\">{epss}</td>\
         <td data-key=\"{known}\">{exploited}</td><td>{}</td></tr>\n",
        severity_tone(severity),
        esc(&package.purl),
        esc(&package.name),
        esc(&package.version),
        advice(finding, v),
    ));
}

/// Why it comes where it comes, and what can be had against it.
fn advice(finding: &FindingReport, v: &VulnerabilityReport) -> String {
    let mut text = esc(vulnerability::why(v));
    if vulnerability::why(v) != v.summary && !v.summary.is_empty() {
        text.push_str(&format!("<div class=\"muted\">{}</div>", esc(&v.summary)));
    }
    text.push_str(&format!("<div>{}</div>", esc(&vulnerability::fix(v))));
    let severities = vulnerability::severities(v);
    if !severities.is_empty() {
        text.push_str(&format!("<div class=\"muted\">{}</div>", esc(&severities)));
    }
    if let Some(how) = words::accepted(finding) {
        text.push_str(&format!(
            "<div><span class=\"pill accepted\">{}</span></div>",
            esc(&how)
        ));
    }
    let place = esc(&words::finding_place(finding));
    text.push_str(&format!("<span class=\"place\">{place}</span>"));
    text
}
