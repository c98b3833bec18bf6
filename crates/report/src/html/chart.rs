//! Charts as SVG, each with its numbers in words.

use plimsoll_model::{AssetState, Counts, wire::GoalReport};

use super::{
    escape::esc,
    page::{state_tone, tone},
};
use crate::{
    text::{number, ppm},
    words,
};

/// The states from what holds to what does not.
const ORDER: [AssetState; 5] = [
    AssetState::Satisfied,
    AssetState::Excepted,
    AssetState::Pending,
    AssetState::Unknown,
    AssetState::Violated,
];

/// A share of the width in hundredths, exact to the part per million.
fn at(ppm: u64) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn rect(from: u64, to: u64, y: &str, height: &str, class: &str) -> String {
    if to <= from {
        return String::new();
    }
    format!(
        "<rect x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{height}\" class=\"{class}\"/>",
        at(from),
        at(to - from)
    )
}

/// The interval of attainment against the target, and today's level of a ramp.
pub(super) fn attainment(goal: &GoalReport) -> String {
    let a = &goal.attainment;
    let (lower, upper) = (ppm(a.lower), ppm(a.upper).max(ppm(a.lower)));
    let mark = |fraction: f64, class: &str| {
        // A mark at the very end must still be inside.
        let x = ppm(fraction).min(1_000_000 - 7_000);
        rect(x, x + 7_000, "0", "20", class)
    };
    let tone = tone(goal.verdict);
    let required = if a.required == a.target {
        String::new()
    } else {
        mark(a.required, "f-soft")
    };
    format!(
        "<svg class=\"bar attain\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"Attainment {}\">{}{}{}{required}{}</svg>",
        esc(&words::attainment(goal)),
        rect(0, 1_000_000, "4", "12", "f-track"),
        rect(0, lower, "4", "12", &format!("f-{tone}")),
        rect(lower, upper, "4", "12", "f-unsure maybe"),
        mark(a.target, "f-ink"),
    )
}

/// The parts of a scope as one stacked bar.
pub(super) fn scope(counts: &Counts, class: &str) -> String {
    let label = words::scope(counts);
    let mut bar = format!(
        "<svg class=\"bar {class}\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{}\">{}",
        esc(&label),
        rect(0, 1_000_000, "0", "10", "f-track")
    );
    let (whole, mut before) = (u128::from(counts.in_scope.max(1)), 0_u128);
    let share = |part: u128| (part * 1_000_000 / whole) as u64;
    for state in ORDER {
        let after = before + u128::from(words::part(counts, state));
        let class = format!("f-{}", state_tone(state));
        bar.push_str(&rect(share(before), share(after), "0", "10", &class));
        before = after;
    }
    bar.push_str("</svg>");
    bar
}

/// The sum of a scope, which is the legend of its bar too.
pub(super) fn sum(counts: &Counts) -> String {
    if counts.in_scope == 0 {
        return format!("<p class=\"sum\">{}</p>", esc(&words::scope(counts)));
    }
    let parts: Vec<String> = words::STATES
        .into_iter()
        .map(|state| (words::part(counts, state), state))
        .filter(|(n, _)| *n > 0)
        .map(|(n, state)| {
            format!(
                "<svg viewBox=\"0 0 9 9\" aria-hidden=\"true\"><rect width=\"9\" height=\"9\" \
                 class=\"f-{}\"/></svg>{} {state}",
                state_tone(state),
                number(n)
            )
        })
        .collect();
    format!(
        "<p class=\"sum\">in scope {} = {}</p>",
        number(counts.in_scope),
        parts.join(" + ")
    )
}

/// A part of a whole as one bar.
pub(super) fn part(part: u64, whole: u64, tone: &str, label: &str) -> String {
    let share = (u128::from(part.min(whole)) * 1_000_000 / u128::from(whole.max(1))) as u64;
    // What is there must be seen.
    let share = if part > 0 { share.max(8_000) } else { 0 };
    format!(
        "<svg class=\"bar mini\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{}\">{}{}</svg>",
        esc(label),
        rect(0, 1_000_000, "0", "10", "f-track"),
        rect(0, share, "0", "10", &format!("f-{tone}"))
    )
}
