//! Where the parts of a program lie: just as much of ELF, PE and Mach-O as is
//! needed to find a section by name or a byte by its address.
//!
//! Programs are large, so they are read in place: the headers, the table of
//! sections and its names, each up to a bound; never symbols or code. (System
//! V ABI, generic ELF; Microsoft PE format; `mach-o/loader.h`.)

use std::{borrow::Cow, io, ops::Range};

use crate::ReadAt;

/// Sections and segments that are looked at; further ones are passed over.
const MOST_PARTS: usize = 4_096;
/// Bytes of section names that are read.
const MOST_NAMES: u64 = 1 << 20;

/// Which form a program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Linux and its kin.
    Elf,
    /// Windows.
    Pe,
    /// macOS.
    MachO,
}

/// A section or a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its name; segments of ELF have none.
    pub(crate) name: String,
    /// Where it lies in memory.
    pub(crate) address: u64,
    /// Where it lies in the file.
    pub(crate) offset: u64,
    /// Its bytes in the file.
    pub(crate) size: u64,
    /// Whether it is data that may be written.
    pub(crate) writable: bool,
}

/// The parts of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binary {
    /// Its form.
    pub(crate) format: Format,
    /// Whether its words have 64 bits.
    pub(crate) wide: bool,
    /// Whether its numbers are big-endian.
    pub(crate) big: bool,
    /// Its named sections.
    pub(crate) sections: Vec<Part>,
    /// What is loaded of it.
    pub(crate) segments: Vec<Part>,
    /// Whether it has a symbol table that is not only for linking at run time.
    pub(crate) symbols: bool,
}

/// Whether a file with this beginning is a program or a library.
pub(crate) fn is_binary(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => true,
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..] => true,
        // Java classes begin so too; there a version of 45 or more follows.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] => *count < 20,
        _ => false,
    }
}

/// Where an ELF program with this beginning (64 bytes are enough) has its table of
/// sections; their names most often stand right before it.
pub(crate) fn section_table(head: &[u8]) -> Option<Range<u64>> {
    let head = elf_ints(head)?;
    let (at, sizes) = if head.wide { (40, 58) } else { (32, 46) };
    let (from, size, count) = (head.word(at)?, head.u16(sizes)?, head.u16(sizes + 2)?);
    let count = usize::from(count).min(MOST_PARTS);
    Some(from..from.checked_add(u64::from(size) * count as u64)?)
}

/// Where the names of an ELF program's sections are, when its table of sections is
/// in this beginning of it, as Go's linker places it.
pub(crate) fn section_names(start: &[u8]) -> Option<Range<u64>> {
    let head = elf_ints(start)?;
    let (sizes, offset, size) = if head.wide {
        (58, 24, 32)
    } else {
        (46, 16, 20)
    };
    let table = usize::try_from(section_table(start)?.start).ok()?;
    let names = usize::from(head.u16(sizes)?).checked_mul(head.u16(sizes + 4)?.into())?;
    let names = table.checked_add(names)?;
    let from = head.word(names.checked_add(offset)?)?;
    Some(from..from.checked_add(head.word(names.checked_add(size)?)?)?)
}

/// The numbers of an ELF program.
fn elf_ints(bytes: &[u8]) -> Option<Ints<'_>> {
    match bytes {
        [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2), ..] => Some(Ints {
            bytes,
            big: *order == 2,
            wide: *class == 2,
        }),
        _ => None,
    }
}

/// Up to `size` bytes from `offset` on: fewer where the file ends.
///
/// # Errors
/// As the medium has them.
pub(crate) fn part(content: &dyn ReadAt, offset: u64, size: u64) -> io::Result<Cow<'_, [u8]>> {
    let left = content.size().saturating_sub(offset);
    let size = usize::try_from(size.min(left)).unwrap_or(0);
    if size == 0 {
        return Ok(Cow::Borrowed(&[]));
    }
    if let (Some(all), Ok(from)) = (content.as_slice(), usize::try_from(offset)) {
        let end = from.saturating_add(size).min(all.len());
        return Ok(Cow::Borrowed(all.get(from..end).unwrap_or(&[])));
    }
    let mut bytes = vec![0; size];
    crate::read_at::read_exact_at(content, offset, &mut bytes)?;
    Ok(Cow::Owned(bytes))
}

