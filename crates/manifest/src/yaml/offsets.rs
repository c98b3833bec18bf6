//! Characters to bytes.

/// Byte offsets in the file of the characters of a part of it.
pub(super) struct Offsets {
    base: usize,
    /// Byte offset of every [`EVERY`]th character; empty for ASCII.
    marks: Vec<u32>,
    length: usize,
}

const EVERY: usize = 64;

impl Offsets {
    pub(super) fn new(part: &str, base: usize) -> Self {
        let mut marks = Vec::new();
        if !part.is_ascii() {
            marks.extend(part.char_indices().step_by(EVERY).map(|(at, _)| at as u32));
        }
        Self {
            base,
            marks,
            length: part.len(),
        }
    }

    /// The byte offset in the file of the `index`th character of the part.
    pub(super) fn byte(&self, text: &str, index: usize) -> usize {
        if self.marks.is_empty() {
            return self.base + index.min(self.length);
        }
        let end = self.base + self.length;
        let Some(mark) = self.marks.get(index / EVERY) else {
            return end;
        };
        let from = self.base + *mark as usize;
        let rest = text.get(from..end).unwrap_or_default();
        from + rest
            .char_indices()
            .nth(index % EVERY)
            .map_or(rest.len(), |(at, _)| at)
    }
}
