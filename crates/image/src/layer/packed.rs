//! Files too large to be held, of layers that can't be read in place: kept in
//! memory compressed, block by block, and unpacked where they are read.

use std::{
    io,
    sync::{Arc, Mutex},
};

use zstd::bulk::Compressor;

use super::hashing::{Feed, lock};
use crate::ReadAt;

/// zstd's level: the fastest of its ordinary ones.
const LEVEL: i32 = 1;

/// Blocks that are kept unpacked.
const UNPACKED: usize = 8;

/// Compresses a file as its bytes come.
pub(super) struct Packer {
    /// Made for the first block: making one costs more than a block does.
    compressor: Option<Compressor<'static>>,
    blocks: Vec<Block>,
    size: u64,
    packed: u64,
    most: u64,
    failed: bool,
}

struct Block {
    /// Where in the file it begins.
    start: u64,
    /// How many bytes it has unpacked.
    size: usize,
    packed: Vec<u8>,
}

impl Packer {
    /// Keeps at most `most` compressed bytes.
    pub fn new(most: u64) -> Self {
        Packer {
            compressor: None,
            blocks: Vec::new(),
            size: 0,
            packed: 0,
            most,
            failed: false,
        }
    }

    fn pack(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.compressor.is_none() {
            self.compressor = Compressor::new(LEVEL).ok();
        }
        let mut packed = self.compressor.as_mut()?.compress(bytes).ok()?;
        packed.shrink_to_fit();
        Some(packed)
    }

    /// The file; none when it did not fit.
    pub fn packed(&mut self) -> Option<Packed> {
        self.compressor = None;
        (!self.failed).then(|| Packed {
            blocks: std::mem::take(&mut self.blocks),
            size: self.size,
            unpacked: Mutex::default(),
        })
    }
}

impl Feed for Packer {
    fn feed(&mut self, bytes: &[u8]) {
        if self.failed || bytes.is_empty() {
            return;
        }
        let packed = self.pack(bytes);
        self.packed += packed.as_ref().map_or(0, Vec::len) as u64;
        match packed {
            Some(packed) if self.packed <= self.most => {
                self.blocks.push(Block {
                    start: self.size,
                    size: bytes.len(),
                    packed,
                });
                self.size += bytes.len() as u64;
            }
            _ => {
                self.failed = true;
                self.compressor = None;
                self.blocks = Vec::new();
            }
        }
    }
}

/// A file that is kept compressed.
pub(super) struct Packed {
    blocks: Vec<Block>,
    size: u64,
    /// Blocks by number, the one that was read last at the end.
    unpacked: Mutex<Vec<(usize, Arc<Vec<u8>>)>>,
}

impl Packed {
    /// Bytes in memory.
    pub fn weight(&self) -> usize {
        self.blocks.iter().map(|block| block.packed.len()).sum()
    }

    fn block(&self, number: usize, block: &Block) -> io::Result<Arc<Vec<u8>>> {
        let mut kept = lock(&self.unpacked);
        if let Some(at) = kept.iter().position(|(there, _)| *there == number) {
            let block = kept.remove(at);
            kept.push(block);
            return Ok(kept
                .last()
                .map(|(_, bytes)| Arc::clone(bytes))
                .unwrap_or_default());
        }
        let bytes = Arc::new(zstd::bulk::decompress(&block.packed, block.size)?);
        if kept.len() >= UNPACKED {
            kept.remove(0);
        }
        kept.push((number, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

impl ReadAt for Packed {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let number = self.blocks.partition_point(|block| block.start <= offset);
        let Some(number) = number.checked_sub(1) else {
            return Ok(0);
        };
        let block = &self.blocks[number];
        let from = usize::try_from(offset - block.start).unwrap_or(usize::MAX);
        if from >= block.size {
            return Ok(0);
        }
        let bytes = self.block(number, block)?;
        let bytes = bytes.get(from..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_at::read_exact_at;

    #[test]
    fn what_was_packed_can_be_read_at_any_place() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| (number / 7) as u8).collect();
        let mut packer = Packer::new(100_000);
        for part in bytes.chunks(7001) {
            packer.feed(part);
        }
        let packed = packer.packed().expect("it fits");
        assert_eq!(packed.size(), 200_000);
        for start in (0..200_000_usize).step_by(3333) {
            let mut part = vec![0; 20_000.min(200_000 - start)];
            read_exact_at(&packed, start as u64, &mut part).expect("it is there");
            assert_eq!(part, bytes[start..start + part.len()]);
        }
        assert_eq!(packed.read_at(200_000, &mut [0]).expect("the end"), 0);
        assert_eq!(packed.read_at(u64::MAX, &mut [0]).expect("the end"), 0);
    }

    #[test]
    fn what_does_not_fit_is_dropped() {
        let mut packer = Packer::new(10);
        packer.feed(b"short");
        packer.feed(b"more than there is room for, by far");
        packer.feed(b"x");
        assert!(packer.packed().is_none());
        assert!(
            Packer::new(10)
                .packed()
                .is_some_and(|packed| packed.size() == 0)
        );
    }
}
