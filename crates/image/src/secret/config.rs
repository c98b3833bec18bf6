//! Secrets in an image's configuration: variables, labels, annotations,
//! commands, and the history with its build arguments. Whoever can read the
//! image can read it.

use std::collections::BTreeSet;

use plimsoll_model::image::{ImageConfig, ImageSecret};

use super::{
    assign, judge,
    kind::Sure,
    kinds::VARIABLE,
    redact,
    scan::{self, Match, Names, Scope},
};

/// Bytes of one text of a configuration that are searched; the rest of a
/// longer one is not shown either.
const MOST: usize = 256 << 10;

/// Secrets of a configuration.
const MOST_SECRETS: usize = 1_000;

/// Finds the secrets of a configuration and takes them out of it; `annotations`
/// likewise.
pub fn take_from(
    config: &mut ImageConfig,
    annotations: &mut std::collections::BTreeMap<String, String>,
) -> Vec<ImageSecret> {
    let mut taken = Taken::default();
    for variable in &mut config.env {
        let name = variable.split('=').next().unwrap_or_default().to_owned();
        taken.variable(variable, &format!("env:{name}"));
    }
    // The history repeats the variables that a step set: what is told above is
    // hidden there and not told again.
    for step in &mut config.history {
        taken.step(&mut step.created_by);
        taken.text(&mut step.comment, "history:comment");
    }
    for (place, labels) in [("label", &mut config.labels), ("annotation", annotations)] {
        for (name, value) in labels {
            taken.named(value, name, &format!("{place}:{name}"));
        }
    }
    for (place, words) in [
        ("entrypoint", &mut config.entrypoint),
        ("cmd", &mut config.cmd),
        ("healthcheck", &mut config.healthcheck),
    ] {
        for word in words {
            taken.text(word, place);
        }
    }
    taken.text(&mut config.author, "author");
    taken.secrets
}

#[derive(Default)]
struct Taken {
    secrets: Vec<ImageSecret>,
    /// Rules and fingerprints that were told.
    told: BTreeSet<String>,
}

impl Taken {
    /// `NAME=VALUE`.
    fn variable(&mut self, text: &mut String, place: &str) {
        let mut all = search(text);
        by_name(text, 0..text.len(), &mut all);
        self.keep(text, all, place);
    }

    /// A value with its name apart.
    fn named(&mut self, value: &mut String, name: &str, place: &str) {
        let mut text = format!("{name}={value}");
        let before = self.secrets.len();
        self.variable(&mut text, place);
        if self.secrets.len() > before || text.contains(redact::MASK) {
            *value = text
                .get(name.len() + 1..)
                .unwrap_or(redact::MASK)
                .to_owned();
        }
    }

    /// A text without a name.
    fn text(&mut self, text: &mut String, place: &str) {
        let all = search(text);
        self.keep(text, all, place);
    }

    /// A step of the history, with the variables and arguments it sets.
    fn step(&mut self, text: &mut String) {
        let mut all = search(text);
        let mut name = None;
        for word in words(text) {
            let before = all.len();
            by_name(text, word.clone(), &mut all);
            if all.len() > before {
                name = text[word].split('=').next().map(str::to_owned);
            }
        }
        let instruction = text
            .split_whitespace()
            .find(|word| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
            .unwrap_or("RUN");
        let place = format!("history:{}", name.as_deref().unwrap_or(instruction));
        self.keep(text, all, &place);
    }

    fn keep(&mut self, text: &mut String, all: Vec<Match>, place: &str) {
        if text.len() > MOST {
            let end = (0..=MOST)
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        if all.is_empty() {
            return;
        }
        let matches = scan::settle(all);
        for hit in redact::hits(text.as_bytes(), &matches, MOST_SECRETS) {
            let is_new = self.told.insert(hit.fingerprint.clone());
            if is_new && self.secrets.len() < MOST_SECRETS {
                self.secrets.push(ImageSecret {
                    path: place.to_owned(),
                    rule: hit.rule,
                    excerpt: hit.excerpt,
                    fingerprint: hit.fingerprint,
                    ..ImageSecret::default()
                });
            }
        }
        *text = redact::masked(text, &matches.hidden);
    }
}

fn search(text: &str) -> Vec<Match> {
    let mut all = Vec::new();
    let scope = Scope {
        names: Names::Any,
        ..Scope::default()
    };
    let bytes = text.as_bytes();
    scan::scan(&bytes[..bytes.len().min(MOST)], scope, &mut all);
    all
}

/// The value of `NAME=VALUE` when its name says that it is secret.
fn by_name(text: &str, at: std::ops::Range<usize>, all: &mut Vec<Match>) {
    let Some((name, value)) = text.get(at.clone()).and_then(|word| word.split_once('=')) else {
        return;
    };
    let start = at.start + name.len() + 1;
    let quotes = usize::from(value.len() >= 2 && value.starts_with(['"', '\'']));
    let inner = value.get(quotes..value.len() - quotes).unwrap_or(value);
    if value.len() <= MOST
        && assign::is_secret_variable(name.trim_start_matches("--"), inner)
        && !judge::is_placeholder(inner.as_bytes())
    {
        all.push(Match {
            rule: VARIABLE,
            value: start + quotes..start + value.len() - quotes,
            sure: Sure::Name,
        });
    }
}

/// The words of a step, at most so many.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    text.split_whitespace()
        .take(10_000)
        .filter(|word| word.contains('='))
        .map(|word| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            start..start + word.len()
        })
        .collect()
}
