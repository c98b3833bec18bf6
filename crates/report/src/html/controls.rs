//! What the controls say that findings name.

use std::{cmp::Reverse, collections::BTreeMap};

use plimsoll_model::{
    Severity,
    wire::{ControlReport, FindingReport},
};
use rustc_hash::FxHashMap;

use super::{
    escape::esc,
    page::{Page, severity_tone},
};
use crate::{text::count, uri::is_https};

/// Controls explained on one page; there are fewer, unless a report is forged.
const CONTROLS: usize = 300;

/// The controls with how often findings name them.
pub(super) struct Controls<'a> {
    words: &'a BTreeMap<String, ControlReport>,
    found: BTreeMap<&'a str, (u64, Severity)>,
    /// Which element explains a control.
    anchors: FxHashMap<&'a str, usize>,
}

impl<'a> Controls<'a> {
    pub(super) fn new(words: &'a BTreeMap<String, ControlReport>) -> Self {
        let ids = words.keys().take(CONTROLS).enumerate();
        Controls {
            words,
            found: BTreeMap::new(),
            anchors: ids.map(|(at, id)| (id.as_str(), at)).collect(),
        }
    }

    pub(super) fn count(&mut self, finding: &FindingReport) {
        if let Some((id, _)) = self.words.get_key_value(&finding.control) {
            let (n, worst) = self.found.entry(id).or_insert((0, finding.severity));
            *n += 1;
            *worst = finding.severity.max(*worst);
        }
    }

    /// The id of a control, as a link to what explains it.
    pub(super) fn link(&self, id: &str) -> String {
        let code = format!("<code>{}</code>", esc(id));
        match self.anchors.get(id) {
            Some(at) => format!("<a href=\"#control-{at}\">{code}</a>"),
            None => code,
        }
    }

    /// Each control that findings name: why it matters, what to do, where to
    /// read more.
    pub(super) fn section(&self, page: &mut Page) {
        let mut found: Vec<_> = self
            .found
            .iter()
            .filter_map(|(id, (n, worst))| Some((*id, *n, *worst, self.anchors.get(id)?)))
            .collect();
        if found.is_empty() {
            return;
        }
        found.sort_by_key(|(id, n, worst, _)| (Reverse(*worst), Reverse(*n), *id));
        page.raw(&format!(
            "<section aria-labelledby=\"controls\"><h2 id=\"controls\">Controls</h2>\
             <p class=\"sub\">{} that findings name: why each matters, and what to do.</p>\
             <div class=\"box controls\">",
            count(found.len() as u64, "control")
        ));
        for (id, n, worst, at) in found {
            if let Some(control) = self.words.get(id) {
                self::control(page, (id, control), n, worst, *at);
            }
        }
        page.raw("</div></section>\n");
    }
}

fn control(
    page: &mut Page,
    (id, control): (&str, &ControlReport),
    n: u64,
    worst: Severity,
    at: usize,
) {
    page.raw(&format!(
        "<details><summary><span class=\"pill {}\">{worst}</span> <b>{}</b> <code>{}</code> \
         <span class=\"muted\">{}</span></summary><div id=\"control-{at}\"><p>{}</p>\
         <p><b>What to do</b> {}</p>",
        severity_tone(worst),
        esc(&control.title),
        esc(id),
        count(n, "finding"),
        esc(&control.why),
        esc(&control.remediation),
    ));
    if !control.mappings.is_empty() {
        let meets = control
            .mappings
            .iter()
            .map(|m| format!("{}: {}", m.framework, m.requirement));
        let meets: Vec<String> = meets.map(|text| esc(&text)).collect();
        page.raw(&format!("<p><b>Helps to meet</b> {}</p>", meets.join("; ")));
    }
    let links = control.references.iter().filter(|at| is_https(at));
    let links: Vec<String> = links
        .map(|at| {
            let at = esc(at);
            format!("<a href=\"{at}\" rel=\"noreferrer\">{at}</a>")
        })
        .collect();
    if !links.is_empty() {
        page.raw(&format!("<p><b>More</b> {}</p>", links.join("<br>")));
    }
    page.raw("</div></details>");
}
