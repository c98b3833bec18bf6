//! Who observes what in a cluster: in every form that a person or a
//! spreadsheet reads.

use std::io::{self, Write};

use plimsoll_model::{
    AssetKind, CoverageState, Timestamp,
    wire::{ClusterCoverageReport, CoverageGapReport, EngineReport},
};

use crate::{
    Format, Style, html, json,
    markdown::{Doc, code, text},
    terminal,
    text::clean,
};

/// Gaps that a page of Markdown has; the rest is counted.
const GAPS: usize = 200;

/// Writes the coverage of a cluster.
///
/// # Errors
/// What `out` returns, and that there is no such form of it.
pub fn coverage(
    report: &ClusterCoverageReport,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::coverage(report, style, out),
        Format::Json => json::write(report, out),
        Format::Csv => csv(report, out),
        Format::Markdown => markdown(report, out),
        Format::Html => html::coverage(report, out),
        _ => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("{format} is no form of coverage"),
        )),
    }
}

/// The kinds of assets of the matrix, in the order of every table.
pub(crate) const KINDS: [AssetKind; 5] = [
    AssetKind::Cluster,
    AssetKind::Node,
    AssetKind::Namespace,
    AssetKind::Workload,
    AssetKind::Image,
];

/// How an engine observes the assets of one kind, the worst first: `3 silent,
/// 5 observed`. Empty for a kind without assets, and for one in which there is
/// nothing to observe.
pub(crate) fn counts(engine: &EngineReport, kind: AssetKind) -> Vec<(CoverageState, u64)> {
    let Some(of_kind) = engine.counts.get(&kind) else {
        return Vec::new();
    };
    of_kind
        .iter()
        .rev()
        .filter(|(state, _)| **state != CoverageState::NotApplicable)
        .map(|(state, count)| (*state, *count))
        .collect()
}

/// When an engine was last heard, seen from the clock of the run.
pub(crate) fn freshness(heard: Option<Timestamp>, now: Timestamp) -> String {
    let Some(heard) = heard else {
        return "never heard".to_owned();
    };
    match now.as_second() - heard.as_second() {
        ..0 => "heard after now".to_owned(),
        0 => "heard now".to_owned(),
        seconds @ ..120 => format!("heard {seconds}s ago"),
        seconds @ ..7_200 => format!("heard {}m ago", seconds / 60),
        seconds @ ..172_800 => format!("heard {}h ago", seconds / 3_600),
        seconds => format!("heard {}d ago", seconds / 86_400),
    }
}

/// What is said in one sentence.
pub(crate) fn headline(report: &ClusterCoverageReport) -> String {
    let assets = crate::text::count(report.assets.len() as u64, "asset");
    match report.gaps.len() {
        0 => format!("{assets}, no gaps"),
        gaps => format!("{assets}, {}", crate::text::count(gaps as u64, "gap")),
    }
}

/// Who answers for a gap.
pub(crate) fn owner(gap: &CoverageGapReport) -> &str {
    gap.owner.as_deref().unwrap_or("nobody named")
}

fn csv(report: &ClusterCoverageReport, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"asset,kind,owner,engine,state,since,heard,version,reason,fix\r\n")?;
    let time = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    for asset in &report.assets {
        for (engine, cell) in &asset.engines {
            let row = [
                field(asset.id.as_str()),
                field(asset.kind.as_str()),
                field(asset.owner.as_deref().unwrap_or_default()),
                field(engine.as_str()),
                field(cell.state.as_str()),
                time(cell.since),
                time(cell.heard),
                field(cell.version.as_deref().unwrap_or_default()),
                field(&cell.reason),
                field(&cell.fix),
            ];
            out.write_all(row.join(",").as_bytes())?;
            out.write_all(b"\r\n")?;
        }
    }
    Ok(())
}

/// A field of a row. What a spreadsheet would take for a formula is made text.
fn field(raw: &str) -> String {
    let text = clean(raw);
    let formula = text.starts_with(['=', '+', '-', '@', '|', '%']);
    let mark = if formula { "'" } else { "" };
    if formula || text.contains([',', '"']) {
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        text.into_owned()
    }
}

fn markdown(report: &ClusterCoverageReport, out: &mut dyn Write) -> io::Result<()> {
    let mut doc = Doc::new();
    doc.line(&format!("## Coverage of {}", code(&report.cluster)));
    doc.blank();
    doc.line(&format!("{} (as of {}).", headline(report), report.now));
    doc.blank();
    doc.line("| engine | cluster | nodes | namespaces | workloads | images |");
    doc.line("|---|---|---|---|---|---|");
    for engine in &report.engines {
        let mut row = format!("| {} | {}", engine.engine, engine.whole.state);
        for kind in &KINDS[1..] {
            let counts = counts(engine, *kind);
            let counts: Vec<String> = counts
                .iter()
                .map(|(state, count)| format!("{count} {state}"))
                .collect();
            row.push_str(" | ");
            row.push_str(&counts.join(", "));
        }
        doc.line(&format!("{row} |"));
    }
    if !report.gaps.is_empty() {
        doc.blank();
        doc.line("| severity | gap | asset | owner | fix |");
        doc.line("|---|---|---|---|---|");
        for gap in report.gaps.iter().take(GAPS) {
            doc.line(&format!(
                "| {} | {} | {} | {} | {} |",
                gap.severity,
                text(&gap.message),
                code(gap.asset.as_str()),
                text(owner(gap)),
                text(&gap.fix)
            ));
        }
        let more = report.gaps.len().saturating_sub(GAPS);
        if more > 0 {
            doc.blank();
            doc.line(&format!("And {more} more."));
        }
    }
    let open = report.versions.iter().filter(|v| v.state == "unknown");
    let open: Vec<String> = open
        .map(|version| {
            format!(
                "- {} {} of {}: {}",
                version.part,
                code(&version.version),
                code(version.asset.as_str()),
                text(version.reason.as_deref().unwrap_or_default())
            )
        })
        .collect();
    if !open.is_empty() {
        doc.blank();
        doc.details("Versions whose end of support is not known", open);
    }
    doc.finish(out)
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_spreadsheet_takes_no_field_for_a_formula_or_for_two() {
        let check = |raw: &str, expect: &str| assert_eq!(field(raw), expect);
        check("web", "web");
        check("a,b", "\"a,b\"");
        check("say \"no\"", "\"say \"\"no\"\"\"");
        check("=1+1", "\"'=1+1\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
        check("a\nb", "a b");
    }
}
