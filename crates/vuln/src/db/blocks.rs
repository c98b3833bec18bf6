//! Items in compressed blocks: an item is found by its block and where it
//! begins in it. Blocks share a dictionary, so that small ones compress well.

use std::{
    ops::Range,
    sync::{Arc, Mutex},
};

use rayon::prelude::*;
use zstd::bulk::{Compressor, Decompressor};

use super::{
    bytes::{Reader, put_counted},
    file::{DbError, File, Section, damaged},
};

/// What an entry of the index takes: first item, raw length, end.
const INDEX_ENTRY: usize = 16;
/// No block is larger when unpacked. A single item may come near.
const MAX_RAW: usize = 64 << 20;
/// No item is larger.
pub(super) const MAX_ITEM: usize = 32 << 20;
const LEVEL: i32 = 12;
const DICTIONARY: usize = 48 << 10;
/// How many raw blocks are held before they are compressed together.
const BATCH: usize = 512;

/// Writes items.
pub(super) struct Writer {
    dictionary: Vec<u8>,
    target: usize,
    items: u32,
    open: Vec<u8>,
    first: u32,
    waiting: Vec<(u32, Vec<u8>)>,
    blocks: u32,
    index: Vec<u8>,
    data: Vec<u8>,
}

/// What was written.
pub(super) struct Written {
    pub(super) dictionary: Vec<u8>,
    pub(super) index: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// What compressors know before the first block: samples from all over the
/// items. Raw content, not trained: it is the same whatever the compressor's
/// version, and made at once.
pub(super) fn dictionary<'a>(count: usize, item: impl Fn(usize) -> &'a [u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(DICTIONARY);
    let samples = 256.min(count);
    for sample in 0..samples {
        let bytes = item(sample * count / samples);
        let room = DICTIONARY - out.len();
        out.extend_from_slice(&bytes[..bytes.len().min(room).min(1 << 10)]);
    }
    out
}

impl Writer {
    /// `target` is how large a block should be when unpacked.
    pub(super) fn new(dictionary: Vec<u8>, target: usize) -> Self {
        Writer {
            dictionary,
            target,
            items: 0,
            open: Vec::new(),
            first: 0,
            waiting: Vec::new(),
            blocks: 0,
            index: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Adds an item and says where it is: block, and byte in the block.
    pub(super) fn push(&mut self, item: &[u8]) -> (u32, u32) {
        if !self.open.is_empty() && self.open.len() + item.len() > self.target {
            self.close();
        }
        let place = (self.blocks, self.open.len() as u32);
        put_counted(&mut self.open, item);
        self.items += 1;
        place
    }

    fn close(&mut self) {
        let block = std::mem::take(&mut self.open);
        self.waiting.push((self.first, block));
        self.first = self.items;
        self.blocks += 1;
        if self.waiting.len() >= BATCH {
            self.compress();
        }
    }

    fn compress(&mut self) {
        let dictionary = &self.dictionary;
        let packed: Vec<(u32, usize, Vec<u8>)> = std::mem::take(&mut self.waiting)
            .into_par_iter()
            .map_init(
                || Compressor::with_dictionary(LEVEL, dictionary).ok(),
                |compressor, (first, block)| {
                    let packed = compressor.as_mut().and_then(|by| by.compress(&block).ok());
                    // It fails for want of memory alone; the block then reads as damaged.
                    (first, block.len(), packed.unwrap_or_default())
                },
            )
            .collect();
        for (first, raw, bytes) in packed {
            self.data.extend_from_slice(&bytes);
            self.index.extend(first.to_le_bytes());
            self.index.extend((raw as u32).to_le_bytes());
            self.index.extend((self.data.len() as u64).to_le_bytes());
        }
    }

    pub(super) fn finish(mut self) -> Written {
        if !self.open.is_empty() {
            self.close();
        }
        self.compress();
        Written {
            dictionary: self.dictionary,
            index: self.index,
            data: self.data,
        }
    }
}

/// Which sections hold blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sections {
    pub(super) dictionary: Section,
    pub(super) index: Section,
    pub(super) data: Section,
}

/// How many unpacked blocks are kept.
const KEPT: usize = 64;

type Block = Arc<[u8]>;

/// Reads items.
pub(super) struct Blocks {
    sections: Sections,
    idle: Mutex<Vec<Decompressor<'static>>>,
    kept: Vec<Mutex<Option<(u32, Block)>>>,
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("sections", &self.sections)
            .finish()
    }
}

/// An item, in the block that has it.
pub(super) struct Item {
    block: Block,
    range: Range<usize>,
}

impl std::ops::Deref for Item {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.block[self.range.clone()]
    }
}

