//! What the analyzer reads of a program, known from its bytes as they go by: its
//! build info and the names in its line table, of which both begin with a mark
//! at a multiple of 16 bytes, and say how long they are.

use super::{
    build_info::{self, MAGIC},
    line_table,
};

/// Where in a program what is read of it begins: at multiples of this. The linker
/// aligns build info to 16 bytes and line tables to 32.
pub(crate) const ALIGN: usize = 16;

/// Bytes of the beginning that say how many are read.
pub(crate) const HEAD: u64 = 96;

/// Whether what the analyzer reads may begin with these [`ALIGN`] bytes. Asked of
/// all of a program's: must be cheap.
pub(crate) fn may_begin(word: &[u8]) -> bool {
    match word {
        // A line table, of either byte order.
        [0xff, 0xff, 0xff, _, 0, 0, 1 | 2 | 4, 4 | 8, ..]
        | [_, 0xff, 0xff, 0xff, 0, 0, 1 | 2 | 4, 4 | 8, ..] => true,
        [0xff, b' ', b'G', b'o', ..] => word.starts_with(&MAGIC[..8]),
        _ => false,
    }
}

/// How many bytes from there on the analyzer reads, from the first [`HEAD`] of
/// them. None where nothing that it reads begins so.
pub(crate) fn needed(head: &[u8]) -> Option<u64> {
    build_info::needed(head).or_else(|| line_table::needed(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_tell_how_much_is_read() {
        let check = |beginning: &[u8], expect: Option<u64>| {
            let mut head = beginning.to_vec();
            head.resize(HEAD as usize, 0);
            assert_eq!(needed(&head), expect, "{beginning:x?}");
            assert!(expect.is_none() || may_begin(&head), "{beginning:x?}");
        };
        check(b"\xff Go buildinf:\x08\x02", Some(64 << 10));
        let inline = |modules: &[u8]| {
            let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
            bytes.resize(32, 0);
            bytes.extend(b"\x08go1.22.3");
            [&bytes, modules].concat()
        };
        check(&inline(&[0x90, 0x4e]), Some(64 << 10));
        // 2 MB of modules, after 43 bytes.
        check(&inline(&[0x80, 0x80, 0x80, 0x01]), Some((2 << 20) + 45));
        check(&inline(&[0xff; 10]), Some(64 << 10));
        check(b"\xff Go build ID", None);
        let table = |magic: [u8; 4], word: u8, numbers: &[u64], big: bool| {
            let mut bytes = magic.to_vec();
            bytes.extend([0, 0, 1, word]);
            for number in numbers {
                match big {
                    false => bytes.extend(&number.to_le_bytes()[..word.into()]),
                    true => bytes.extend(&number.to_be_bytes()[8 - usize::from(word)..]),
                }
            }
            bytes
        };
        let [old, new] = [0xfffffffa_u32, 0xfffffff1];
        let new_numbers = [9, 9, 9, 72, 5000, 9];
        check(
            &table(new.to_le_bytes(), 8, &new_numbers, false),
            Some(5000),
        );
        check(&table(new.to_be_bytes(), 8, &new_numbers, true), Some(5000));
        check(
            &table(new.to_le_bytes(), 4, &new_numbers, false),
            Some(5000),
        );
        check(
            &table(old.to_le_bytes(), 8, &[9, 9, 64, 700], false),
            Some(700),
        );
        // Names that end before they begin.
        check(&table(old.to_le_bytes(), 8, &[9, 9, 64, 7], false), None);
        check(&[0xff; 96], None);
        check(&[0; 96], None);
    }
}
