//! The coverage of a cluster as one page.

use std::io::{self, Write};

use plimsoll_model::wire::ClusterCoverageReport;

use super::{ROWS, escape::esc, page::Page};
use crate::coverage::{KINDS, counts, headline, owner};

/// Writes it.
pub(crate) fn coverage(report: &ClusterCoverageReport, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(&report.cluster, report.now);
    let tone = if report.gaps.is_empty() {
        "good"
    } else {
        "bad"
    };
    page.hero(tone, None, &headline(report), &[]);
    page.main();
    page.raw("<section><h2>Engines</h2><table><thead><tr><th>Engine</th><th>Cluster</th><th>Nodes</th><th>Namespaces</th><th>Workloads</th><th>Images</th></tr></thead><tbody>");
    for engine in &report.engines {
        page.raw(&format!(
            "<tr><td>{}</td><td title=\"{}\">{}</td>",
            engine.engine,
            esc(&engine.whole.reason),
            engine.whole.state
        ));
        for kind in &KINDS[1..] {
            let counts: Vec<String> = counts(engine, *kind)
                .iter()
                .map(|(state, count)| format!("{count} {state}"))
                .collect();
            page.raw(&format!("<td>{}</td>", counts.join(", ")));
        }
        page.raw("</tr>");
    }
    page.raw("</tbody></table></section>");
    page.raw("<section><h2>Gaps</h2><table><thead><tr><th>Severity</th><th>Gap</th><th>Asset</th><th>Owner</th><th>Last heard</th><th>Fix</th></tr></thead><tbody>");
    for gap in report.gaps.iter().take(ROWS) {
        page.raw(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            gap.severity,
            esc(&gap.message),
            esc(gap.asset.as_str()),
            esc(owner(gap)),
            esc(gap.observed.as_deref().unwrap_or_default()),
            esc(&gap.fix)
        ));
    }
    page.raw("</tbody></table></section>");
    let assets = report.assets.iter().take(ROWS);
    page.raw("<section><h2>Assets</h2><table><thead><tr><th>Asset</th>");
    for engine in &report.engines {
        page.raw(&format!("<th>{}</th>", engine.engine));
    }
    page.raw("</tr></thead><tbody>");
    for asset in assets {
        page.raw(&format!("<tr><td>{}</td>", esc(asset.id.as_str())));
        for cell in asset.engines.values() {
            page.raw(&format!(
                "<td title=\"{}\">{}</td>",
                esc(&cell.reason),
                cell.state
            ));
        }
        page.raw("</tr>");
    }
    page.raw("</tbody></table></section>");
    let left = report.assets.len().saturating_sub(ROWS) + report.gaps.len().saturating_sub(ROWS);
    if left > 0 {
        page.raw(&format!(
            "<p>{left} rows more are in the JSON and CSV forms.</p>"
        ));
    }
    page.raw("<section><h2>Versions</h2><table><thead><tr><th>Asset</th><th>Part</th><th>Version</th><th>State</th><th>Until</th><th>Source</th></tr></thead><tbody>");
    for version in report.versions.iter().take(ROWS) {
        page.raw(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            esc(version.asset.as_str()),
            esc(&version.part),
            esc(&version.version),
            esc(&version.state),
            esc(version
                .until
                .as_deref()
                .unwrap_or(version.reason.as_deref().unwrap_or_default())),
            esc(version.source.as_deref().unwrap_or_default())
        ));
    }
    page.raw("</tbody></table></section>");
    page.finish(&report.generator, out)
}
