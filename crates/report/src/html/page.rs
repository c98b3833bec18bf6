//! The frame of a page.

use std::io::{self, Write};

use plimsoll_model::{AssetState, Severity, Timestamp, Verdict};

use super::escape::esc;
use crate::words;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// The SHA-256 of the script in base64: the page's policy runs this script and
/// no other. A browser test fails when the script changed and this did not.
const SCRIPT_HASH: &str = "iqNvprw2s1aqGbaAb63RoZDWbMxWRsZa2vvPG42lEv0=";

/// The mark on a ship's side: a circle and the line that must stay above water.
const MARK: &str = "<svg viewBox=\"0 0 26 26\" aria-hidden=\"true\" fill=\"none\" \
    stroke=\"currentColor\" stroke-width=\"2.4\"><circle cx=\"13\" cy=\"13\" r=\"8.3\"/>\
    <path d=\"M1 13h24\"/></svg>";

/// The class that colours a verdict.
pub(super) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "good",
        Verdict::AtRisk => "warn",
        Verdict::Unverified => "unsure",
        Verdict::Breached => "bad",
    }
}

/// The class that colours a state.
pub(super) fn state_tone(state: AssetState) -> &'static str {
    match state {
        AssetState::Satisfied => "good",
        AssetState::Violated => "bad",
        AssetState::Pending => "warn",
        AssetState::Unknown => "unsure",
        AssetState::Excepted => "accepted",
    }
}

/// The class that colours a severity.
pub(super) fn severity_tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "bad",
        Severity::Medium => "warn",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}

/// A page that is being written. What goes through [`Page::raw`] is markup;
/// everything else is escaped here.
pub(super) struct Page {
    html: String,
}

impl Page {
    pub(super) fn new(cluster: &str, now: Timestamp) -> Page {
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'; \
             img-src data:; base-uri 'none'; form-action 'none'"
        );
        let cluster = esc(cluster);
        let now = words::minute(now);
        Page {
            html: format!(
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
                 <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
                 <meta name=\"generator\" content=\"plimsoll\">\n\
                 <title>Plimsoll: {cluster}, {now}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
                 <style>\n{STYLE}</style>\n</head>\n<body>\n\
                 <a class=\"skip\" href=\"#main\">Skip to the goals and findings</a>\n\
                 <header class=\"top\"><div class=\"wrap\"><span class=\"brand\">{MARK}Plimsoll\
                 </span><span class=\"about\">cluster {cluster}, {now}</span>\
                 <button type=\"button\" class=\"theme\" id=\"theme\">Theme</button></div>\
                 </header>\n<div class=\"wrap\">\n"
            ),
        }
    }

    pub(super) fn raw(&mut self, markup: &str) {
        self.html.push_str(markup);
    }

    /// The verdict in one sentence, before everything.
    pub(super) fn hero(
        &mut self,
        tone: &str,
        pill: Option<&str>,
        headline: &str,
        notes: &[String],
    ) {
        let pill = pill.map(|word| format!("<span class=\"pill\">{}</span>", esc(word)));
        self.raw(&format!(
            "<div class=\"hero {tone}\">{}<h1>{}</h1>",
            pill.unwrap_or_default(),
            esc(headline)
        ));
        for note in notes {
            self.raw(&format!("<p>{}</p>", esc(note)));
        }
        self.raw("</div>\n");
    }

    /// Numbers with what each counts.
    pub(super) fn tiles(&mut self, tiles: &[(String, String)]) {
        self.raw("<ul class=\"tiles\">");
        for (value, label) in tiles {
            self.raw(&format!(
                "<li><b>{}</b><span>{}</span></li>",
                esc(value),
                esc(label)
            ));
        }
        self.raw("</ul>\n");
    }

    /// Begins the main part.
    pub(super) fn main(&mut self) {
        self.raw("<main id=\"main\">\n");
    }

    pub(super) fn finish(mut self, generator: &str, out: &mut dyn Write) -> io::Result<()> {
        self.raw("</main>\n<footer>Written by ");
        self.raw(&esc(generator));
        self.raw(
            ". Shares are rounded down. This page loads nothing and sends nothing.</footer>\n\
             </div>\n<script>",
        );
        self.raw(SCRIPT);
        self.raw("</script>\n</body>\n</html>\n");
        out.write_all(self.html.as_bytes())
    }
}
