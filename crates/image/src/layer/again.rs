//! Files that went by and have to be read after all: the layer is decompressed
//! a second time, as far as they are in it.

use std::io::{self, BufReader, Read};

use super::{
    hashing::{CHUNK, Feed},
    look::Content,
    packed::Packer,
    walk::{Walk, Wanted},
};
use crate::{
    Limits, ReadAt,
    compress::{Compression, Decompressed},
    read_at::Cursor,
    source::Progress,
};

/// A file to be read again.
pub(super) struct Again {
    /// What is wanted of it.
    pub wanted: Wanted,
    /// Its path.
    pub path: String,
    /// Where its bytes begin in the decompressed layer, and how many there are.
    pub place: (u64, u64),
}

/// Has these files looked into, which are in the order in which they stand in
/// the layer.
pub(super) fn read(
    layer: &dyn ReadAt,
    files: Vec<Again>,
    limits: &Limits,
    progress: &dyn Progress,
    walk: &mut Walk<'_, '_>,
) {
    let mut bytes = Bytes::open(layer, progress);
    for file in files {
        let packed = bytes.as_mut().map_or_else(
            |error| Err(error.to_string()),
            |bytes| {
                let packed = bytes.packed(file.place, limits.held_bytes);
                packed.map_err(|error| error.to_string())
            },
        );
        match packed {
            Ok(mut packer) => match packer.packed() {
                Some(packed) => walk.look(file.wanted, Content::Packed(packed), None),
                None => walk.too_large(&file.path, &file.wanted, file.place.1),
            },
            Err(error) => walk.tell(Some(file.path), None, format!("not read again: {error}")),
        }
    }
}

/// The decompressed bytes.
struct Bytes<'a> {
    source: Decompressed<BufReader<Cursor<'a>>>,
    progress: &'a dyn Progress,
    at: u64,
    buffer: Vec<u8>,
}

impl<'a> Bytes<'a> {
    fn open(layer: &'a dyn ReadAt, progress: &'a dyn Progress) -> io::Result<Self> {
        let mut head = [0; 4];
        crate::read_at::read_exact_at(layer, 0, &mut head)?;
        let stored = BufReader::with_capacity(CHUNK, Cursor::new(layer));
        Ok(Bytes {
            source: Decompressed::new(stored, Compression::of(&head))?,
            progress,
            at: 0,
            buffer: vec![0; CHUNK],
        })
    }

    fn packed(&mut self, (start, size): (u64, u64), most: u64) -> io::Result<Packer> {
        let mut packer = Packer::new(most);
        self.feed(start.saturating_sub(self.at), None)?;
        self.feed(size, Some(&mut packer))?;
        Ok(packer)
    }

    fn feed(&mut self, mut count: u64, mut packer: Option<&mut Packer>) -> io::Result<()> {
        while count > 0 {
            if self.progress.cancelled() {
                return Err(io::Error::other("reading was stopped"));
            }
            let most = self
                .buffer
                .len()
                .min(usize::try_from(count).unwrap_or(usize::MAX));
            let mut filled = 0;
            while filled < most {
                match self.source.read(&mut self.buffer[filled..most])? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    more => filled += more,
                }
            }
            if let Some(packer) = packer.as_deref_mut() {
                packer.feed(&self.buffer[..filled]);
            }
            self.at += filled as u64;
            count -= filled as u64;
        }
        Ok(())
    }
}
