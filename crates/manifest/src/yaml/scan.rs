//! Looks at the bytes between two events, to place exactly what the parser places roughly.

use super::Reader;
use crate::builder::Builder;

impl Reader<'_> {
    /// Where a value that is not written would stand: after the colon or dash it belongs to.
    pub(super) fn nothing(
        &self,
        builder: &Builder<'_>,
        reported: usize,
        properties: bool,
    ) -> usize {
        if properties {
            let at = self.skip_properties(reported);
            let before = self
                .text
                .get(reported..at.min(self.limit))
                .unwrap_or_default();
            let written = before.split(['\n', '\r']).next().unwrap_or_default();
            return reported
                + written
                    .split(" #")
                    .next()
                    .unwrap_or_default()
                    .trim_end()
                    .len();
        }
        if self.open.is_empty() {
            return reported.max(self.last_end).min(self.limit);
        }
        let at = self.skip_space(self.last_end);
        let indicator = if builder.wants_value() {
            b':'
        } else if builder.wants_key() {
            b'?'
        } else {
            b'-'
        };
        match self.byte(at) {
            Some(found) if found == indicator => at + 1,
            Some(b':') => at,
            _ => self.last_end,
        }
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text
            .as_bytes()
            .get(at)
            .copied()
            .filter(|_| at < self.limit)
    }

    pub(super) fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == Some(b'-')
            && matches!(self.byte(at + 1), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    /// Past white space, line breaks and comments.
    pub(super) fn skip_space(&self, mut at: usize) -> usize {
        let mut fresh = true;
        loop {
            match self.byte(at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    at += 1;
                    fresh = true;
                }
                Some(b'#') if fresh => {
                    let rest = self.text.as_bytes().get(at..self.limit).unwrap_or_default();
                    at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                }
                _ => return at,
            }
        }
    }

    /// Past anchors and tags, and what separates them.
    pub(super) fn skip_properties(&self, mut at: usize) -> usize {
        loop {
            at = self.skip_space(at);
            match self.byte(at) {
                Some(b'&' | b'!') => at = self.skip_token(at),
                _ => return at,
            }
        }
    }

    pub(super) fn skip_token(&self, mut at: usize) -> usize {
        let verbatim = self.byte(at) == Some(b'!') && self.byte(at + 1) == Some(b'<');
        let flow = self.open.last().is_some_and(|open| open.flow) && !verbatim;
        while let Some(byte) = self.byte(at) {
            if matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
                || flow && matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
            {
                break;
            }
            at += 1;
        }
        at
    }

    /// Past white space, comments, `:`, `?`, properties and, on demand, dashes.
    pub(super) fn skip_gap(&self, from: usize, dashes: bool) -> usize {
        let mut at = from;
        loop {
            at = self.skip_space(at);
            match self.byte(at) {
                Some(b':' | b'?') => at += 1,
                Some(b'-') if dashes && self.is_dash(at) => at += 1,
                // A document marker can stand before a scalar that is the whole document.
                Some(b'-') if dashes && self.text.get(at..at + 3) == Some("---") => at += 3,
                Some(b'&' | b'!') => at = self.skip_token(at),
                _ => return at,
            }
        }
    }

    /// The offset after the quote that closes the one at `from`.
    pub(super) fn close_quote(&self, from: usize) -> Option<usize> {
        let quote = self
            .byte(from)
            .filter(|byte| matches!(byte, b'"' | b'\''))?;
        let mut at = from + 1;
        loop {
            match self.byte(at)? {
                b'\\' if quote == b'"' => at += 2,
                byte if byte == quote => {
                    if quote == b'\'' && self.byte(at + 1) == Some(quote) {
                        at += 2;
                    } else {
                        return Some(at + 1);
                    }
                }
                _ => at += 1,
            }
        }
    }
}