/// Numbers of one byte order in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Ints<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) big: bool,
    pub(crate) wide: bool,
}

impl Ints<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    /// 16 bits.
    pub(crate) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.array(at)?;
        Some(match self.big {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        })
    }

    /// 32 bits.
    pub(crate) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.array(at)?;
        Some(match self.big {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }

    /// 64 bits.
    pub(crate) fn u64(&self, at: usize) -> Option<u64> {
        let bytes = self.array(at)?;
        Some(match self.big {
            true => u64::from_be_bytes(bytes),
            false => u64::from_le_bytes(bytes),
        })
    }

    /// A word of the program: 32 or 64 bits.
    pub(crate) fn word(&self, at: usize) -> Option<u64> {
        match self.wide {
            true => self.u64(at),
            false => self.u32(at).map(u64::from),
        }
    }
}

impl Binary {
    /// Finds the parts of a program; none when the bytes are none, or are cut.
    ///
    /// # Errors
    /// As the medium has them.
    pub(crate) fn parse(content: &dyn ReadAt) -> io::Result<Option<Binary>> {
        let head = part(content, 0, 4_096)?;
        if !is_binary(&head) {
            return Ok(None);
        }
        match head[0] {
            0x7f => elf(content, &head),
            b'M' => pe(content, &head),
            0xca => {
                // A universal program: the first of its kinds stands for all.
                let ints = Ints {
                    bytes: &head,
                    big: true,
                    wide: false,
                };
                let (Some(1..), Some(base)) = (ints.u32(4), ints.u32(16)) else {
                    return Ok(None);
                };
                mach_o(content, u64::from(base))
            }
            _ => mach_o(content, 0),
        }
    }

    /// The section of one of these names.
    pub(crate) fn section(&self, names: &[&str]) -> Option<&Part> {
        self.sections
            .iter()
            .find(|section| names.contains(&section.name.as_str()))
    }

    /// Where in the file the byte of this address is, and how many follow in
    /// the same part.
    pub(crate) fn offset_of(&self, address: u64) -> Option<(u64, u64)> {
        self.segments.iter().chain(&self.sections).find_map(|part| {
            let into = address.checked_sub(part.address)?;
            let left = part.size.checked_sub(into).filter(|&left| left > 0)?;
            Some((part.offset.checked_add(into)?, left))
        })
    }
}

