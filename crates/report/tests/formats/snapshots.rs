//! What each format looks like.

use plimsoll_report::{Format, Style, Verbosity, plan::Plan};

use crate::{check, scan, support};

#[test]
fn terminal() {
    let of = |style| check(&support::shop(), Format::Terminal, style);
    let style = Style::default();
    insta::assert_snapshot!("terminal_80", of(style));
    insta::assert_snapshot!(
        "terminal_120",
        of(Style {
            width: 120,
            ..style
        })
    );
    insta::assert_snapshot!(
        "terminal_40_ascii",
        of(Style {
            width: 40,
            unicode: false,
            ..style
        })
    );
    insta::assert_snapshot!(
        "terminal_quiet",
        of(Style {
            verbosity: Verbosity::Quiet,
            ..style
        })
    );
    insta::assert_snapshot!(
        "terminal_verbose",
        of(Style {
            verbosity: Verbosity::Verbose,
            ..style
        })
    );
    let coloured = of(Style {
        colour: true,
        ..style
    });
    insta::assert_snapshot!("terminal_colour", coloured.replace('\u{1b}', "^"));
    insta::assert_snapshot!(
        "terminal_empty",
        check(&support::extremes::empty(), Format::Terminal, style)
    );
}

#[test]
fn terminal_of_a_scan() {
    let of = |style| scan(support::extremes::scan(), Format::Terminal, style);
    let style = Style::default();
    insta::assert_snapshot!("scan_terminal_80", of(style));
    insta::assert_snapshot!(
        "scan_terminal_120",
        of(Style {
            width: 120,
            ..style
        })
    );
    insta::assert_snapshot!(
        "scan_terminal_quiet",
        of(Style {
            verbosity: Verbosity::Quiet,
            ..style
        })
    );
    let none = (support::extremes::scan().0, Vec::new());
    insta::assert_snapshot!("scan_terminal_none", scan(none, Format::Terminal, style));
}

#[test]
fn files() {
    let style = Style::default();
    for format in [
        Format::Sarif,
        Format::JUnit,
        Format::Markdown,
        Format::Oscal,
    ] {
        insta::assert_snapshot!(
            format!("check_{format}"),
            check(&support::shop(), format, style)
        );
        insta::assert_snapshot!(
            format!("scan_{format}"),
            scan(support::extremes::scan(), format, style)
        );
    }
    insta::assert_snapshot!("check_json", check(&support::shop(), Format::Json, style));
}

#[test]
fn html() {
    // Style and script have their own files; what matters here is between.
    let html = check(&support::shop(), Format::Html, Style::default());
    let (_, body) = html.split_once("<body>").expect("a body");
    let (body, _) = body.split_once("<script>").expect("a script");
    insta::assert_snapshot!("check_html", body.replace("><", ">\n<"));
}

#[test]
fn plan() {
    let plan = Plan::of(&support::shop());
    let mut out = Vec::new();
    plan.terminal(Style::default(), &mut out)
        .expect("a vector takes all");
    out.extend(b"\n=====\n\n");
    plan.markdown(&mut out).expect("a vector takes all");
    let goal = support::shop().goals[0].clone();
    out.extend(b"\n=====\n\n");
    Plan::of_goal(&goal)
        .terminal(Style::default(), &mut out)
        .expect("a vector takes all");
    insta::assert_snapshot!("plan", String::from_utf8(out).expect("text"));
}