impl Blocks {
    pub(super) fn new(sections: Sections) -> Self {
        Blocks {
            sections,
            idle: Mutex::default(),
            kept: (0..KEPT).map(|_| Mutex::default()).collect(),
        }
    }

    fn wrong(&self, what: &'static str) -> DbError {
        damaged(self.sections.data, what)
    }

    fn count<B: AsRef<[u8]>>(&self, file: &File<B>) -> usize {
        file.len(self.sections.index) / INDEX_ENTRY
    }

    /// First item, raw length and end of a block.
    fn entry<B: AsRef<[u8]>>(
        &self,
        file: &File<B>,
        block: usize,
    ) -> Result<(u32, usize, usize), DbError> {
        let at = block.saturating_mul(INDEX_ENTRY);
        let bytes = file.slice(self.sections.index, at..at.saturating_add(INDEX_ENTRY))?;
        let mut reader = Reader::new(bytes);
        let entry = || {
            let (first, raw) = (reader.u32()?, reader.u32()?);
            Some((first, raw as usize, usize::try_from(reader.u64()?).ok()?))
        };
        let mut entry = entry;
        entry().ok_or_else(|| damaged(self.sections.index, "an entry is not as entries are"))
    }

    fn block<B: AsRef<[u8]>>(&self, file: &File<B>, number: u32) -> Result<Block, DbError> {
        let slot = &self.kept[number as usize % KEPT];
        if let Ok(kept) = slot.lock()
            && let Some((of, block)) = &*kept
            && *of == number
        {
            return Ok(Arc::clone(block));
        }
        let (_, raw, end) = self.entry(file, number as usize)?;
        let start = match number.checked_sub(1) {
            Some(before) => self.entry(file, before as usize)?.2,
            None => 0,
        };
        let packed = file.slice(self.sections.data, start..end)?;
        if raw > MAX_RAW {
            return Err(self.wrong("a block is larger than blocks are"));
        }
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut by = match idle {
            Some(by) => by,
            None => Decompressor::with_dictionary(file.section(self.sections.dictionary)?)
                .map_err(|_| damaged(self.sections.dictionary, "it is no dictionary"))?,
        };
        let unpacked = by.decompress(packed, raw);
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(by);
        }
        let unpacked = unpacked.map_err(|_| self.wrong("a block can't be unpacked"))?;
        if unpacked.len() != raw {
            return Err(self.wrong("a block is not as long as it should be"));
        }
        let block: Block = unpacked.into();
        if let Ok(mut kept) = slot.lock() {
            *kept = Some((number, Arc::clone(&block)));
        }
        Ok(block)
    }

    /// The item that begins at a byte of a block.
    pub(super) fn item<B: AsRef<[u8]>>(
        &self,
        file: &File<B>,
        block: u32,
        at: u32,
    ) -> Result<Item, DbError> {
        let block = self.block(file, block)?;
        self.item_in(block, at as usize, 0)
    }

    /// The item with this number.
    pub(super) fn nth<B: AsRef<[u8]>>(&self, file: &File<B>, item: u32) -> Result<Item, DbError> {
        let (mut low, mut high) = (0, self.count(file));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(file, middle)?.0 <= item {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let number = low
            .checked_sub(1)
            .ok_or_else(|| self.wrong("an item before its first is meant"))?;
        let first = self.entry(file, number)?.0;
        let block = self.block(file, number as u32)?;
        self.item_in(block, 0, item - first)
    }

    /// The item that stands `further` items behind the one at a byte.
    fn item_in(&self, block: Block, at: usize, further: u32) -> Result<Item, DbError> {
        let wrong = || self.wrong("an item points beyond its block");
        let mut reader = Reader::new(block.get(at..).ok_or_else(wrong)?);
        for _ in 0..further {
            reader.counted().ok_or_else(wrong)?;
        }
        let item = reader.counted().ok_or_else(wrong)?;
        let end = block.len() - reader.remaining();
        let range = end - item.len()..end;
        Ok(Item { block, range })
    }
}
