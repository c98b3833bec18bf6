//! One gRPC call over a socket: as much of HTTP/2 (RFC 9113) as one request
//! and its answer need. containerd speaks nothing else, and a stack of HTTP/2
//! would bring an asynchronous runtime with it.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// Between two reads.
const IDLE: Duration = Duration::from_secs(30);

/// Bytes that may come before they are asked for: 1 GiB. More are allowed as
/// they are read.
const WINDOW: u32 = 1 << 30;

/// Bytes of one message.
const MOST_MESSAGE: usize = 64 << 20;

/// Bytes of one frame: what RFC 9113 allows without being asked.
const MOST_FRAME: usize = 16_384;

/// Bytes of headers and trailers.
const MOST_HEADERS: usize = 1 << 20;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// A call whose answer is being read, message by message.
pub(super) struct Call<S> {
    stream: S,
    /// Bytes of messages that came and were not read yet.
    pending: Vec<u8>,
    from: usize,
    /// Bytes that came since more were allowed.
    came: u32,
    headers: Vec<u8>,
    status: Option<u32>,
    is_ended: bool,
}

/// Calls a method of a service of containerd in a namespace.
///
/// # Errors
/// There is nobody at the socket, or it does not take the call.
pub(super) fn call(
    socket: &Path,
    method: &str,
    namespace: &str,
    message: &[u8],
) -> io::Result<Call<UnixStream>> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    start(stream, method, namespace, message)
}

fn start<S: Read + Write>(
    mut stream: S,
    method: &str,
    namespace: &str,
    message: &[u8],
) -> io::Result<Call<S>> {
    let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let mut settings = Vec::new();
    // No table of headers, no pushes, a large window for the one stream.
    for (id, value) in [(1_u16, 0_u32), (2, 0), (4, WINDOW)] {
        settings.extend_from_slice(&id.to_be_bytes());
        settings.extend_from_slice(&value.to_be_bytes());
    }
    frame(&mut out, SETTINGS, 0, 0, &settings);
    // The connection has a window of its own, of 65,535 bytes at first.
    frame(
        &mut out,
        WINDOW_UPDATE,
        0,
        0,
        &(WINDOW - 65_535).to_be_bytes(),
    );
    let mut headers = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", "plimsoll"),
        ("containerd-namespace", namespace),
    ] {
        if !namespace.is_empty() || name != "containerd-namespace" {
            header(&mut headers, name, value);
        }
    }
    frame(&mut out, HEADERS, END_HEADERS, 1, &headers);
    let mut body = vec![0];
    body.extend_from_slice(&(message.len() as u32).to_be_bytes());
    body.extend_from_slice(message);
    if headers.len() > MOST_FRAME || body.len() > MOST_FRAME {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    frame(&mut out, DATA, END_STREAM, 1, &body);
    stream.write_all(&out)?;
    Ok(Call {
        stream,
        pending: Vec::new(),
        from: 0,
        came: 0,
        headers: Vec::new(),
        status: None,
        is_ended: false,
    })
}

