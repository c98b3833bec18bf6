//! Cuts a file into parts that can be read apart.

use crate::{Source, Span};

/// A piece of a file that can be read by itself: usually one YAML document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its bytes, from its `---` if it has one.
    pub span: Span,
}

/// Cuts a file where documents begin.
///
/// A line that starts with `---` or `...` ends everything open before it in YAML, block texts
/// and quotes included, so that cutting there is safe. Directives and comments stay with the
/// document that follows them. JSON has no such lines.
pub fn split(source: &Source) -> impl Iterator<Item = Part> + '_ {
    let text = source.text();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let end = part_end(text.as_bytes(), at);
        let span = Span::new(at as u32, end as u32);
        at = end;
        Some(Part { span })
    })
}

/// The end of the part that starts at `start`.
fn part_end(bytes: &[u8], start: usize) -> usize {
    let marker = |at: usize| -> Option<u8> {
        let three = bytes.get(at..at + 3)?;
        let ends = matches!(bytes.get(at + 3), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
        (ends && (three == b"---" || three == b"...")).then(|| three.first().copied())?
    };
    // Whether anything but comments and directives has been seen.
    let mut content = false;
    let mut at = start;
    while at < bytes.len() {
        let next = bytes
            .get(at..)
            .and_then(|rest| memchr::memchr(b'\n', rest))
            .map_or(bytes.len(), |nl| at + nl + 1);
        match bytes.get(at) {
            Some(b'-') if marker(at).is_some() => {
                if content {
                    return at;
                }
                content = true;
            }
            Some(b'.') if marker(at).is_some() => return next,
            Some(b'#' | b'\n' | b'\r') => {}
            Some(b'%') if !content => {}
            Some(b' ' | b'\t') if !content => {
                let line = bytes.get(at..next).unwrap_or_default();
                let first = line.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
                content = !matches!(first, None | Some(b'#' | b'\n' | b'\r'));
            }
            _ => content = true,
        }
        at = next;
    }
    bytes.len()
}
