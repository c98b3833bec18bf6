//! Laying out: words with a meaning, wrapped with hanging indents.

use std::io::{self, Write};

use crate::{
    style::{Style, Tone},
    text::{clean, fitting, width},
};

/// Pieces of text with what they mean. Text is cleaned as it comes in, so
/// nothing hostile can reach the terminal through here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(Tone, String)>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Line::default()
    }

    pub(crate) fn of(tone: Tone, text: &str) -> Self {
        Line::new().put(tone, text)
    }

    pub(crate) fn plain(text: &str) -> Self {
        Line::of(Tone::Plain, text)
    }

    pub(crate) fn put(mut self, tone: Tone, text: &str) -> Self {
        self.pieces.push((tone, clean(text).into_owned()));
        self
    }

    pub(crate) fn and(self, text: &str) -> Self {
        self.put(Tone::Plain, text)
    }

    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| width(text)).sum()
    }
}

/// Where lines are laid out.
pub(crate) struct Paper<'a> {
    out: &'a mut dyn Write,
    pub(crate) style: Style,
}

impl<'a> Paper<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, style: Style) -> Self {
        Paper { out, style }
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A paragraph that begins and goes on at column `indent`.
    pub(crate) fn text(&mut self, indent: usize, line: &Line) -> io::Result<()> {
        self.hang(indent, &Line::new(), indent, line)?;
        self.blank()
    }

    /// A label of fixed width before a paragraph that hangs behind it.
    pub(crate) fn field(
        &mut self,
        indent: usize,
        label: &Line,
        room: usize,
        line: &Line,
    ) -> io::Result<()> {
        self.hang(indent, label, indent + room, line)?;
        self.blank()
    }

    /// A label, a text behind it and another at the right edge of the text's
    /// last line, or on the next where that has no room.
    pub(crate) fn apart(
        &mut self,
        indent: usize,
        (label, room): (&Line, usize),
        left: &Line,
        right: &Line,
    ) -> io::Result<()> {
        let columns = self.style.columns();
        let column = self.hang(indent, label, indent + room, left)?;
        let width = right.width();
        if width > 0 && column + 2 + width <= columns {
            self.space(columns - column - width)?;
            for (tone, text) in &right.pieces {
                self.write(*tone, text)?;
            }
            return self.blank();
        }
        self.blank()?;
        if width == 0 {
            return Ok(());
        }
        let hang = (indent + room).min(columns / 2);
        if hang + width > columns {
            return self.text(hang, right);
        }
        let mut line = Line::new();
        line.pieces.push((Tone::Plain, " ".repeat(columns - width)));
        line.pieces.extend(right.pieces.iter().cloned());
        self.put(0, &line)
    }

    /// A line that is known to fit.
    pub(crate) fn put(&mut self, indent: usize, line: &Line) -> io::Result<()> {
        write!(self.out, "{:indent$}", "")?;
        for (index, (tone, text)) in line.pieces.iter().enumerate() {
            let last = index + 1 == line.pieces.len();
            self.write(*tone, if last { text.trim_end() } else { text })?;
        }
        self.blank()
    }

    fn write(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        let style = tone.ansi();
        if self.style.colour && !text.is_empty() && tone != Tone::Plain {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            self.out.write_all(text.as_bytes())
        }
    }

    /// `label` at `indent`, then the words of `line` from column `hang` on, on
    /// as many lines as they need. The last is not ended; its width is what
    /// comes back.
    fn hang(&mut self, indent: usize, label: &Line, hang: usize, line: &Line) -> io::Result<usize> {
        let columns = self.style.columns();
        // Deep indents on a narrow terminal leave no room: then hang less.
        let hang = hang.min(columns / 2);
        let indent = indent.min(hang);
        write!(self.out, "{:indent$}", "")?;
        for (tone, text) in &label.pieces {
            self.write(*tone, text)?;
        }
        let mut column = indent + label.width();
        if column > hang || (column > 0 && label.width() > 0 && column == hang) {
            // The label fills its room: the text begins below it.
            if line.width() == 0 {
                return Ok(column);
            }
            self.blank()?;
            column = 0;
        }
        // Spaces are written only before a word that follows: no line ends in one.
        let mut first = true;
        for word in words(line) {
            let gap = if first { hang - column } else { 1 };
            if !first && column + gap + word.width() > columns {
                self.blank()?;
                column = 0;
                self.space(hang)?;
                column += hang;
            } else {
                self.space(gap)?;
                column += gap;
            }
            first = false;
            for (tone, mut text) in word.pieces {
                while column + width(&text) > columns {
                    let at = break_at(&text, columns.saturating_sub(column));
                    if at > 0 {
                        self.write(tone, &text[..at])?;
                    }
                    self.blank()?;
                    self.space(hang)?;
                    column = hang;
                    text.drain(..at);
                }
                self.write(tone, &text)?;
                column += width(&text);
            }
        }
        Ok(column)
    }

    fn space(&mut self, n: usize) -> io::Result<()> {
        write!(self.out, "{:n$}", "")
    }
}

/// Where to break a word that is longer than its line: behind a separator in
/// the second half of what fits, or where the line ends.
fn break_at(text: &str, columns: usize) -> usize {
    if columns == 0 {
        return 0;
    }
    let end = fitting(text, columns);
    text[..end]
        .rfind(['/', '.', ',', ':', '-', '_', '@'])
        .map(|at| at + 1)
        .filter(|at| at * 2 > end)
        .unwrap_or(end)
}

/// The words of a line: pieces without a space between them stay together.
fn words(line: &Line) -> Vec<Line> {
    let mut words = Vec::new();
    let mut word = Line::new();
    for (tone, text) in &line.pieces {
        for (index, part) in text.split(' ').enumerate() {
            if index > 0 && !word.pieces.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if !part.is_empty() {
                word.pieces.push((*tone, part.to_owned()));
            }
        }
    }
    if !word.pieces.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lay(columns: usize, label: &str, text: &str) -> String {
        let mut out = Vec::new();
        let style = Style {
            width: columns,
            ..Style::default()
        };
        let label = Line::plain(label);
        Paper::new(&mut out, style)
            .field(2, &label, 10, &Line::plain(text))
            .expect("a vector takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn paragraphs_hang_behind_their_label() {
        let check = |text: &str, expect: &str| assert_eq!(lay(40, "label", text), expect);
        check("short", "  label     short\n");
        check("", "  label\n");
        check(
            "words that do not fit into one line hang",
            "  label     words that do not fit into\n            one line hang\n",
        );
        check(
            "charts/shop/templates/deployment-of-the-web-tier.yaml:12:7",
            "  label     charts/shop/templates/\n            deployment-of-the-web-tier.\n            yaml:12:7\n",
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_line_is_too_long_or_raw(columns in 0_usize..140, label in ".{0,30}", text in ".{0,300}") {
            for line in lay(columns, &clean(&label), &text).lines() {
                let room = columns.max(Style::MIN_WIDTH);
                // A label is written by us and short; only the text is bounded.
                prop_assert!(width(line) <= room.max(width(&label) + 2), "{line:?}");
                prop_assert!(!line.contains(char::is_control));
            }
        }
    }
}