fn elf(content: &dyn ReadAt, head: &[u8]) -> io::Result<Option<Binary>> {
    let Some(head) = elf_ints(head) else {
        return Ok(None);
    };
    let Ints { wide, big, .. } = head;
    let fields = || {
        let (offsets, counts) = if wide { (32, 54) } else { (28, 42) };
        let segments_at = head.word(offsets)?;
        let sections_at = head.word(offsets + if wide { 8 } else { 4 })?;
        let count = |index: usize| head.u16(counts + 2 * index).map(usize::from);
        Some((
            [count(0)?, count(1)?, count(2)?, count(3)?, count(4)?],
            segments_at,
            sections_at,
        ))
    };
    let Some(([segment_size, segments, section_size, sections, names], segments_at, sections_at)) =
        fields()
    else {
        return Ok(None);
    };
    let mut binary = Binary {
        format: Format::Elf,
        wide,
        big,
        sections: Vec::new(),
        segments: Vec::new(),
        symbols: false,
    };
    let table = |at: u64, size: usize, count: usize| {
        part(content, at, (size * count.min(MOST_PARTS)) as u64)
    };
    let bytes = table(segments_at, segment_size, segments)?;
    for entry in bytes.chunks_exact(segment_size.max(1)) {
        let ints = Ints {
            bytes: entry,
            big,
            wide,
        };
        let read = || {
            let loaded = ints.u32(0)? == 1;
            let (offset, address, size, flags) = match wide {
                true => (ints.u64(8)?, ints.u64(16)?, ints.u64(32)?, ints.u32(4)?),
                false => (ints.word(4)?, ints.word(8)?, ints.word(16)?, ints.u32(24)?),
            };
            loaded.then(|| Part {
                name: String::new(),
                address,
                offset,
                size,
                writable: flags & 2 != 0,
            })
        };
        binary.segments.extend(read());
    }
    let bytes = table(sections_at, section_size, sections)?;
    let section = |entry: &[u8]| {
        let ints = Ints {
            bytes: entry,
            big,
            wide,
        };
        let (address, offset, size) = if wide { (16, 24, 32) } else { (12, 16, 20) };
        Some((
            ints.u32(0)?,
            ints.u32(4)?,
            Part {
                name: String::new(),
                address: ints.word(address)?,
                offset: ints.word(offset)?,
                size: ints.word(size)?,
                writable: ints.word(8)? & 1 != 0,
            },
        ))
    };
    let entries = || bytes.chunks_exact(section_size.max(1));
    let names = match entries().nth(names).and_then(section) {
        Some((_, _, names)) => part(content, names.offset, names.size.min(MOST_NAMES))?,
        None => return Ok(Some(binary)),
    };
    for (name, kind, mut found) in entries().filter_map(section) {
        // SHT_SYMTAB, SHT_NOBITS.
        binary.symbols |= kind == 2;
        if kind == 8 {
            found.size = 0;
        }
        found.name = text_at(&names, name as usize);
        binary.sections.push(found);
    }
    Ok(Some(binary))
}

fn pe(content: &dyn ReadAt, head: &[u8]) -> io::Result<Option<Binary>> {
    let at = |bytes, at| {
        Ints {
            bytes,
            big: false,
            wide: false,
        }
        .u32(at)
    };
    let Some(start) = at(head, 0x3c) else {
        return Ok(None);
    };
    let bytes = part(content, u64::from(start), 264 + 40 * 256)?;
    let ints = Ints {
        bytes: &bytes,
        big: false,
        wide: false,
    };
    let fields = || {
        let signed = bytes.get(..4)? == b"PE\0\0";
        let wide = match ints.u16(24)? {
            0x20b => true,
            0x10b => false,
            _ => return None,
        };
        let base = match wide {
            true => ints.u64(48)?,
            false => u64::from(ints.u32(52)?),
        };
        signed.then_some((
            usize::from(ints.u16(6)?),
            ints.u32(16)?,
            usize::from(ints.u16(20)?),
            wide,
            base,
        ))
    };
    let Some((count, symbols, optional, wide, base)) = fields() else {
        return Ok(None);
    };
    let mut sections = Vec::new();
    let table = bytes.get(24 + optional..).unwrap_or(&[]);
    for entry in table.chunks_exact(40).take(count) {
        let ints = Ints {
            bytes: entry,
            big: false,
            wide: false,
        };
        let read = || {
            Some(Part {
                name: text_at(&entry[..8], 0),
                address: base.checked_add(u64::from(ints.u32(12)?))?,
                offset: u64::from(ints.u32(20)?),
                size: u64::from(ints.u32(16)?),
                // Initialised data that may be read and written.
                writable: ints.u32(36)? & 0xc000_0040 == 0xc000_0040,
            })
        };
        sections.extend(read());
    }
    Ok(Some(Binary {
        format: Format::Pe,
        wide,
        big: false,
        segments: sections.clone(),
        sections,
        symbols: symbols > 0,
    }))
}

