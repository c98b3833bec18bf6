//! One self-contained page: style, charts and the little script are in it, and
//! it is complete without the script.

mod chart;
mod components;
mod controls;
mod coverage;
mod escape;
mod images;
mod page;
mod sections;
mod tables;
mod vulnerabilities;

pub(crate) use self::coverage::coverage;

use std::io::{self, Write};

use plimsoll_model::{
    Severity, Verdict,
    image::Image,
    wire::{CheckReport, FindingReport, ScanReport},
};

use crate::{
    html::{
        controls::Controls,
        escape::esc,
        page::{Page, tone},
    },
    lookup::{By, Lookup, group},
    text::{count, number},
    words,
};

/// Rows of the table of findings: what a browser still sorts at once.
const ROWS: usize = 2_000;

/// Writes the report of a check.
pub(crate) fn check(report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let lookup = Lookup::new(report);
    let mut page = Page::new(&report.cluster, report.now);
    let mut notes = Vec::new();
    if report.starter_line {
        notes.push(words::STARTER.to_owned());
    }
    let word = words::verdict(report.verdict);
    page.hero(
        tone(report.verdict),
        Some(word),
        &words::headline(report),
        &notes,
    );
    let met = report
        .goals
        .iter()
        .filter(|goal| goal.verdict == Verdict::Met)
        .count();
    page.tiles(&[
        (
            format!("{met} of {}", report.goals.len()),
            "goals met".to_owned(),
        ),
        (
            number(report.assets.len() as u64),
            "assets in scope".to_owned(),
        ),
        (
            number(report.findings.len() as u64),
            found(&report.severities),
        ),
        (
            number(report.fix_plan.steps.len() as u64),
            "steps in the fix plan".to_owned(),
        ),
        (
            number(report.coverage.read),
            format!("objects read from {}", count(report.coverage.files, "file")),
        ),
    ]);
    page.main();
    sections::goals(&mut page, report, &lookup);
    sections::plan(&mut page, report);
    page.raw(
        "<section aria-labelledby=\"who\"><h2 id=\"who\">Who and where</h2>\
        <p class=\"sub\">Each asset counts once, with its worst state over all goals.</p>\
        <div class=\"three\">",
    );
    for (title, by, none) in [
        ("By owner", By::Owner, "no owner"),
        ("By namespace", By::Namespace, "no namespace"),
        ("By asset class", By::Class, "no class"),
    ] {
        tables::groups(&mut page, title, none, &group(report, &lookup, by));
    }
    page.raw("</div></section>");
    let mut controls = Controls::new(&report.controls);
    report.findings.iter().for_each(|f| controls.count(f));
    let (vulnerable, others): (Vec<&FindingReport>, Vec<&FindingReport>) = report
        .findings
        .iter()
        .partition(|f| f.vulnerability.is_some());
    tables::findings(
        &mut page,
        &others[..others.len().min(ROWS)],
        others.len() as u64,
        vulnerable.len() as u64,
        &report.severities,
        &controls,
    );
    let shown = &vulnerable[..vulnerable.len().min(ROWS)];
    vulnerabilities::section(&mut page, shown, vulnerable.len() as u64);
    components::section(&mut page, report);
    controls.section(&mut page);
    tables::coverage(&mut page, &report.coverage, &report.diagnostics);
    page.finish(&report.generator, out)
}

/// Writes the report of a scan.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (mut rows, mut vulnerable) = (Vec::new(), Vec::new());
    let mut vulnerabilities = 0_u64;
    let mut counts: std::collections::BTreeMap<Severity, u64> = Default::default();
    let mut total = 0_u64;
    let mut controls = Controls::new(&header.controls);
    for finding in findings {
        total += 1;
        controls.count(&finding);
        *counts.entry(finding.severity).or_default() += 1;
        vulnerabilities += u64::from(finding.vulnerability.is_some());
        let rows = match finding.vulnerability {
            Some(_) => &mut vulnerable,
            None => &mut rows,
        };
        if rows.len() < ROWS {
            rows.push(finding);
        }
    }
    let mut page = Page::new(&header.cluster, header.now);
    let (tone, headline) = match counts.keys().next_back() {
        None => ("good", "No findings.".to_owned()),
        Some(worst) => (
            page::severity_tone(*worst),
            format!("{}.", count(total, "finding")),
        ),
    };
    let against = match header.baselines.as_slice() {
        [] => "Every control was evaluated.".to_owned(),
        names => format!("Evaluated: {}.", names.join(", ")),
    };
    page.hero(tone, None, &headline, &[against]);
    let mut tiles = vec![(number(total), found(&counts))];
    if header.coverage.read > 0 || header.images.is_empty() {
        tiles.push((
            number(header.coverage.read),
            format!("objects read from {}", count(header.coverage.files, "file")),
        ));
        tiles.push((number(header.coverage.workloads), "workloads".to_owned()));
    }
    if !header.images.is_empty() {
        let there = |image: &Image| {
            let packages = image.packages.iter();
            packages.filter(|p| p.removed_by.is_none()).count() as u64
        };
        let packages = header.images.iter().map(there).sum();
        let images = count(header.images.len() as u64, "image");
        tiles.push((number(packages), format!("packages in {images}")));
    }
    page.tiles(&tiles);
    page.main();
    let rows: Vec<&FindingReport> = rows.iter().collect();
    tables::findings(
        &mut page,
        &rows,
        total - vulnerabilities,
        vulnerabilities,
        &counts,
        &controls,
    );
    let vulnerable: Vec<&FindingReport> = vulnerable.iter().collect();
    vulnerabilities::section(&mut page, &vulnerable, vulnerabilities);
    images::images(&mut page, &header.images);
    controls.section(&mut page);
    tables::coverage(&mut page, &header.coverage, &header.diagnostics);
    page.finish(&header.generator, out)
}

/// `findings: 3 critical, 4 high`.
fn found(counts: &std::collections::BTreeMap<Severity, u64>) -> String {
    match words::severities(counts).as_str() {
        "" => "findings".to_owned(),
        some => format!("findings: {some}"),
    }
}

/// `file:line` in fixed width.
fn place(text: &str) -> String {
    format!("<span class=\"place\">{}</span>", esc(text))
}
