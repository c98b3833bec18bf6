//! One header block: 512 bytes, its fields and its checksum (POSIX ustar
//! interchange format; GNU tar manual, "Basic Tar Format").

/// Bytes of a block.
pub const BLOCK: usize = 512;

/// A header block.
pub struct Header<'a>(pub &'a [u8; BLOCK]);

/// Why a number field has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Neither octal digits nor the base-256 form.
    #[error("is no number")]
    NoNumber,
    /// Beyond 63 bits.
    #[error("is larger than 2^63")]
    TooLarge,
    /// Below zero where that means nothing.
    #[error("is negative")]
    Negative,
}

impl<'a> Header<'a> {
    fn field(&self, at: usize, size: usize) -> &'a [u8] {
        self.0.get(at..at + size).unwrap_or_default()
    }

    fn text(&self, at: usize, size: usize) -> &'a [u8] {
        until_nul(self.field(at, size))
    }

    /// Whether the checksum is right: the sum of all bytes with the field
    /// itself as spaces. Old writers summed signed bytes.
    pub fn checksum_is_right(&self) -> bool {
        let Ok(stated) = number(self.field(148, 8)) else {
            return false;
        };
        let (mut unsigned, mut signed) = (0_i64, 0_i64);
        for (at, &byte) in self.0.iter().enumerate() {
            let byte = if (148..156).contains(&at) { b' ' } else { byte };
            unsigned += i64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        stated == unsigned || stated == signed
    }

    /// Whether all bytes are zero: what ends an archive.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    /// `typeflag`.
    pub fn kind(&self) -> u8 {
        self.0[156]
    }

    /// The name, with the prefix of ustar (and of star, where it is shorter).
    pub fn path(&self) -> Vec<u8> {
        let name = self.text(0, 100);
        let prefix = if self.field(257, 6) == b"ustar\0" {
            let star = self.field(508, 4) == b"tar\0";
            self.text(345, if star { 131 } else { 155 })
        } else {
            b""
        };
        if prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }

    /// The target of a link.
    pub fn link(&self) -> &'a [u8] {
        self.text(157, 100)
    }

    /// Bytes of data that follow.
    pub fn size(&self) -> Result<u64, NumberError> {
        u64::try_from(number(self.field(124, 12))?).map_err(|_| NumberError::Negative)
    }

    /// Permission bits.
    pub fn mode(&self) -> Result<i64, NumberError> {
        number(self.field(100, 8))
    }

    /// Owner.
    pub fn uid(&self) -> Result<i64, NumberError> {
        number(self.field(108, 8))
    }

    /// Group.
    pub fn gid(&self) -> Result<i64, NumberError> {
        number(self.field(116, 8))
    }

    /// Seconds since 1970.
    pub fn mtime(&self) -> Result<i64, NumberError> {
        number(self.field(136, 12))
    }

    /// Whether it is of GNU tar's own format.
    pub fn is_gnu(&self) -> bool {
        self.field(257, 8) == b"ustar  \0"
    }

    /// Old GNU sparse: the four pairs of offset and size of the header, whether
    /// more follow in a block of their own, and the real size.
    pub fn gnu_sparse(&self) -> (&'a [u8], bool, Result<u64, NumberError>) {
        let real = number(self.field(483, 12))
            .and_then(|size| u64::try_from(size).map_err(|_| NumberError::Negative));
        (self.field(386, 96), self.0[482] != 0, real)
    }

    /// Old GNU sparse, a further block: 21 pairs, and whether more follow.
    pub fn gnu_sparse_more(&self) -> (&'a [u8], bool) {
        (self.field(0, 504), self.0[504] != 0)
    }
}

/// What stands before the first zero byte.
fn until_nul(bytes: &[u8]) -> &[u8] {
    match memchr::memchr(0, bytes) {
        Some(end) => &bytes[..end],
        None => bytes,
    }
}

/// A number field: octal digits with spaces and zero bytes around them (none:
/// zero), or GNU's base 256, whose first bit is set.
pub fn number(field: &[u8]) -> Result<i64, NumberError> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base_256(field),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Result<i64, NumberError> {
    let is_pad = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !is_pad(byte)) else {
        return Ok(0);
    };
    let field = &field[start..];
    let end = field.iter().position(is_pad).unwrap_or(field.len());
    field[..end].iter().try_fold(0_i64, |value, byte| {
        let digit = match byte {
            b'0'..=b'7' => i64::from(byte - b'0'),
            _ => return Err(NumberError::NoNumber),
        };
        value
            .checked_mul(8)
            .and_then(|value| value.checked_add(digit))
            .ok_or(NumberError::TooLarge)
    })
}

/// Two's complement, big-endian; the first bit only tells the form.
fn base_256(field: &[u8]) -> Result<i64, NumberError> {
    let negative = field[0] & 0x40 != 0;
    let mut value: i64 = if negative { -1 } else { 0 };
    for (at, &byte) in field.iter().enumerate() {
        let byte = match at {
            0 if negative => byte | 0x80,
            0 => byte & 0x7f,
            _ => byte,
        };
        value = value
            .checked_mul(256)
            .and_then(|value| value.checked_add(i64::from(byte)))
            .ok_or(NumberError::TooLarge)?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_fields_have_two_forms() {
        let check = |field: &[u8], expect| assert_eq!(number(field), expect, "{field:?}");
        check(b"0000644\0", Ok(0o644));
        check(b"   644 \0", Ok(0o644));
        check(b"\0\0\0\0", Ok(0));
        check(b"", Ok(0));
        check(b"77777777777\0", Ok(0o77_777_777_777));
        check(b"12x", Err(NumberError::NoNumber));
        check(b"-1", Err(NumberError::NoNumber));
        check(b"777777777777777777777777", Err(NumberError::TooLarge));
        check(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02", Ok(258));
        check(&[0xff; 12], Ok(-1));
        check(
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00",
            Ok(-256),
        );
        check(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Ok(i64::MAX));
        check(b"\x80\0\0\0\x80\0\0\0\0\0\0\0", Err(NumberError::TooLarge));
        check(&[0xbf; 12], Err(NumberError::TooLarge));
    }
}
