//! The one bounded reader: every decoder of foreign bytes reads through it.

use std::io::{self, Read};

/// Reads at most so many bytes and fails, rather than ends, beyond them.
pub struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Bounded<R> {
    /// At most `most` bytes of `inner`.
    pub fn new(inner: R, most: u64) -> Self {
        Bounded {
            inner,
            left: most,
            most,
        }
    }

    /// How many bytes were read.
    pub fn count(&self) -> u64 {
        self.most - self.left
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // One byte beyond the limit is asked for, to tell an end from a cut.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX);
        let ask = buffer.len().min(most);
        let count = self.inner.read(&mut buffer[..ask])?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("more than {} bytes", self.most),
            )),
        }
    }
}

/// All of `reader`, when it has at most `most` bytes.
///
/// # Errors
/// `FileTooLarge` beyond `most`; else as the reader has them.
pub fn read_all(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bounded = Bounded::new(reader, most);
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        match bounded.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fails_beyond_the_limit_and_not_at_it() {
        assert_eq!(read_all(&b"abc"[..], 3).expect("three fit"), b"abc");
        let error = read_all(&b"abcd"[..], 3).expect_err("four do not");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "more than 3 bytes");
    }
}