fn mach_o(content: &dyn ReadAt, base: u64) -> io::Result<Option<Binary>> {
    let head = part(content, base, 32)?;
    let (wide, big) = match head.get(..4) {
        Some([0xcf, 0xfa, 0xed, 0xfe]) => (true, false),
        Some([0xce, 0xfa, 0xed, 0xfe]) => (false, false),
        Some([0xfe, 0xed, 0xfa, 0xcf]) => (true, true),
        Some([0xfe, 0xed, 0xfa, 0xce]) => (false, true),
        _ => return Ok(None),
    };
    let ints = Ints {
        bytes: &head,
        big,
        wide,
    };
    let (Some(count), Some(size)) = (ints.u32(16), ints.u32(20)) else {
        return Ok(None);
    };
    let mut binary = Binary {
        format: Format::MachO,
        wide,
        big,
        sections: Vec::new(),
        segments: Vec::new(),
        symbols: false,
    };
    let start = base + if wide { 32 } else { 28 };
    let commands = part(content, start, u64::from(size).min(MOST_NAMES))?;
    let mut rest = &*commands;
    for _ in 0..count {
        let ints = Ints {
            bytes: rest,
            big,
            wide,
        };
        let (Some(kind), Some(size)) = (ints.u32(0), ints.u32(4)) else {
            break;
        };
        let size = size as usize;
        let Some(command) = rest.get(..size).filter(|_| size >= 8) else {
            break;
        };
        match kind {
            2 => binary.symbols = true,
            1 | 0x19 => segment(command, kind == 0x19, big, base, &mut binary),
            _ => {}
        }
        rest = &rest[size..];
    }
    Ok(Some(binary))
}

/// `LC_SEGMENT` and `LC_SEGMENT_64`.
fn segment(command: &[u8], wide: bool, big: bool, base: u64, binary: &mut Binary) {
    let ints = Ints {
        bytes: command,
        big,
        wide,
    };
    let word = if wide { 8 } else { 4 };
    let read = || {
        let part = Part {
            name: text_at(command.get(8..24)?, 0),
            address: ints.word(24)?,
            offset: base.checked_add(ints.word(24 + 2 * word)?)?,
            size: ints.word(24 + 3 * word)?,
            writable: ints.u32(28 + 4 * word)? & 2 != 0,
        };
        Some((part, ints.u32(32 + 4 * word)?))
    };
    let Some((found, count)) = read() else {
        return;
    };
    let writable = found.writable;
    binary.segments.push(found);
    let (from, each) = if wide { (72, 80) } else { (56, 68) };
    let table = command.get(from..).unwrap_or(&[]);
    for entry in table.chunks_exact(each).take(count as usize) {
        if binary.sections.len() >= MOST_PARTS {
            return;
        }
        let ints = Ints {
            bytes: entry,
            big,
            wide,
        };
        let read = || {
            Some(Part {
                name: text_at(&entry[..16], 0),
                address: ints.word(32)?,
                offset: base.checked_add(u64::from(ints.u32(32 + 2 * word)?))?,
                size: ints.word(32 + word)?,
                writable,
            })
        };
        binary.sections.extend(read());
    }
}

/// The text at a place of a table of names, up to its zero byte.
fn text_at(table: &[u8], at: usize) -> String {
    let rest = table.get(at..).unwrap_or(&[]);
    // Names are short; a table without zero bytes must not be copied for each.
    let rest = &rest[..rest.len().min(256)];
    let end = memchr::memchr(0, rest).unwrap_or(rest.len());
    String::from_utf8_lossy(&rest[..end]).into_owned()
}

#[cfg(test)]
pub(crate) mod testing {
    /// A small ELF program of 64 bits with these sections, each at an address
    /// that is its offset plus 0x40_0000, writable.
    pub(crate) fn elf(sections: &[(&str, &[u8])]) -> Vec<u8> {
        program(sections, false)
    }

    /// [`elf`], with the table of sections at the beginning, as Go's linker has it.
    pub(crate) fn elf_of_go(sections: &[(&str, &[u8])]) -> Vec<u8> {
        program(sections, true)
    }

