//! Brackets and quotes that close at the indentation of their key, or left of it.
//!
//! YAML 1.2 forbids it, the parser here refuses it, and the reader Kubernetes uses takes it; it
//! is common:
//!
//! ```yaml
//! args: [
//!   "--verbose",
//! ]
//! ```
//!
//! Line breaks beside brackets and commas mean nothing, so that the parser is given a copy
//! without them, byte for byte as long as the original. The same for quotes, whose line breaks do
//! mean something: what they say is then taken from the original.

/// Replaces the line breaks (and comments) beside the brackets, commas and colons of the flow
/// collection that starts at `start` by spaces. Whether there were any.
pub(super) fn join_lines(text: &mut [u8], start: usize) -> bool {
    let mut changed = false;
    let mut depth = 0usize;
    let mut at = start;
    let mut previous = b' ';
    while let Some(byte) = text.get(at).copied() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                let end = gap_end(text, at);
                let next = text.get(end).copied().unwrap_or_default();
                let idle = matches!(previous, b',' | b'[' | b'{' | b':')
                    || matches!(next, b',' | b']' | b'}');
                let gap = text.get_mut(at..end).unwrap_or_default();
                if idle && gap.contains(&b'\n') {
                    gap.fill(b' ');
                    changed = true;
                }
                at = end;
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return changed;
                }
            }
            b'"' | b'\''
                if matches!(previous, b',' | b'[' | b'{' | b':')
                    || at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b' ') =>
            {
                at = quote_end(text, at);
                previous = byte;
                continue;
            }
            _ => {}
        }
        previous = byte;
        at += 1;
    }
    changed
}

/// Replaces the line breaks of the quoted text that starts at `start` by spaces. Whether there
/// were any.
pub(super) fn join_quoted(text: &mut [u8], start: usize) -> bool {
    if !matches!(text.get(start), Some(b'"' | b'\'')) {
        return false;
    }
    let end = quote_end(text, start);
    let mut changed = false;
    for byte in text.get_mut(start..end).unwrap_or_default() {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
            changed = true;
        }
    }
    changed
}

/// The end of white space and comments.
fn gap_end(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') => {
                let rest = text.get(at..).unwrap_or_default();
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            _ => return at,
        }
    }
}

/// The offset after the quote that closes the one at `at`, or the end.
fn quote_end(text: &[u8], at: usize) -> usize {
    let quote = text.get(at).copied();
    let mut end = at + 1;
    while let Some(byte) = text.get(end).copied() {
        let escaped = match byte {
            b'\\' => quote == Some(b'"'),
            b'\'' => quote == Some(b'\'') && text.get(end + 1) == Some(&b'\''),
            _ => false,
        };
        if escaped {
            end += 2;
            continue;
        }
        end += 1;
        if Some(byte) == quote {
            return end;
        }
    }
    text.len()
}
