//! Bytes that can be read at any place.

use std::io;

/// Bytes of a known size that can be read at any place, by many at once: a
/// file on a disk, a part of an archive, a buffer.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads some bytes from `offset` on; 0 at the end.
    ///
    /// # Errors
    /// As the medium has them.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// All bytes, when they are in memory anyway.
    fn as_slice(&self) -> Option<&[u8]> {
        None
    }

    /// What shows that the bytes are those of an earlier time, without reading
    /// them; none where nothing does. Of a part, that of the whole.
    fn stamp(&self) -> Option<Stamp> {
        None
    }
}

/// What a system says of a file and changes with every writing to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The device it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// When its bytes were written last, in nanoseconds since 1970. Anybody
    /// may set it.
    pub modified: i128,
    /// When anything of it changed last, in nanoseconds since 1970. Nobody can
    /// set it; 0 where systems do not have it.
    pub changed: i128,
}

impl<T: AsRef<[u8]> + Send + Sync> ReadAt for T {
    fn size(&self) -> u64 {
        self.as_ref().len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.as_ref();
        let from = usize::try_from(offset).map_or(bytes.len(), |at| at.min(bytes.len()));
        let count = buffer.len().min(bytes.len() - from);
        buffer[..count].copy_from_slice(&bytes[from..from + count]);
        Ok(count)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self.as_ref())
    }
}

/// Fills `buffer` from `offset` on.
///
/// # Errors
/// `UnexpectedEof` when there are fewer bytes; else as the medium has them.
pub fn read_exact_at(source: &dyn ReadAt, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        match source.read_at(offset.saturating_add(done as u64), &mut buffer[done..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A part of other bytes.
pub struct Window<'a> {
    inner: &'a dyn ReadAt,
    start: u64,
    size: u64,
}

impl<'a> Window<'a> {
    /// `size` bytes of `inner` from `start` on; cut where `inner` ends.
    pub fn new(inner: &'a dyn ReadAt, start: u64, size: u64) -> Self {
        let start = start.min(inner.size());
        Window {
            inner,
            start,
            size: size.min(inner.size() - start),
        }
    }
}

impl ReadAt for Window<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let count = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if count == 0 {
            return Ok(0);
        }
        self.inner
            .read_at(self.start + offset, &mut buffer[..count])
    }

    fn as_slice(&self) -> Option<&[u8]> {
        let from = usize::try_from(self.start).ok()?;
        let to = from.checked_add(usize::try_from(self.size).ok()?)?;
        self.inner.as_slice()?.get(from..to)
    }
}

/// A [`io::Read`] over bytes that can be read at any place.
pub struct Cursor<'a> {
    inner: &'a dyn ReadAt,
    at: u64,
}

impl<'a> Cursor<'a> {
    /// Reads `inner` from its beginning.
    pub fn new(inner: &'a dyn ReadAt) -> Self {
        Cursor { inner, at: 0 }
    }
}

impl io::Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read_at(self.at, buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl io::Seek for Cursor<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let at = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.inner.size().checked_add_signed(by),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_window_ends_where_it_is_said_to() {
        let bytes = *b"0123456789";
        let check = |start, size, expect: &[u8]| {
            let window = Window::new(&bytes, start, size);
            let mut read = Vec::new();
            let mut buffer = [0; 3];
            let mut cursor = Cursor::new(&window);
            loop {
                let count = cursor.read(&mut buffer).expect("memory reads");
                if count == 0 {
                    break;
                }
                read.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(read, expect);
            assert_eq!(window.as_slice(), Some(expect));
        };
        check(0, 10, b"0123456789");
        check(2, 3, b"234");
        check(8, 100, b"89");
        check(100, 1, b"");
    }
}
