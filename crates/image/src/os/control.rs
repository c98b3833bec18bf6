//! Debian's control format: stanzas of fields (deb-control(5), deb822(5)).
//! dpkg and opkg keep their records in it.

use super::text::{lines, tell};
use crate::Sink;

/// Fields of one stanza that are kept; Debian's largest have some forty.
const MOST_FIELDS: usize = 256;

/// One stanza.
#[derive(Default)]
pub(crate) struct Stanza<'a> {
    /// Where it begins.
    pub(crate) offset: usize,
    fields: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Stanza<'a> {
    /// The field of this name, in any case: its value with all further lines,
    /// trimmed.
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| *value)
    }
}

/// The stanzas of `bytes`. Lines that are no fields are told in `sink`.
pub(crate) fn stanzas<'a>(
    bytes: &'a [u8],
    sink: &mut Sink,
    mut each: impl FnMut(&Stanza<'a>, &mut Sink),
) {
    let mut stanza = Stanza::default();
    // Where the value of the last field begins; none in a line that is no field.
    let mut value_from = None;
    for (at, line) in lines(bytes) {
        match line {
            [] => {
                if !stanza.fields.is_empty() {
                    each(&stanza, sink);
                }
                stanza.fields.clear();
                value_from = None;
            }
            [b' ' | b'\t', ..] => {
                if let (Some(from), Some((_, value))) = (value_from, stanza.fields.last_mut()) {
                    *value = bytes[from..at + line.len()].trim_ascii();
                } else if !line.trim_ascii().is_empty() && value_from.is_none() {
                    // The rest of a line that was told already, or of nothing.
                    if stanza.fields.is_empty() {
                        tell(sink, at, "a continuation of no field");
                    }
                }
            }
            [b'#', ..] => {}
            _ => {
                if stanza.fields.is_empty() {
                    stanza.offset = at;
                }
                let Some(colon) = memchr::memchr(b':', line).filter(|&colon| colon > 0) else {
                    tell(sink, at, "not a field: no colon");
                    value_from = None;
                    continue;
                };
                if stanza.fields.len() == MOST_FIELDS {
                    tell(sink, at, format!("more than {MOST_FIELDS} fields"));
                    value_from = None;
                    continue;
                }
                stanza
                    .fields
                    .push((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()));
                value_from = Some(at + colon + 1);
            }
        }
    }
    if !stanza.fields.is_empty() {
        each(&stanza, sink);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::os::text::lossy;

    fn read(text: &[u8]) -> (Vec<Vec<String>>, Vec<u64>) {
        let mut sink = Sink::default();
        let mut read = Vec::new();
        stanzas(text, &mut sink, |stanza, _| {
            read.push(
                stanza
                    .fields
                    .iter()
                    .map(|(name, value)| format!("{}={}", lossy(name), lossy(value)))
                    .collect(),
            );
        });
        (read, sink.problems.iter().filter_map(|p| p.1).collect())
    }

    #[test]
    fn fields_go_on_over_lines_and_stanzas_end_at_empty_ones() {
        let check = |text: &str, expect: &[&[&str]], problems: &[u64]| {
            let (stanzas, told) = read(text.as_bytes());
            assert_eq!(stanzas, expect, "{text:?}");
            assert_eq!(told, problems, "{text:?}");
        };
        check("", &[], &[]);
        check("\n\n\n", &[], &[]);
        check("A: 1\nB:2\n", &[&["A=1", "B=2"]], &[]);
        check("A: 1\n\n\nA: 2", &[&["A=1"], &["A=2"]], &[]);
        check(
            "A:\n one\n .\n two\nB: 3\n",
            &[&["A=one\n .\n two", "B=3"]],
            &[],
        );
        check(
            "A: 1\r\nB: 2\r\n\r\nA: 3\r\n",
            &[&["A=1", "B=2"], &["A=3"]],
            &[],
        );
        check("# a remark\nA: 1\n", &[&["A=1"]], &[]);
        check("A: 1\nrubbish\n more\nB: 2\n", &[&["A=1", "B=2"]], &[5]);
        check(" x\nA: 1\n", &[&["A=1"]], &[0]);
        check(":x\n", &[], &[0]);
    }

    #[test]
    fn a_stanza_without_end_is_cut() {
        let text = "a:b\n".repeat(1000);
        let (stanzas, told) = read(text.as_bytes());
        assert_eq!(stanzas[0].len(), MOST_FIELDS);
        assert_eq!(told[0], 4 * MOST_FIELDS as u64);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes);
        }

        #[test]
        fn any_lines_are_survived(text in "[a:#\n\r \t.]{0,80}") {
            read(text.as_bytes());
        }
    }
}