    fn program(sections: &[(&str, &[u8])], table_first: bool) -> Vec<u8> {
        let count = sections.len() + 2;
        let mut names = vec![0];
        let mut data = vec![0; 64 + if table_first { 64 * count } else { 0 }];
        let mut headers = vec![0; 64];
        let mut header = |name: u32, kind: u32, offset: usize, size: usize| {
            headers.extend(name.to_le_bytes());
            headers.extend(kind.to_le_bytes());
            headers.extend(3u64.to_le_bytes());
            headers.extend((0x40_0000 + offset as u64).to_le_bytes());
            headers.extend((offset as u64).to_le_bytes());
            headers.extend((size as u64).to_le_bytes());
            headers.extend([0; 24]);
        };
        for (name, bytes) in sections {
            data.resize(data.len().next_multiple_of(16), 0);
            header(names.len() as u32, 1, data.len(), bytes.len());
            names.extend(name.as_bytes());
            names.push(0);
            data.extend(*bytes);
        }
        header(0, 3, data.len(), names.len());
        data.extend(names);
        let at = if table_first { 64 } else { data.len() };
        let end = data.len().min(at + headers.len());
        data.splice(at..end, headers);
        data[..6].copy_from_slice(b"\x7fELF\x02\x01");
        data[16] = 2;
        data[40..48].copy_from_slice(&(at as u64).to_le_bytes());
        data[58..60].copy_from_slice(&64u16.to_le_bytes());
        data[60..62].copy_from_slice(&(count as u16).to_le_bytes());
        data[62..64].copy_from_slice(&(count as u16 - 1).to_le_bytes());
        data
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sections_are_found_by_name_and_bytes_by_address() {
        let bytes = testing::elf(&[(".a", b"first"), (".dep-v0", b"second")]);
        let binary = Binary::parse(&bytes).expect("reads").expect("is ELF");
        assert_eq!(binary.format, Format::Elf);
        let found = binary.section(&[".dep-v0"]).expect("is there");
        assert_eq!(
            &*part(&bytes, found.offset, found.size).expect("reads"),
            b"second"
        );
        assert_eq!(
            binary.offset_of(found.address + 2),
            Some((found.offset + 2, 4))
        );
        assert_eq!(binary.offset_of(7), None);
        assert_eq!(binary.section(&[".none"]), None);
        let table = section_table(&bytes[..64]).expect("is told");
        assert_eq!(table, bytes.len() as u64 - 4 * 64..bytes.len() as u64);
        assert_eq!(section_names(&bytes[..64]), None);
        let names = section_names(&bytes).expect("are there");
        assert_eq!(names.end, table.start);
        let of_go = testing::elf_of_go(&[(".a", b"first"), (".dep-v0", b"second")]);
        assert_eq!(section_table(&of_go[..64]), Some(64..64 + 4 * 64));
        let names = section_names(&of_go[..64 + 4 * 64]).expect("are there");
        assert_eq!(names.end, of_go.len() as u64);
        let sections = Binary::parse(&of_go)
            .expect("reads")
            .expect("is ELF")
            .sections;
        let name = |part: &Part| part.name.clone();
        assert_eq!(
            sections.iter().map(name).collect::<Vec<_>>(),
            ["", ".a", ".dep-v0", ""]
        );
    }

    #[test]
    fn a_cut_or_foreign_file_has_no_parts() {
        let check = |bytes: &[u8], parts: Option<usize>| {
            let binary = Binary::parse(&bytes).expect("reads");
            assert_eq!(binary.map(|binary| binary.sections.len()), parts);
        };
        check(b"", None);
        check(b"\x7fELF", None);
        check(b"#!/bin/sh\n", None);
        check(b"MZ", None);
        check(b"\xca\xfe\xba\xbe\0\0\0\x34class", None);
        let whole = testing::elf(&[(".a", b"first")]);
        check(&whole, Some(3));
        check(&whole[..whole.len() - 64], Some(0));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            magic in prop::sample::select(vec![
                &b"\x7fELF\x02\x01"[..], b"\x7fELF\x01\x02", b"MZ", b"\xcf\xfa\xed\xfe",
                b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe\0\0\0\x02",
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let bytes = [magic, &rest].concat();
            let _ = section_names(&bytes);
            if let Some(binary) = Binary::parse(&bytes).expect("memory reads") {
                let _ = binary.offset_of(u64::MAX);
            }
        }
    }
}
