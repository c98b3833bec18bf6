//! Where a tar reader has its bytes from.

use std::io::{self, BufRead};

use crate::ReadAt;

/// Bytes in order, given out in slices of the giver's choice.
pub trait Input {
    /// The next bytes: none at the end. Gives the same ones until they are
    /// [consumed](Self::consume).
    ///
    /// # Errors
    /// As the medium has them.
    fn fill(&mut self) -> io::Result<&[u8]>;

    /// So many of them were used.
    fn consume(&mut self, count: usize);

    /// Passes over bytes; gives how many there were.
    ///
    /// # Errors
    /// As the medium has them.
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        while left > 0 {
            let there = self.fill()?.len();
            if there == 0 {
                break;
            }
            let step = there.min(usize::try_from(left).unwrap_or(usize::MAX));
            self.consume(step);
            left -= step as u64;
        }
        Ok(count - left)
    }
}

impl<R: BufRead> Input for R {
    fn fill(&mut self) -> io::Result<&[u8]> {
        // Called twice, since the borrow of a first result can't be given out
        // of a loop; the second call has the bytes at hand.
        loop {
            match self.fill_buf() {
                Ok(_) => return self.fill_buf(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn consume(&mut self, count: usize) {
        BufRead::consume(self, count);
    }
}

/// Bytes that can be read at any place: what is passed over is not read.
pub struct InPlace<'a> {
    source: &'a dyn ReadAt,
    /// Where `buffer` begins.
    start: u64,
    buffer: Vec<u8>,
    filled: usize,
    used: usize,
}

impl<'a> InPlace<'a> {
    /// Reads `source` from its beginning.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        InPlace {
            source,
            start: 0,
            buffer: vec![0; 4096],
            filled: 0,
            used: 0,
        }
    }
}

impl Input for InPlace<'_> {
    fn fill(&mut self) -> io::Result<&[u8]> {
        if self.used == self.filled {
            self.start += self.filled as u64;
            (self.used, self.filled) = (0, 0);
            self.filled = loop {
                match self.source.read_at(self.start, &mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    done => break done?,
                }
            };
        }
        Ok(&self.buffer[self.used..self.filled])
    }

    fn consume(&mut self, count: usize) {
        self.used = self.filled.min(self.used + count);
    }

    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let at = self.start + self.used as u64;
        let to = at.saturating_add(count).min(self.source.size()).max(at);
        match usize::try_from(to - self.start) {
            Ok(used) if used <= self.filled => self.used = used,
            _ => {
                self.start = to;
                (self.used, self.filled) = (0, 0);
            }
        }
        Ok(to - at)
    }
}
