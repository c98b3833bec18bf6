//! gzip (RFC 1952): members one after the other, zeros allowed at the end.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

/// Bytes of a header's name, comment and extra field together, at most.
const MOST_HEADER: u32 = 1 << 17;

/// Decompresses gzip.
pub struct Gzip<R> {
    inner: R,
    inflate: Decompress,
    crc: Crc,
    state: State,
}

enum State {
    /// Before a member; whether it is the first.
    Header { first: bool },
    /// In a member's data.
    Data,
    /// Before a member's checksum.
    Trailer,
    /// Where the data can't be read further.
    Corrupt,
    /// At the end, or beyond what can be read.
    Done,
}

impl<R: BufRead> Gzip<R> {
    /// Decompresses what `inner` holds.
    pub fn new(inner: R) -> Self {
        Gzip {
            inner,
            inflate: Decompress::new(false),
            crc: Crc::new(),
            state: State::Header { first: true },
        }
    }

    /// The compressed bytes, where they now are.
    pub fn inner(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Whether there is a member. What follows the last one may only be zeros.
    fn header(&mut self, first: bool) -> io::Result<bool> {
        if !first {
            match self.peek()? {
                None => return Ok(false),
                Some(0x1f) => {}
                Some(0) => return self.zeros().map(|()| false),
                Some(_) => return Err(invalid("bytes after the end that are no gzip")),
            }
        }
        let mut fixed = [0; 10];
        for byte in &mut fixed {
            *byte = self.byte()?;
        }
        let flags = fixed[3];
        if fixed[..3] != [0x1f, 0x8b, 8] || flags & 0xe0 != 0 {
            return Err(invalid(if first {
                "no gzip header"
            } else {
                "bytes after the end that are no gzip"
            }));
        }
        let mut left = MOST_HEADER;
        if flags & 4 != 0 {
            let size = u16::from_le_bytes([self.byte()?, self.byte()?]);
            for _ in 0..size {
                self.byte()?;
            }
        }
        for flag in [8, 16] {
            if flags & flag != 0 {
                while self.byte()? != 0 {
                    left = left
                        .checked_sub(1)
                        .ok_or_else(|| invalid("a name in a gzip header is too long"))?;
                }
            }
        }
        if flags & 2 != 0 {
            self.byte()?;
            self.byte()?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        Ok(true)
    }

    fn trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        for byte in &mut trailer {
            *byte = self.byte()?;
        }
        let [crc, size] = [&trailer[..4], &trailer[4..]].map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte))
        });
        if crc != self.crc.sum() || size != self.crc.amount() {
            return Err(invalid("the gzip checksum is wrong"));
        }
        Ok(())
    }

    fn zeros(&mut self) -> io::Result<()> {
        while let Some(byte) = self.peek()? {
            if byte != 0 {
                return Err(invalid("bytes after the end that are no gzip"));
            }
            self.inner.consume(1);
        }
        Ok(())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.inner.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let byte = self.peek()?.ok_or_else(cut_off)?;
        self.inner.consume(1);
        Ok(byte)
    }

    /// Inflates some; what comes next is in the state. What was written before
    /// an error is given out before it.
    fn inflate(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.peek()?.is_none() {
            return Err(cut_off());
        }
        let input = self.inner.fill_buf()?;
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self
            .inflate
            .decompress(input, buffer, FlushDecompress::None);
        let used = usize::try_from(self.inflate.total_in() - read).unwrap_or_default();
        let count = usize::try_from(self.inflate.total_out() - written).unwrap_or_default();
        self.inner.consume(used);
        self.crc.update(&buffer[..count]);
        match status {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            Ok(_) if used > 0 || count > 0 => {}
            _ => self.state = State::Corrupt,
        }
        Ok(count)
    }

    fn step(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.state {
            State::Done => {}
            State::Header { first } => {
                self.state = if self.header(first)? {
                    State::Data
                } else {
                    State::Done
                };
            }
            State::Data => return self.inflate(buffer),
            State::Trailer => {
                self.trailer()?;
                self.state = State::Header { first: false };
            }
            State::Corrupt => return Err(invalid("the gzip data is corrupt")),
        }
        Ok(0)
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && !matches!(self.state, State::Done) {
            match self.step(buffer) {
                Ok(0) => {}
                Ok(count) => return Ok(count),
                Err(error) => {
                    self.state = State::Done;
                    return Err(error);
                }
            }
        }
        Ok(0)
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the gzip data ends too early")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;

    use super::*;
    use crate::bounded::read_all;

    fn member(bytes: &[u8]) -> Vec<u8> {
        let mut writer = GzBuilder::new()
            .filename("name")
            .comment("remark")
            .extra([1, 2, 3])
            .write(Vec::new(), Compression::fast());
        writer.write_all(bytes).expect("memory");
        writer.finish().expect("memory")
    }

    #[test]
    fn members_follow_each_other_and_nothing_else() {
        let two = [member(b"one "), member(b"two")].concat();
        let check = |bytes: &[u8], expect: Result<&[u8], &str>| {
            let read = read_all(Gzip::new(bytes), 1000).map_err(|error| error.to_string());
            assert_eq!(read.as_deref().map_err(String::as_str), expect);
        };
        check(&two, Ok(b"one two"));
        check(&[&two[..], &[0; 600]].concat(), Ok(b"one two"));
        let garbage = Err("bytes after the end that are no gzip");
        check(&[&two[..], b"more"].concat(), garbage);
        check(&[&two[..], b"\0\0\0more"].concat(), garbage);
        check(&two[..two.len() - 1], Err("the gzip data ends too early"));
        check(&two[..two.len() - 10], Err("the gzip data ends too early"));
        check(b"", Err("the gzip data ends too early"));
        check(&[0; 20], Err("no gzip header"));
        let mut wrong = two.clone();
        wrong[two.len() - 5] ^= 1;
        check(&wrong, Err("the gzip checksum is wrong"));
        let endless = [
            b"\x1f\x8b\x08\x08\0\0\0\0\0\0".to_vec(),
            vec![b'a'; 1 << 18],
        ]
        .concat();
        check(&endless, Err("a name in a gzip header is too long"));
    }

    proptest! {
        #[test]
        fn any_bytes_after_a_header_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes = [&b"\x1f\x8b\x08\0\0\0\0\0\0\0"[..], &bytes].concat();
            let _ = read_all(Gzip::new(&bytes[..]), 1 << 20);
        }

        #[test]
        fn what_was_packed_comes_out(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..5)
        ) {
            let packed = parts.iter().map(|part| member(part)).collect::<Vec<_>>().concat();
            let read = read_all(Gzip::new(&packed[..]), 1 << 20).expect("whole");
            prop_assert_eq!(read, parts.concat());
        }
    }
}
