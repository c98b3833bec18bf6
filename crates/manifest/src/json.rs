//! A strict JSON reader with places. No recursion: the builder keeps the open collections.

use crate::builder::{Builder, Fault};
use crate::scalar;
use crate::tree::{Style, Text};
use crate::{Kind, LoadErrorKind, Span};

/// Reads one JSON value that starts at `start` (white space before it allowed) and returns the
/// offset after it.
///
/// # Errors
/// The first byte that is not JSON, or a limit.
pub(crate) fn read_value(
    builder: &mut Builder<'_>,
    text: &str,
    start: usize,
) -> Result<usize, Fault> {
    Reader {
        bytes: text.as_bytes(),
        text,
        at: start,
    }
    .value(builder)
}

/// The offset of the next byte that is no JSON white space.
pub(crate) fn skip_space(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        .unwrap_or(rest.len())
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fault(&self, what: &str) -> Fault {
        let length = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        let span = Span::new(self.at as u32, (self.at + length) as u32);
        let found = match self.text.get(span.range()) {
            None | Some("") => "the end of the file".to_owned(),
            Some(found) => format!("`{}`", found.escape_debug()),
        };
        Fault::new(
            span,
            LoadErrorKind::Syntax(format!("this is not JSON: {what}, but here is {found}")),
        )
    }

    fn value(mut self, builder: &mut Builder<'_>) -> Result<usize, Fault> {
        let outer = builder.depth();
        // Kinds of the open collections are the builder's; here only what closes them.
        let mut closers: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    builder.open(self.at as u32, open == b'{', Style::Flow, false)?;
                    self.at += 1;
                    self.space();
                    let close = if open == b'{' { b'}' } else { b']' };
                    if self.peek() == Some(close) {
                        self.at += 1;
                        builder.close(Some(self.at as u32))?;
                    } else {
                        closers.push(close);
                        if close == b'}' {
                            self.key(builder)?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    let (span, text) = self.string(builder)?;
                    builder.scalar(span, text, Kind::String, Style::Double, false)?;
                }
                Some(b'-' | b'0'..=b'9') => self.number(builder)?,
                Some(b't') => self.word(builder, "true", Kind::Bool)?,
                Some(b'f') => self.word(builder, "false", Kind::Bool)?,
                Some(b'n') => self.word(builder, "null", Kind::Null)?,
                _ => return Err(self.fault("a value was expected")),
            }
            // A value is complete: close what ends here.
            loop {
                let Some(close) = closers.last().copied() else {
                    debug_assert_eq!(builder.depth(), outer);
                    return Ok(self.at);
                };
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if close == b'}' {
                            self.space();
                            self.key(builder)?;
                        }
                        break;
                    }
                    Some(byte) if byte == close => {
                        self.at += 1;
                        closers.pop();
                        builder.close(Some(self.at as u32))?;
                    }
                    _ if close == b'}' => return Err(self.fault("`,` or `}` was expected")),
                    _ => return Err(self.fault("`,` or `]` was expected")),
                }
            }
        }
    }

    fn key(&mut self, builder: &mut Builder<'_>) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("a key in double quotes was expected"));
        }
        let (span, text) = self.string(builder)?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.fault("`:` was expected after the key"));
        }
        self.at += 1;
        builder.key(span, text);
        Ok(())
    }

    fn string(&mut self, builder: &mut Builder<'_>) -> Result<(Span, Text), Fault> {
        let start = self.at;
        self.at += 1;
        let mut decoded: Option<String> = None;
        let mut copied = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(next) = rest
                .iter()
                .position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20)
            else {
                self.at = self.bytes.len();
                return Err(self.fault("a string was not closed"));
            };
            self.at += next;
            match rest.get(next) {
                Some(b'"') => break,
                Some(b'\\') => {
                    let out = decoded.get_or_insert_default();
                    out.push_str(self.text.get(copied..self.at).unwrap_or_default());
                    let c = self.escape()?;
                    decoded.get_or_insert_default().push(c);
                    copied = self.at;
                }
                _ => {
                    return Err(
                        self.fault("line breaks and control characters in strings must be escaped")
                    );
                }
            }
        }
        let tail = self.text.get(copied..self.at).unwrap_or_default();
        self.at += 1;
        let span = Span::new(start as u32, self.at as u32);
        let text = match decoded {
            None => Text::INNER,
            Some(mut out) => {
                out.push_str(tail);
                builder.keep(&out)
            }
        };
        Ok((span, text))
    }

    /// Reads an escape that starts at the backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let simple = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => {
                return Err(self.fault(
                    "a backslash must start one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000",
                ));
            }
        };
        self.at += 2;
        Ok(simple)
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.hex(self.at)?;
        let mut length = 6;
        let code = if (0xd800..0xdc00).contains(&first) {
            if self.bytes.get(self.at + 6) != Some(&b'\\')
                || self.bytes.get(self.at + 7) != Some(&b'u')
            {
                return Err(self.fault("half of a surrogate pair stands alone"));
            }
            let second = self.hex(self.at + 6)?;
            length = 12;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.fault("half of a surrogate pair stands alone"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        let c = char::from_u32(code)
            .ok_or_else(|| self.fault("half of a surrogate pair stands alone"))?;
        self.at += length;
        Ok(c)
    }

    /// Four hexadecimal digits after the `\u` at an offset.
    fn hex(&self, at: usize) -> Result<u32, Fault> {
        let digits = self
            .text
            .get(at + 2..at + 6)
            .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.fault("`\\u` wants four hexadecimal digits"))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self, builder: &mut Builder<'_>) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || zero && whole > 1 {
            return Err(self.fault("a number without leading zeros was expected"));
        }
        let mut float = false;
        if self.peek() == Some(b'.') {
            self.at += 1;
            float = true;
            if self.digits() == 0 {
                return Err(self.fault("a digit was expected after the point"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            float = true;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.fault("a digit was expected in the exponent"));
            }
        }
        let span = Span::new(start as u32, self.at as u32);
        let text = self.text.get(start..self.at).unwrap_or_default();
        // "-0" is a float because JSON readers keep its sign.
        let int = !float && text != "-0" && scalar::parse_int(text).is_some();
        let kind = if int { Kind::Int } else { Kind::Float };
        builder.scalar(span, Text::SPAN, kind, Style::Plain, false)?;
        Ok(())
    }

    fn word(&mut self, builder: &mut Builder<'_>, word: &str, kind: Kind) -> Result<(), Fault> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word)
            || self
                .bytes
                .get(end)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        {
            return Err(self.fault("a value was expected"));
        }
        let span = Span::new(self.at as u32, end as u32);
        self.at = end;
        builder.scalar(span, Text::SPAN, kind, Style::Plain, false)?;
        Ok(())
    }
}
