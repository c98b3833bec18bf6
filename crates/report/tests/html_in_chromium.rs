//! The HTML report in a real browser: no error on the console, the script runs
//! under the page's own policy, the goals are there.

#[expect(dead_code, reason = "the other test binary uses the rest")]
mod support;

use std::{path::Path, process::Command};

use plimsoll_model::wire::CheckReport;
use plimsoll_report::{Format, Style};

/// The browser, or none where the tests were told to go without.
fn browser() -> Option<&'static str> {
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let works = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    if let Some(name) = names.into_iter().find(works) {
        return Some(name);
    }
    let skip = std::env::var("PLIMSOLL_SKIP_BROWSER").is_ok_and(|value| value == "1");
    assert!(
        skip,
        "no Chromium on PATH, so the HTML report can't be tested: `./x test` installs it; with \
         PLIMSOLL_SKIP_BROWSER=1 this test is skipped"
    );
    eprintln!("SKIPPED: PLIMSOLL_SKIP_BROWSER=1, the HTML report was NOT opened in a browser");
    None
}

/// The page's elements after its script ran, and what the browser logged.
fn open(browser: &str, report: &CheckReport, hash: &str) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder for the page");
    let page = folder.path().join("report.html");
    let mut html = Vec::new();
    plimsoll_report::check(report, Format::Html, Style::default(), &mut html)
        .expect("a vector takes all");
    std::fs::write(&page, html).expect("the page is written");
    let profile: &Path = &folder.path().join("profile");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--v=0",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}{hash}", page.display()))
        .output()
        .expect("the browser starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (dom, log) = (text(&output.stdout), text(&output.stderr));
    assert!(dom.contains("</html>"), "the browser gave no page:\n{log}");
    (dom, log)
}

/// What the page itself logged.
fn console(log: &str) -> Vec<&str> {
    log.lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect()
}

#[test]
fn the_page_works_without_an_error() {
    let Some(browser) = browser() else { return };
    let report = support::shop();
    let (dom, log) = open(browser, &report, "");
    assert_eq!(console(&log), [""; 0], "the console is silent");
    for goal in &report.goals {
        assert!(
            dom.contains(&format!("data-goal=\"{}\"", goal.name)),
            "goal {}",
            goal.name
        );
    }
    // Set by the script: it ran, so the policy's hash is the script's.
    assert!(
        dom.contains("class=\"js\""),
        "the script did not run: {}",
        &dom[..300]
    );
    let rows = report.findings.len();
    assert!(
        dom.contains(&format!("{rows} of {rows} rows")),
        "the filter counts the rows"
    );
    let (dom, _) = open(browser, &report, "#theme=dark");
    assert!(
        dom.contains("data-theme=\"dark\""),
        "the theme can be chosen"
    );
}

#[test]
fn vulnerabilities_are_listed_by_image_and_can_be_sorted() {
    let Some(browser) = browser() else { return };
    let report = support::vulnerable::check();
    let (dom, log) = open(browser, &report, "");
    assert_eq!(console(&log), [""; 0], "the console is silent");
    let (vulnerable, others): (Vec<_>, Vec<_>) = report
        .findings
        .iter()
        .partition(|finding| finding.vulnerability.is_some());
    for finding in &vulnerable {
        let v = finding.vulnerability.as_ref().expect("it is one");
        assert!(dom.contains(&v.vulnerability), "{}", v.vulnerability);
    }
    let rows = others.len();
    assert!(dom.contains(&format!("{rows} of {rows} rows")));
    // Set by the script for each column.
    assert!(dom.contains("<button type=\"button\">EPSS</button>"));
}

#[test]
fn a_hostile_report_stays_text() {
    let Some(browser) = browser() else { return };
    let (dom, log) = open(browser, &support::extremes::hostile(), "");
    assert_eq!(console(&log), [""; 0], "nothing ran, nothing was refused");
    assert_eq!(dom.matches("<script").count(), 1, "the page's own");
    assert!(
        dom.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "it shows as text"
    );
}
