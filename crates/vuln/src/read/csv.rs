//! CSV as RFC 4180 has it: quoted fields may hold separators, quotes doubled,
//! and line breaks.

/// The records of a text with the number of the line each begins on. A field
/// of a record is at most so many bytes as the text has; nothing is copied
/// twice.
pub(crate) struct Csv<'a> {
    rest: &'a str,
    line: usize,
    separator: char,
}

impl<'a> Csv<'a> {
    pub(crate) fn new(text: &'a str, separator: char) -> Self {
        Self {
            rest: text.trim_start_matches('\u{feff}'),
            line: 1,
            separator,
        }
    }
}

/// Fields of one record; more than are of any use are left out.
const FIELDS: usize = 256;

impl Iterator for Csv<'_> {
    type Item = (usize, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let mut fields = vec![String::new()];
        let mut quoted = false;
        let mut chars = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            if c == '\n' {
                self.line += 1;
            }
            match c {
                '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                    push(&mut fields, '"');
                }
                '"' => quoted = !quoted,
                '\n' if !quoted => {
                    end = at + 1;
                    break;
                }
                '\r' if !quoted => {}
                c if c == self.separator && !quoted => {
                    if fields.len() < FIELDS {
                        fields.push(String::new());
                    }
                }
                c => push(&mut fields, c),
            }
        }
        self.rest = self.rest.get(end..).unwrap_or_default();
        Some((line, fields))
    }
}

fn push(fields: &mut [String], c: char) {
    if let Some(last) = fields.last_mut() {
        last.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_separators_and_lines() {
        let got: Vec<_> = Csv::new("a,\"b,\"\"c\"\"\nd\",e\r\n\nf", ',').collect();
        assert_eq!(
            got,
            [
                (1, vec!["a".into(), "b,\"c\"\nd".into(), "e".into()]),
                (3, vec![String::new()]),
                (4, vec!["f".into()]),
            ]
        );
        assert_eq!(Csv::new("", ',').count(), 0);
        assert_eq!(Csv::new("\"open", ',').count(), 1);
    }
}
