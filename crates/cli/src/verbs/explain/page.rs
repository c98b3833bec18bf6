//! A page of text for a person: headings, paragraphs, lists, wrapped.

use plimsoll_report::Style;

use crate::term::printable;

/// Columns of text beside which nobody likes to read.
const WIDEST: usize = 100;
/// The indentation of what stands under a heading.
const INDENT: usize = 2;

/// A page being written.
#[derive(Debug)]
pub struct Page {
    /// How it is shown.
    pub style: Style,
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new(style: Style) -> Self {
        Page {
            style,
            text: String::new(),
        }
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }

    /// The title: what is explained, and in a few words what it is.
    pub fn title(&mut self, name: &str, about: &str) {
        let name = self.bold(name);
        self.text.push_str(&name);
        if !about.is_empty() {
            self.text.push_str(&format!(" ({})", printable(about)));
        }
        self.text.push('\n');
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) {
        let text = self.bold(text);
        self.text.push_str(&format!("\n{text}\n"));
    }

    /// A paragraph under a heading.
    pub fn text(&mut self, text: &str) {
        self.wrapped("", text);
    }

    /// An item of a list.
    pub fn item(&mut self, text: &str) {
        self.wrapped("- ", text);
    }

    /// A name and what it is, the latter in a column of its own.
    pub fn row(&mut self, width: usize, name: &str, text: &str) {
        let name = printable(name);
        let width = width.min(32);
        if name.chars().count() > width {
            self.wrapped("", &name);
            self.wrapped(&" ".repeat(width + 2), text);
        } else {
            self.wrapped(&format!("{name:width$}  "), text);
        }
    }

    /// Text whose lines are kept as they are, indented.
    pub fn block(&mut self, text: &str) {
        for line in text.lines() {
            let line = printable(line);
            if line.is_empty() {
                self.text.push('\n');
            } else {
                self.text.push_str(&format!("{:INDENT$}{line}\n", ""));
            }
        }
    }

    /// Text that was laid out elsewhere.
    pub fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Wraps at the width, `lead` before the first line and blanks as wide
    /// before the others.
    fn wrapped(&mut self, lead: &str, text: &str) {
        let columns = self.style.width.clamp(Style::MIN_WIDTH, WIDEST);
        let hang = INDENT + lead.chars().count();
        let mut line = format!("{:INDENT$}{lead}", "");
        let mut empty = true;
        for word in printable(text).split_whitespace() {
            let width = line.chars().count() + 1 + word.chars().count();
            if !empty && width > columns {
                self.push_line(&line);
                line = " ".repeat(hang);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.push_line(&line);
    }

    fn push_line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn bold(&self, text: &str) -> String {
        let text = printable(text);
        if self.style.colour {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_wrap_with_hanging_indents() {
        let mut page = Page::new(Style {
            width: 40,
            ..Style::default()
        });
        page.title("name", "what");
        page.heading("Head");
        page.item("one two three four five six seven eight nine");
        page.row(6, "key", "one two three four five six seven eight");
        let expect = "name (what)\n\nHead\n  - one two three four five six seven\n    eight nine\n  \
                      key     one two three four five six\n          seven eight\n";
        assert_eq!(page.finish(), expect);
    }
}