impl<S: Read + Write> Call<S> {
    /// The next message; none at the end of a call that succeeded.
    ///
    /// # Errors
    /// The call failed: `NotFound`, `PermissionDenied` or another; or what
    /// comes is no HTTP/2.
    pub fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(message) = self.message()? {
                return Ok(Some(message));
            }
            if self.is_ended {
                return self.end().map(|()| None);
            }
            self.frame()?;
        }
    }

    /// The one message of a call that has one.
    ///
    /// # Errors
    /// As [`next`](Self::next); or there is none.
    pub fn only(mut self) -> io::Result<Vec<u8>> {
        let message = self.next()?.ok_or_else(|| broken("an empty answer"))?;
        while self.next()?.is_some() {}
        Ok(message)
    }

    /// A whole message of those that are pending.
    fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let pending = &self.pending[self.from..];
        let Some((head, rest)) = pending.split_at_checked(5) else {
            return Ok(None);
        };
        if head[0] != 0 {
            return Err(broken("a compressed message"));
        }
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > MOST_MESSAGE {
            return Err(broken("a message that is too large"));
        }
        let Some(message) = rest.get(..length).map(<[u8]>::to_vec) else {
            return Ok(None);
        };
        self.from += 5 + length;
        if self.from == self.pending.len() {
            self.pending.clear();
            self.from = 0;
        }
        Ok(Some(message))
    }

    /// How the call ended.
    fn end(&self) -> io::Result<()> {
        if self.from < self.pending.len() {
            return Err(broken("half a message"));
        }
        // The codes of gRPC (statuscodes.md).
        let (kind, words) = match self.status {
            Some(0) => return Ok(()),
            Some(5) => (io::ErrorKind::NotFound, "it is not in the store"),
            Some(7 | 16) => (io::ErrorKind::PermissionDenied, "it is not allowed"),
            Some(12) => (io::ErrorKind::Unsupported, "it does not know the call"),
            Some(code) => {
                return Err(io::Error::other(format!(
                    "containerd: the call fails with gRPC status {code}"
                )));
            }
            None => return Err(broken("an end without a status")),
        };
        Err(io::Error::new(kind, format!("containerd: {words}")))
    }

    fn frame(&mut self) -> io::Result<()> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        if length > MOST_FRAME {
            return Err(broken("a frame that is too large"));
        }
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload)?;
        match kind {
            SETTINGS if flags & ACK == 0 => self.answer(SETTINGS, &[]),
            PING if flags & ACK == 0 => self.answer(PING, &payload),
            GOAWAY => Err(broken("an end of the connection")),
            RESET if stream == 1 => Err(broken("an end of the call")),
            DATA if stream == 1 => {
                self.allow(length as u32)?;
                let data = unpadded(&payload, flags, false)?;
                if self.from > 0 {
                    self.pending.drain(..self.from);
                    self.from = 0;
                }
                self.pending.extend_from_slice(data);
                self.is_ended |= flags & END_STREAM != 0;
                Ok(())
            }
            HEADERS | CONTINUATION if stream == 1 => {
                let block = if kind == HEADERS {
                    self.is_ended |= flags & END_STREAM != 0;
                    unpadded(&payload, flags, true)?
                } else {
                    &payload
                };
                if self.headers.len() + block.len() > MOST_HEADERS {
                    return Err(broken("headers that are too large"));
                }
                self.headers.extend_from_slice(block);
                if flags & END_HEADERS != 0 {
                    let block = std::mem::take(&mut self.headers);
                    self.status = grpc_status(&block).or(self.status);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn answer(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let mut out = Vec::new();
        frame(&mut out, kind, ACK, 0, payload);
        self.stream.write_all(&out)
    }

    /// Allows as many bytes more as came, now and then.
    fn allow(&mut self, came: u32) -> io::Result<()> {
        self.came = self.came.saturating_add(came);
        if self.came < WINDOW / 4 || self.is_ended {
            return Ok(());
        }
        let more = std::mem::take(&mut self.came).to_be_bytes();
        let mut out = Vec::new();
        frame(&mut out, WINDOW_UPDATE, 0, 0, &more);
        frame(&mut out, WINDOW_UPDATE, 0, 1, &more);
        self.stream.write_all(&out)
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the socket answers with {what}: is it containerd's?"),
    )
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// What a frame holds without its padding and priority.
fn unpadded(payload: &[u8], flags: u8, has_priority: bool) -> io::Result<&[u8]> {
    let wrong = || broken("a frame of a wrong size");
    let (padding, rest) = if flags & PADDED == 0 {
        (0, payload)
    } else {
        let (padding, rest) = payload.split_first().ok_or_else(wrong)?;
        (usize::from(*padding), rest)
    };
    let skip = if has_priority && flags & PRIORITY != 0 {
        5
    } else {
        0
    };
    let end = rest.len().checked_sub(padding).ok_or_else(wrong)?;
    rest.get(skip..end).ok_or_else(wrong)
}

/// A header as a literal that no table keeps (RFC 7541, 6.2.2).
fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(0);
    for text in [name, value] {
        integer(out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

/// A number with a prefix of seven bits (RFC 7541, 5.1).
fn integer(out: &mut Vec<u8>, value: usize) {
    let Some(mut rest) = value.checked_sub(127) else {
        out.push(value as u8);
        return;
    };
    out.push(127);
    while rest >= 0x80 {
        out.push((rest as u8 & 0x7f) | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// `grpc-status` in the Huffman code of RFC 7541, appendix B.
const STATUS_NAME: [u8; 8] = [0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f];

/// The status in a block of headers, if it is there. Names are told apart in
/// both of their codes; a table that the block refers to is never needed,
/// since we allow none and the fixed one has no status.
fn grpc_status(mut block: &[u8]) -> Option<u32> {
    let rest = &mut block;
    while let Some(first) = rest.first().copied() {
        // Which bits the index has, and whether name and value follow it.
        let (bits, is_literal) = match first {
            0x80.. => (7, false),
            0x40.. => (6, true),
            0x20.. => (5, false),
            _ => (4, true),
        };
        let index = prefixed(rest, bits)?;
        if !is_literal {
            continue;
        }
        let is_status = if index == 0 {
            match string(rest)? {
                (true, name) => name == STATUS_NAME,
                (false, name) => name == b"grpc-status",
            }
        } else {
            false
        };
        let value = string(rest)?;
        if is_status {
            return status(value);
        }
    }
    None
}

/// The number of a status. In the Huffman code digits have five bits (0 to 2)
/// or six; what is left is filled with ones.
fn status((is_huffman, value): (bool, &[u8])) -> Option<u32> {
    if !is_huffman {
        return std::str::from_utf8(value).ok()?.parse().ok();
    }
    let bits = value.iter().try_fold((0_u64, 0), |(bits, count), byte| {
        (count < 40).then_some((bits << 8 | u64::from(*byte), count + 8))
    });
    let (bits, mut left) = bits?;
    let mut number = 0_u32;
    let mut digits = 0;
    while left >= 5 {
        let five = (bits >> (left - 5)) & 0x1f;
        let (digit, size) = if five <= 2 {
            (five, 5)
        } else if left >= 6 {
            match (bits >> (left - 6)) & 0x3f {
                six @ 0x19..=0x1f => (six - 0x19 + 3, 6),
                _ => break,
            }
        } else {
            break;
        };
        number = number.checked_mul(10)?.checked_add(digit as u32)?;
        digits += 1;
        left -= size;
    }
    (digits > 0).then_some(number)
}

/// A number with a prefix of so many bits.
fn prefixed(rest: &mut &[u8], bits: u32) -> Option<usize> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    let most = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & most;
    if value < most {
        return Some(value);
    }
    for shift in (0..28).step_by(7) {
        let (next, tail) = rest.split_first()?;
        *rest = tail;
        value = value.checked_add(usize::from(next & 0x7f) << shift)?;
        if next & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A text: whether it is in the Huffman code, and its bytes.
fn string<'a>(rest: &mut &'a [u8]) -> Option<(bool, &'a [u8])> {
    let is_huffman = rest.first()? & 0x80 != 0;
    let length = prefixed(rest, 7)?;
    let (text, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some((is_huffman, text))
}

/// Answers with some bytes, whatever is written.
struct Script<'a>(&'a [u8]);

impl Read for Script<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Script<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The messages of an answer that is these bytes.
fn scripted(bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut call = start(Script(bytes), "/a/b", "n", b"m")?;
    let mut messages = Vec::new();
    while let Some(message) = call.next()? {
        messages.push(message);
    }
    Ok(messages)
}

/// Reads any bytes, for the fuzz target.
pub(super) fn read_any(bytes: &[u8]) {
    let _ = scripted(bytes);
    let _ = grpc_status(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(bytes: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        scripted(&bytes)
    }

    fn trailers(status: &str) -> Vec<u8> {
        let mut block = vec![0x88];
        header(&mut block, "content-type", "application/grpc");
        header(&mut block, "grpc-status", status);
        let mut out = Vec::new();
        frame(&mut out, HEADERS, END_HEADERS | END_STREAM, 1, &block);
        out
    }

    #[test]
    fn messages_come_in_any_frames() {
        let mut out = Vec::new();
        frame(&mut out, SETTINGS, 0, 0, &[]);
        frame(&mut out, SETTINGS, ACK, 0, &[]);
        frame(&mut out, PING, 0, 0, &[1; 8]);
        frame(&mut out, WINDOW_UPDATE, 0, 0, &[0, 0, 1, 0]);
        frame(&mut out, HEADERS, END_HEADERS, 1, &[0x88]);
        frame(&mut out, DATA, 0, 1, &[0, 0, 0, 0, 3, b'a', b'b']);
        frame(&mut out, DATA, PADDED, 1, &[2, b'c', 0, 0, 0, 0, 1, 9, 9]);
        frame(&mut out, DATA, 0, 1, b"d");
        out.extend(trailers("0"));
        assert_eq!(run(out).expect("two"), [b"abc".to_vec(), b"d".to_vec()]);
    }

    #[test]
    fn a_status_is_an_error_of_its_kind() {
        for (status, kind) in [
            ("5", io::ErrorKind::NotFound),
            ("7", io::ErrorKind::PermissionDenied),
            ("12", io::ErrorKind::Unsupported),
            ("13", io::ErrorKind::Other),
        ] {
            let error = run(trailers(status)).expect_err(status);
            assert_eq!(error.kind(), kind, "{status}");
        }
    }

    #[test]
    fn the_status_is_found_in_both_codes() {
        let block = |value: &[u8]| {
            let mut block = vec![0x3f, 0xe1, 0x1f, 0x88, 0x5f, 1, b'x', 0x40, 0x88];
            block.extend_from_slice(&STATUS_NAME);
            block.extend_from_slice(value);
            block
        };
        assert_eq!(grpc_status(&block(&[1, b'5'])), Some(5));
        // 1 and 2 in five bits each, 3 in six.
        assert_eq!(grpc_status(&block(&[0x82, 0x08, 0xbf])), Some(12));
        assert_eq!(grpc_status(&block(&[0x81, 0x67])), Some(3));
        assert_eq!(grpc_status(&block(&[0x81, 0x6f])), Some(5));
        assert_eq!(grpc_status(&block(&[0x81, 0x07])), Some(0));
        assert_eq!(grpc_status(&[0x88]), None);
    }

    #[test]
    fn what_is_no_call_is_told() {
        let mut large = vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1];
        large.extend([0; 100]);
        let mut huge = Vec::new();
        frame(&mut huge, DATA, 0, 1, &[0, 0xff, 0xff, 0xff, 0xff]);
        let mut half = Vec::new();
        frame(&mut half, DATA, 0, 1, &[0, 0, 0, 0, 9, 1]);
        half.extend(trailers("0"));
        let mut reset = Vec::new();
        frame(&mut reset, RESET, 0, 1, &[0, 0, 0, 1]);
        for (what, bytes) in [
            ("http/1", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            ("nothing", Vec::new()),
            ("large", large),
            ("huge", huge),
            ("half", half),
            ("reset", reset),
        ] {
            assert!(run(bytes).is_err(), "{what}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_ends(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = run(bytes);
        }

        #[test]
        fn near_answers_end(
            frames in prop::collection::vec(
                (0_u8..10, any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8)
        ) {
            let mut out = Vec::new();
            for (kind, flags, payload) in frames {
                frame(&mut out, kind, flags, 1, &payload);
            }
            let _ = run(out);
        }

        #[test]
        fn any_block_is_read(block in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = grpc_status(&block);
        }

        #[test]
        fn a_header_is_read_back(name in "[a-z-]{0,300}", value in "[ -~]{0,300}", status in 0_u32..20) {
            let mut block = Vec::new();
            header(&mut block, &name, &value);
            header(&mut block, "grpc-status", &status.to_string());
            if name != "grpc-status" {
                prop_assert_eq!(grpc_status(&block), Some(status));
            }
        }
    }
}
