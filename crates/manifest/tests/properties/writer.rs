//! Writes a value as YAML in a style drawn from a seed: indentation, quotes, block or flow,
//! comments, line ends, with or without a line break at the end.

use serde_json::{Map, Value};

/// A source of choices and the habits of one document.
pub struct Writer {
    state: u64,
    unit: usize,
    list: usize,
    crlf: bool,
    out: String,
}

impl Writer {
    pub fn new(seed: u64) -> Self {
        let mut writer = Self {
            state: seed | 1,
            unit: 2,
            list: 0,
            crlf: false,
            out: String::new(),
        };
        writer.unit = if writer.draw(2) == 0 { 2 } else { 4 };
        writer.list = if writer.draw(2) == 0 { 0 } else { writer.unit };
        writer.crlf = writer.draw(4) == 0;
        writer
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % below
    }

    pub fn document(mut self, root: &Value) -> String {
        if self.draw(3) == 0 {
            self.out.push_str("# kept: head\n---\n");
        }
        if let Value::Object(fields) = root {
            self.mapping(fields, 0, true);
        }
        if self.draw(4) == 0 {
            self.out.push_str("# kept: end\n");
        }
        let out = if self.draw(3) == 0 {
            self.out.trim_end_matches('\n').to_owned()
        } else {
            self.out
        };
        if self.crlf {
            out.replace('\n', "\r\n")
        } else {
            out
        }
    }

    fn pad(&mut self, columns: usize) {
        self.out.push_str(&" ".repeat(columns));
    }

    fn end_line(&mut self) {
        if self.draw(8) == 0 {
            self.out.push_str("  # kept: beside");
        }
        self.out.push('\n');
        if self.draw(12) == 0 {
            self.out.push('\n');
        }
        if self.draw(12) == 0 {
            self.out.push_str("# kept: between\n");
        }
    }

    /// Fields at a column; the first may continue a line.
    fn mapping(&mut self, fields: &Map<String, Value>, column: usize, fresh: bool) {
        for (at, (key, value)) in fields.iter().enumerate() {
            if at > 0 || fresh {
                self.pad(column);
            }
            let key = self.string(key, true);
            self.out.push_str(&key);
            self.out.push(':');
            self.value(value, column);
        }
    }

    fn list(&mut self, items: &[Value], column: usize, fresh: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || fresh {
                self.pad(column);
            }
            self.out.push('-');
            match item {
                Value::Object(fields) if !fields.is_empty() && self.draw(4) != 0 => {
                    self.out.push(' ');
                    self.mapping(fields, column + 2, false);
                }
                Value::Array(items) if !items.is_empty() && self.draw(4) != 0 => {
                    self.out.push(' ');
                    self.list(items, column + 2, false);
                }
                _ => self.scalar_or_flow(item),
            }
        }
    }

    /// What follows a colon.
    fn value(&mut self, value: &Value, column: usize) {
        match value {
            Value::Object(fields) if !fields.is_empty() && self.draw(5) != 0 => {
                self.end_line();
                self.mapping(fields, column + self.unit, true);
            }
            Value::Array(items) if !items.is_empty() && self.draw(5) != 0 => {
                self.end_line();
                self.list(items, column + self.list, true);
            }
            Value::String(text) if self.draw(3) == 0 && is_text(text) => {
                let plus = text.ends_with("\n\n");
                self.out.push_str(if text.ends_with('\n') {
                    if plus { " |+\n" } else { " |\n" }
                } else {
                    " |-\n"
                });
                for line in text.split_terminator('\n') {
                    if !line.is_empty() {
                        self.pad(column + self.unit);
                    }
                    self.out.push_str(line);
                    self.out.push('\n');
                }
            }
            _ => self.scalar_or_flow(value),
        }
    }

    fn scalar_or_flow(&mut self, value: &Value) {
        if !(value.is_null() && self.draw(2) == 0) {
            self.out.push(' ');
            let text = self.flow(value);
            self.out.push_str(&text);
        }
        self.end_line();
    }

    fn flow(&mut self, value: &Value) -> String {
        match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.string(key, true), self.flow(value)))
                    .collect();
                if self.draw(3) == 0 {
                    format!("{{ {} }}", fields.join(", "))
                } else {
                    format!("{{{}}}", fields.join(","))
                }
            }
            Value::String(text) => self.string(text, false),
            Value::Number(number) if number.is_f64() => {
                format!("{:?}", number.as_f64().unwrap_or_default())
            }
            other => other.to_string(),
        }
    }

    fn string(&mut self, text: &str, key: bool) -> String {
        let simple = text.chars().all(|c| c.is_ascii_lowercase()) && text.len() > 1
            || matches!(text, "a" | "b" | "c" | "d" | "apiVersion" | "A" | "v1");
        let word = matches!(
            text,
            "null" | "no" | "yes" | "on" | "off" | "true" | "false"
        );
        let quotable = text
            .chars()
            .all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
        if simple && !word && self.draw(4) != 0 {
            text.to_owned()
        } else if quotable && self.draw(2) == 0 {
            format!("'{}'", text.replace('\'', "''"))
        } else if key {
            Value::from(text)
                .to_string()
                .replace('\u{7f}', "\\u007f")
                .replace('\u{85}', "\\u0085")
        } else {
            escape(text)
        }
    }
}

/// Double quotes with everything that is not plain ASCII escaped.
fn escape(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Whether a text can be written as a literal block without an indentation indicator.
fn is_text(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    !body.is_empty()
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|c| c == '\n' || (' '..='~').contains(&c))
        && body
            .lines()
            .all(|line| !line.ends_with(' ') && !line.trim().is_empty())
}
