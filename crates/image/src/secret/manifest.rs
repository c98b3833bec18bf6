//! Values in manifests of Kubernetes Secrets.

use super::{checksum, judge, kind::Sure, scan::Match};

/// Lines of a manifest that are looked at.
const LINES: usize = 10_000;

/// Finds the values of `data` and `stringData` of every document that is a Secret.
pub(super) fn scan(text: &[u8], all: &mut Vec<Match>) {
    if memchr::memmem::find(text, b"kind: Secret").is_none() {
        return;
    }
    let mut document = Document::default();
    let mut at = 0;
    for line in text.split(|byte| *byte == b'\n').take(LINES) {
        document.line(line, at);
        at += line.len() + 1;
        if line.starts_with(b"---") {
            std::mem::take(&mut document).finish(text, all);
        }
    }
    document.finish(text, all);
}

#[derive(Default)]
struct Document {
    is_secret: bool,
    /// Within `data` (encoded) or `stringData`, indented by so much.
    within: Option<(bool, usize)>,
    values: Vec<(bool, std::ops::Range<usize>)>,
}

impl Document {
    fn line(&mut self, line: &[u8], at: usize) {
        let trimmed = line.trim_ascii_start();
        let indent = line.len() - trimmed.len();
        let body = trimmed.trim_ascii_end();
        if body.is_empty() || body.starts_with(b"#") {
            return;
        }
        match body {
            b"kind: Secret" => self.is_secret = true,
            b"data:" => self.within = Some((true, indent)),
            b"stringData:" => self.within = Some((false, indent)),
            _ => match self.within {
                Some((_, outer)) if indent <= outer => self.within = None,
                Some((encoded, _)) => {
                    if let Some(colon) = memchr::memmem::find(body, b": ") {
                        let value = body[colon + 2..].trim_ascii_start();
                        let start = at + indent + body.len() - value.len();
                        let quotes =
                            usize::from(value.len() >= 2 && matches!(value[0], b'"' | b'\''));
                        self.values
                            .push((encoded, start + quotes..start + value.len() - quotes));
                    }
                }
                None => {}
            },
        }
    }

    fn finish(self, text: &[u8], all: &mut Vec<Match>) {
        if !self.is_secret {
            return;
        }
        for (encoded, range) in self.values {
            let Some(value) = text.get(range.clone()) else {
                continue;
            };
            let clear = if encoded {
                match checksum::decodes(value) {
                    Some(clear) => clear,
                    None => continue,
                }
            } else {
                value.to_vec()
            };
            if clear.len() >= 4
                && value.len() >= 4
                && !matches!(value[0], b'|' | b'>' | b'&' | b'*' | b'!')
                && !judge::is_placeholder(&clear)
                && !judge::is_placeholder(value)
            {
                all.push(Match {
                    rule: "kubernetes-secret-manifest",
                    value: range,
                    sure: Sure::NameAndShape,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_found() {
        let check = |text: &str, expect: &[&str]| {
            let mut all = Vec::new();
            scan(text.as_bytes(), &mut all);
            let found: Vec<&str> = all.into_iter().map(|one| &text[one.value]).collect();
            assert_eq!(found, expect, "{text}");
        };
        check(
            "apiVersion: v1\nkind: Secret\ndata:\n  a: aHVudGVyMg==\n  b: \"aHVudGVyMw==\"\ntype: Opaque\n",
            &["aHVudGVyMg==", "aHVudGVyMw=="],
        );
        check(
            "data:\n  a: aHVudGVyMg==\nkind: Secret\n",
            &["aHVudGVyMg=="],
        );
        check(
            "kind: Secret\nstringData:\n  a: hunter2\n---\nkind: ConfigMap\ndata:\n  b: hunter3\n",
            &["hunter2"],
        );
        check("kind: ConfigMap\ndata:\n  a: aHVudGVyMg==\n", &[]);
        check("kind: Secret\ndata:\n  a: {{ .Values.a }}\n", &[]);
        check("kind: Secret\nstringData:\n  a: changeme\n", &[]);
        check("kind: Secret\nstringData:\n  a: |\n    text\n", &[]);
    }
}
