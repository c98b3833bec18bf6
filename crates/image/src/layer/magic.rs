//! Programs and libraries, told by their first bytes.

/// Whether a file that begins like this and has `size` bytes is a program or
/// a library: ELF (executable or shared, not `.o` and core files), PE, Mach-O
/// and WebAssembly. Static archives (`!<arch>`) are none.
pub(super) fn is_program(head: &[u8], size: u64) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', _, order, ..] => {
            let kind = match (head.get(16..18), order) {
                (Some(&[low, high]), 1) => u16::from_le_bytes([low, high]),
                (Some(&[high, low]), 2) => u16::from_le_bytes([low, high]),
                _ => return false,
            };
            // ET_EXEC, ET_DYN.
            matches!(kind, 2 | 3)
        }
        [b'M', b'Z', ..] => {
            let Some(&[a, b, c, d]) = head.get(0x3c..0x40) else {
                return false;
            };
            let at = u32::from_le_bytes([a, b, c, d]);
            let signature = usize::try_from(at)
                .ok()
                .and_then(|at| head.get(at..)?.get(..4));
            match signature {
                Some(signature) => signature == b"PE\0\0",
                None => u64::from(at).saturating_add(4) <= size,
            }
        }
        // Mach-O of either width and order.
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        // Mach-O for several machines begins as a Java class does: what is the
        // number of machines there is the class version here, at least 45.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] => (1..45).contains(count),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_by_their_first_bytes() {
        let check = |head: &[u8], expect| {
            assert_eq!(is_program(head, 10_000), expect, "{}", head.escape_ascii());
        };
        let elf = |order: u8, kind: [u8; 2]| {
            let mut head = [b"\x7fELF\x02".as_slice(), &[order], &[0; 10]].concat();
            head.extend(kind);
            head
        };
        check(&elf(1, [2, 0]), true);
        check(&elf(1, [3, 0]), true);
        check(&elf(2, [0, 3]), true);
        check(&elf(1, [1, 0]), false);
        check(&elf(1, [4, 0]), false);
        check(b"\x7fELF", false);
        let pe = |at: u8| {
            let mut head = [0; 0x80];
            head[..2].copy_from_slice(b"MZ");
            head[0x3c] = at;
            head[0x40..0x44].copy_from_slice(b"PE\0\0");
            head
        };
        check(&pe(0x40), true);
        check(&pe(0x44), false);
        check(&pe(0xf0), true);
        check(b"MZ is a text", false);
        check(b"\xcf\xfa\xed\xfe\x07\0\0\x01", true);
        check(b"\xca\xfe\xba\xbe\0\0\0\x02", true);
        check(b"\xca\xfe\xba\xbe\0\0\0\x34", false);
        check(b"\0asm\x01\0\0\0", true);
        check(b"!<arch>\n", false);
        check(b"#!/bin/sh\n", false);
        check(b"", false);
    }
}
