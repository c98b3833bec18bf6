//! Groups, findings and coverage as tables.

use std::collections::BTreeMap;

use plimsoll_model::{
    Severity,
    wire::{CoverageReport, DiagnosticReport, FindingReport},
};

use super::{
    chart,
    controls::Controls,
    escape::esc,
    page::{Page, severity_tone},
    place,
};
use crate::{
    lookup::Group,
    text::{count, number},
    words,
};

/// Groups listed in one table.
const GROUPS: usize = 25;
/// Gaps and diagnostics listed.
const NOTES: usize = 200;

/// Assets by what they have in common.
pub(super) fn groups(page: &mut Page, title: &str, none: &str, groups: &[Group<'_>]) {
    page.raw(&format!(
        "<div class=\"box\"><table class=\"groups\"><caption>{title}</caption><thead><tr><th scope=\"col\">name</th>\
         <th scope=\"col\">assets</th><th scope=\"col\" class=\"n\">violated</th>\
         <th scope=\"col\" class=\"n\">findings</th></tr></thead><tbody>"
    ));
    for group in groups.iter().take(GROUPS) {
        let name = match group.name {
            Some(name) => esc(name),
            None => format!("<span class=\"muted\">{none}</span>"),
        };
        page.raw(&format!(
            "<tr><th scope=\"row\">{name}</th><td class=\"w\">{}</td>\
             <td class=\"n\">{} of {}</td><td class=\"n\">{}</td></tr>",
            chart::scope(&group.counts, "mini"),
            number(group.counts.violated),
            number(group.counts.in_scope),
            number(group.findings)
        ));
    }
    if groups.len() > GROUPS {
        let left = number((groups.len() - GROUPS) as u64);
        page.raw(&format!(
            "<tr><td colspan=\"4\" class=\"muted\">and {left} more</td></tr>"
        ));
    }
    page.raw("</tbody></table></div>");
}

/// The findings, and how many there are of each severity.
pub(super) fn findings(
    page: &mut Page,
    rows: &[&FindingReport],
    total: u64,
    vulnerabilities: u64,
    severities: &BTreeMap<Severity, u64>,
    controls: &Controls<'_>,
) {
    page.raw("<section aria-labelledby=\"findings\"><h2 id=\"findings\">Findings</h2>");
    let bound = if total > rows.len() as u64 {
        format!(
            "The worst {} of {}; the JSON report has all.",
            number(rows.len() as u64),
            number(total)
        )
    } else {
        format!("{}, worst first.", count(total, "finding"))
    };
    let apart = match vulnerabilities {
        0 => String::new(),
        n => format!(" {} by image below.", listed(n)),
    };
    page.raw(&format!("<p class=\"sub\">{bound}{apart}</p>"));
    if total + vulnerabilities > 0 {
        severity_table(page, severities);
    }
    if total == 0 {
        page.raw("</section>\n");
        return;
    }
    page.raw(
        "<div class=\"tools\" role=\"search\"><label class=\"search\">Search <input type=\"search\" id=\"search\" \
         placeholder=\"object, control, file\"></label>",
    );
    for severity in Severity::WORST_FIRST {
        if severities.get(&severity).copied().unwrap_or(0) > 0 {
            page.raw(&format!(
                "<label><input type=\"checkbox\" name=\"severity\" value=\"{severity}\" checked> \
                 {severity}</label>"
            ));
        }
    }
    page.raw(
        "<span id=\"shown\" class=\"muted\" role=\"status\"></span></div><div class=\"box\">\
         <table class=\"rows sortable\" id=\"findings-table\"><thead><tr><th scope=\"col\">Severity</th>\
         <th scope=\"col\">Object</th><th scope=\"col\">What is wrong</th>\
         <th scope=\"col\">Where</th></tr></thead><tbody>\n",
    );
    for finding in rows {
        row(page, finding, controls);
    }
    page.raw("</tbody></table></div></section>\n");
}

/// `1 vulnerability is listed`.
fn listed(vulnerabilities: u64) -> String {
    match vulnerabilities {
        1 => "1 vulnerability is listed".to_owned(),
        n => format!("{} vulnerabilities are listed", number(n)),
    }
}

fn severity_table(page: &mut Page, severities: &BTreeMap<Severity, u64>) {
    let most = severities.values().copied().max().unwrap_or(0);
    page.raw(
        "<div class=\"box\"><table class=\"severities\"><caption>By severity</caption><thead><tr>\
         <th scope=\"col\">severity</th><th scope=\"col\">share</th>\
         <th scope=\"col\" class=\"n\">findings</th></tr></thead><tbody>",
    );
    for severity in Severity::WORST_FIRST {
        let n = severities.get(&severity).copied().unwrap_or(0);
        let tone = severity_tone(severity);
        let label = format!("{} {severity}", number(n));
        page.raw(&format!(
            "<tr><th scope=\"row\"><span class=\"pill {tone}\">{severity}</span></th>\
             <td>{}</td><td class=\"n\">{}</td></tr>",
            chart::part(n, most, tone, &label),
            number(n)
        ));
    }
    page.raw("</tbody></table></div><br>");
}

fn row(page: &mut Page, finding: &FindingReport, controls: &Controls<'_>) {
    let accepted = words::accepted(finding).map(|how| {
        format!(
            "<div><span class=\"pill accepted\">{}</span></div>",
            esc(&how)
        )
    });
    let fix = match finding.fix.summary.as_str() {
        "" => String::new(),
        fix => format!("<div class=\"muted\">fix: {}</div>", esc(fix)),
    };
    page.raw(&format!(
        "<tr data-severity=\"{severity}\"><td><span class=\"pill {}\">{severity}</span></td>\
         <td>{}</td><td>{} {}{fix}{}</td>\
         <td><span class=\"place\">{}<br>{}</span></td></tr>\n",
        severity_tone(finding.severity),
        esc(&finding.object.to_string()),
        esc(&finding.message),
        controls.link(&finding.control),
        accepted.unwrap_or_default(),
        esc(&words::finding_place(finding)),
        esc(&finding.path),
        severity = finding.severity,
    ));
}

/// What was read and what was not, and notes on the run.
pub(super) fn coverage(
    page: &mut Page,
    coverage: &CoverageReport,
    diagnostics: &[DiagnosticReport],
) {
    page.raw(&format!(
        "<section aria-labelledby=\"coverage\"><h2 id=\"coverage\">Coverage</h2>\
         <p class=\"sub\">{}</p>",
        esc(&words::coverage(coverage))
    ));
    if !diagnostics.is_empty() {
        list(page, "Notes on the run", diagnostics.len(), |page| {
            for d in diagnostics.iter().take(NOTES) {
                let at = words::diagnostic_place(d)
                    .map(|at| place(&at))
                    .unwrap_or_default();
                page.raw(&format!(
                    "<tr><th scope=\"row\">{}</th><td>{}<br>{at}</td></tr>",
                    words::level(d.level),
                    esc(&d.message)
                ));
            }
        });
    }
    if !coverage.gaps.is_empty() {
        list(page, "Not read", coverage.gaps.len(), |page| {
            for gap in coverage.gaps.iter().take(NOTES) {
                page.raw(&format!(
                    "<tr><th scope=\"row\">{}</th><td>{}<br>{}</td></tr>",
                    words::gap(gap.state),
                    esc(&gap.reason),
                    place(&words::place(&gap.file, gap.line, gap.column))
                ));
            }
        });
    }
    page.raw("</section>\n");
}

/// A table of two columns with a note on what it leaves out.
fn list(page: &mut Page, title: &str, all: usize, rows: impl Fn(&mut Page)) {
    page.raw(&format!(
        "<div class=\"box\"><table class=\"notes\"><caption>{title}</caption><thead><tr><th scope=\"col\">what</th>\
         <th scope=\"col\">why and where</th></tr></thead><tbody>"
    ));
    rows(page);
    if all > NOTES {
        let left = number((all - NOTES) as u64);
        page.raw(&format!(
            "<tr><td colspan=\"2\" class=\"muted\">and {left} more</td></tr>"
        ));
    }
    page.raw("</tbody></table></div><br>");
}
