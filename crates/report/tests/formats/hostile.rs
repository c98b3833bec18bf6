//! Names and texts that try to leave their place, and reports without bounds.

use plimsoll_report::{Format, Style, Verbosity, diff::diff, plan::Plan, simulate::simulate};
use unicode_width::UnicodeWidthStr;

use crate::{check, scan, support};

/// Text as a terminal gets it: short lines, nothing that steers the terminal.
fn harmless(text: &str, width: usize) {
    for line in text.lines() {
        assert!(
            line.width() <= width,
            "{} columns, over {width}: {line}",
            line.width()
        );
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.contains('\u{202e}'), "{line:?}");
        assert_eq!(line, line.trim_end(), "no line ends in spaces");
    }
}

#[test]
fn nothing_steers_the_terminal_and_no_line_is_too_long() {
    let hostile = support::extremes::hostile();
    for width in [0, 40, 57, 80, 120] {
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
            for unicode in [true, false] {
                let style = Style {
                    width,
                    verbosity,
                    unicode,
                    colour: false,
                };
                let room = width.max(Style::MIN_WIDTH);
                for report in [&hostile, &support::shop(), &support::extremes::empty()] {
                    harmless(&check(report, Format::Terminal, style), room);
                    let mut out = Vec::new();
                    Plan::of(report)
                        .terminal(style, &mut out)
                        .expect("a vector takes all");
                    diff(report, &support::shop())
                        .terminal(style, &mut out)
                        .expect("a vector");
                    simulate(None, report)
                        .terminal(style, &mut out)
                        .expect("a vector");
                    harmless(&String::from_utf8(out).expect("text"), room);
                }
                let (header, _) = support::extremes::scan();
                let findings = hostile.findings.clone();
                harmless(&scan((header, findings), Format::Terminal, style), room);
            }
        }
    }
}

#[test]
fn colours_are_all_that_colour_adds() {
    let plain = check(&support::shop(), Format::Terminal, Style::default());
    let style = Style {
        colour: true,
        ..Style::default()
    };
    let coloured = check(&support::shop(), Format::Terminal, style);
    let mut stripped = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        match part.split_once('m') {
            Some((_, text)) if index > 0 => stripped.push_str(text),
            _ => stripped.push_str(part),
        }
    }
    assert_ne!(coloured, plain);
    assert_eq!(stripped, plain);
}

#[test]
fn markup_stays_text() {
    let report = support::extremes::hostile();
    let html = check(&report, Format::Html, Style::default());
    assert_eq!(html.matches("<script").count(), 1, "our own");
    assert!(!html.contains('\u{1b}') && !html.contains('\u{202e}'));
    let markdown = check(&report, Format::Markdown, Style::default());
    for raw in [
        "<script", "@all", "[x](", "://", "**@", "\n# h", "`", "\u{1b}",
    ] {
        assert!(!markdown.contains(raw), "{raw:?} in {markdown}");
    }
    for xml in [
        check(&report, Format::JUnit, Style::default()),
        scan(
            (support::extremes::scan().0, report.findings.clone()),
            Format::JUnit,
            Style::default(),
        ),
    ] {
        well_formed(&xml);
    }
    for json in [Format::Json, Format::Sarif, Format::Oscal] {
        let text = check(&report, json, Style::default());
        let _: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    }
}

/// Tags nest, attributes are quoted, and text holds no bare markup.
fn well_formed(xml: &str) {
    let body = xml
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .expect("a prolog");
    assert!(
        !body.contains(|c: char| c.is_control() && c != '\n'),
        "{body}"
    );
    let mut open: Vec<&str> = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{text}");
        for entity in tag.split('&').skip(1).chain(text.split('&').skip(1)) {
            let known = ["lt;", "gt;", "amp;", "quot;", "apos;", "#10;"];
            assert!(
                known.iter().any(|known| entity.starts_with(known)),
                "&{entity}"
            );
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        if !tag.ends_with('/') {
            open.push(tag.split(' ').next().expect("a name"));
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn what_a_person_reads_is_bounded() {
    let report = support::extremes::huge(3_000);
    let style = Style::default();
    let lines = check(&report, Format::Terminal, style).lines().count();
    assert!(lines < 150, "{lines} lines");
    let markdown = check(&report, Format::Markdown, style);
    assert!(markdown.len() <= 60_000, "{} bytes", markdown.len());
    assert!(
        markdown.contains("more asset"),
        "it says what it leaves out"
    );
    let html = check(&report, Format::Html, style);
    assert!(html.len() < 2_500_000, "{} bytes", html.len());
    assert!(
        html.contains("The worst 2,000 of 15,000"),
        "it says what it leaves out"
    );
    let (header, _) = support::extremes::scan();
    let findings = report.findings.clone();
    let terminal = scan((header.clone(), findings.clone()), Format::Terminal, style);
    assert!(
        terminal.lines().count() < 900,
        "{} lines",
        terminal.lines().count()
    );
    assert!(
        terminal.contains("15,000 findings on 3,000 objects"),
        "all are counted"
    );
    assert!(
        terminal.contains("on 2,980 objects not listed"),
        "{terminal}"
    );
    let markdown = scan((header, findings), Format::Markdown, style);
    assert!(markdown.len() <= 60_000, "{} bytes", markdown.len());
}
