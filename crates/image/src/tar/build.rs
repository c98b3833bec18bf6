//! Tars made by tests, right and wrong ones.

use super::BLOCK;

/// A header that can be bent before it is written.
#[derive(Clone)]
pub(crate) struct Head(pub [u8; BLOCK]);

impl Head {
    /// A ustar header.
    pub fn new(path: &str, kind: u8, size: u64) -> Self {
        let mut head = Head([0; BLOCK])
            .field(100, b"0000644\0")
            .field(108, b"0000000\0")
            .field(116, b"0000000\0")
            .field(124, format!("{size:011o}\0").as_bytes())
            .field(136, b"00000000000\0")
            .field(257, b"ustar\x0000");
        let path = &path.as_bytes()[..path.len().min(100)];
        head.0[..path.len()].copy_from_slice(path);
        head.0[156] = kind;
        head
    }

    /// Other bytes in a field.
    pub fn field(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// The target of a link.
    pub fn link(self, target: &str) -> Self {
        self.field(157, target.as_bytes())
    }

    /// Permission bits.
    pub fn mode(self, mode: u32) -> Self {
        self.field(100, format!("{mode:07o}\0").as_bytes())
    }

    /// The block, with its checksum.
    pub fn block(mut self) -> [u8; BLOCK] {
        self.0[148..156].fill(b' ');
        let sum: u32 = self.0.iter().map(|&byte| u32::from(byte)).sum();
        self.0[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0
    }
}

/// A tar that grows.
#[derive(Clone, Default)]
pub(crate) struct Tar(pub Vec<u8>);

impl Tar {
    /// A header with data, filled up to a block.
    pub fn entry(mut self, head: Head, data: &[u8]) -> Self {
        self.0.extend(head.block());
        self.0.extend(data);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        self
    }

    /// A regular file.
    pub fn file(self, path: &str, data: &[u8]) -> Self {
        self.entry(Head::new(path, b'0', data.len() as u64), data)
    }

    /// An executable file.
    pub fn program(self, path: &str, data: &[u8]) -> Self {
        self.entry(Head::new(path, b'0', data.len() as u64).mode(0o755), data)
    }

    /// An entry without data, with a target where it is a link.
    pub fn node(self, kind: u8, path: &str, target: &str) -> Self {
        self.entry(Head::new(path, kind, 0).link(target), b"")
    }

    /// An extended header: `x` or `g`, with its records.
    pub fn pax(self, kind: u8, records: &[(&str, &str)]) -> Self {
        let records: String = records
            .iter()
            .map(|(key, value)| record(key, value))
            .collect();
        self.entry(
            Head::new("pax", kind, records.len() as u64),
            records.as_bytes(),
        )
    }

    /// Bytes that stand there as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// The end of the archive, and all bytes.
    pub fn end(self) -> Vec<u8> {
        self.raw(&[0; 2 * BLOCK]).0
    }
}

/// A record of an extended header, with its right length.
pub(crate) fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut size = rest.len();
    while size != rest.len() + size.to_string().len() {
        size = rest.len() + size.to_string().len();
    }
    format!("{size}{rest}")
}
