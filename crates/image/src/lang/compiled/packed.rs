//! Programs packed by UPX: what they hold can't be seen, and that is said.

use super::binary::is_binary;
use crate::{Analyzer, Candidate, Found, Sink, analyzer::never_by_path};

/// Programs packed by UPX.
pub(crate) const PACKED: Analyzer = Analyzer {
    name: "packed",
    version: 1,
    by_path: never_by_path,
    by_head: |_, _, head| is_binary(head) && is_packed(head),
    run,
};

/// UPX puts its mark right behind the headers of ELF and Mach-O, and names the
/// first section of Windows programs.
fn is_packed(head: &[u8]) -> bool {
    let mark: &[u8] = match head {
        [b'M', b'Z', ..] => b"UPX0\0",
        _ => b"UPX!",
    };
    memchr::memmem::find(head, mark).is_some()
}

fn run(_: &Candidate<'_>, sink: &mut Sink) {
    sink.push(Found::Mark {
        name: "upx-packed".into(),
        detail: "packed by UPX: what it is made of cannot be seen".into(),
    });
    sink.incomplete("packed by UPX: what it is made of cannot be seen");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing;

    #[test]
    fn a_packed_program_is_told_from_others() {
        let check = |head: &[u8], expect| {
            assert_eq!(testing::claims(&PACKED, "bin/a", head), expect);
        };
        let elf = [&b"\x7fELF\x02\x01\x01\0"[..], &[0; 220], b"UPX!\x0d\x16"].concat();
        check(&elf, true);
        check(&[&b"MZ"[..], &[0; 300], b"UPX0\0\0\0\0"].concat(), true);
        check(b"\x7fELF\x02\x01\x01\0", false);
        check(b"UPX! is a packer", false);
        let sink = testing::run(&PACKED, "bin/a", &elf);
        assert_eq!((sink.found.len(), sink.problems.len()), (1, 1));
    }
}
