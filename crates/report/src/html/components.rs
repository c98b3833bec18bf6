//! What a cluster runs on, as a table of versions.

use plimsoll_model::wire::CheckReport;

use super::{
    escape::esc,
    page::{Page, severity_tone},
};
use crate::{
    components::{TITLE, versions},
    style::Tone,
    text::number,
};

/// Findings of one version that are listed; the table of findings has more.
const FINDINGS: usize = 20;

/// Each version once; nothing where no components were looked at.
pub(super) fn section(page: &mut Page, report: &CheckReport) {
    let versions = versions(report);
    if versions.is_empty() {
        return;
    }
    page.raw(&format!(
        "<section aria-labelledby=\"components\"><h2 id=\"components\">{TITLE}</h2>\
         <p class=\"sub\">Compared with the advisories by the version that each tells.</p>\
         <div class=\"box\"><table class=\"notes\"><thead><tr><th scope=\"col\">program</th>\
         <th scope=\"col\">where</th><th scope=\"col\">what is known</th></tr></thead><tbody>\n"
    ));
    for version in &versions {
        let mut cell = String::new();
        for (tone, words, more) in version.summary() {
            let class = class(tone);
            let (words, more) = (esc(&words), esc(&more));
            cell.push_str(&format!(
                "<div><span class=\"pill {class}\">{words}</span> {more}</div>"
            ));
        }
        for finding in version.findings.iter().take(FINDINGS) {
            cell.push_str(&format!(
                "<div><span class=\"pill {}\">{}</span> {}</div>",
                severity_tone(finding.severity),
                finding.severity,
                esc(&finding.message)
            ));
        }
        if version.findings.len() > FINDINGS {
            let more = number((version.findings.len() - FINDINGS) as u64);
            cell.push_str(&format!("<div class=\"muted\">and {more} more</div>"));
        }
        page.raw(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{cell}</td></tr>\n",
            esc(&version.label),
            esc(&version.whose)
        ));
    }
    page.raw("</tbody></table></div></section>\n");
}

/// The class for what a terminal colours.
fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Unsure => "unsure",
        _ => "info",
    }
}
