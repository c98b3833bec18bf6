//! Extended headers (POSIX pax): records of `LENGTH KEY=VALUE\n`.

use super::sparse::Piece;

/// How many pieces of a sparse file are taken at most.
pub const MOST_PIECES: usize = 65_536;

/// What extended headers say of the next entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extended {
    /// `path`.
    pub path: Option<Vec<u8>>,
    /// `linkpath`.
    pub link: Option<Vec<u8>>,
    /// `size`.
    pub size: Option<u64>,
    /// `uid`.
    pub uid: Option<u64>,
    /// `gid`.
    pub gid: Option<u64>,
    /// `mtime`, whole seconds.
    pub mtime: Option<i64>,
    /// What is said of a sparse file, where it is one.
    pub sparse: Option<Box<Sparse>>,
}

/// GNU's records of sparse files: versions 0.0 and 0.1 have the map here, 1.0
/// at the beginning of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sparse {
    /// `GNU.sparse.name`: the real path; `path` is a made-up one.
    pub name: Option<Vec<u8>>,
    /// `GNU.sparse.size` or `.realsize`: the size with its holes.
    pub real: Option<u64>,
    /// Whether the map is in the data (1.0).
    pub map_in_data: bool,
    /// The map, where it is here.
    pub map: Vec<Piece>,
    /// An offset of 0.0 whose size has not come yet.
    offset: Option<u64>,
}

/// Something wrong in an extended header: what, and the byte in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaxError {
    /// The byte.
    pub at: usize,
    /// What.
    pub message: String,
}

impl Extended {
    /// Takes the records of `bytes` over what was there. What stands before a
    /// record that can't be read is taken.
    ///
    /// # Errors
    /// A record's length or value makes no sense; what follows is not read.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), PaxError> {
        let mut at = 0;
        while at < bytes.len() {
            // Some writers fill the block up with zero bytes.
            if bytes[at] == 0 && bytes[at..].iter().all(|&byte| byte == 0) {
                break;
            }
            let (key, value, size) = record(&bytes[at..]).ok_or_else(|| PaxError {
                at,
                message: "a record of the extended header is malformed".into(),
            })?;
            self.take(key, value).map_err(|()| PaxError {
                at,
                message: format!(
                    "the record `{}` of the extended header has no value that means anything",
                    key.escape_ascii()
                ),
            })?;
            at += size;
        }
        Ok(())
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), ()> {
        match key {
            b"path" => self.path = text(value),
            b"linkpath" => self.link = text(value),
            b"size" => self.size = optional(value, decimal)?,
            b"uid" => self.uid = optional(value, decimal)?,
            b"gid" => self.gid = optional(value, decimal)?,
            b"mtime" => self.mtime = optional(value, seconds)?,
            _ => {
                if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.get_or_insert_default().take(key, value)?;
                }
            }
        }
        Ok(())
    }
}

impl Sparse {
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), ()> {
        match key {
            b"name" => self.name = text(value),
            b"size" | b"realsize" => self.real = Some(decimal(value).ok_or(())?),
            b"major" => self.map_in_data = value == b"1",
            b"offset" => self.offset = Some(decimal(value).ok_or(())?),
            b"numbytes" => {
                let offset = self.offset.take().ok_or(())?;
                self.piece(offset, decimal(value).ok_or(())?)?;
            }
            b"map" => {
                self.map.clear();
                let mut numbers = value.split(|&byte| byte == b',');
                while let Some(offset) = numbers.next() {
                    let size = numbers.next().ok_or(())?;
                    self.piece(decimal(offset).ok_or(())?, decimal(size).ok_or(())?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn piece(&mut self, offset: u64, size: u64) -> Result<(), ()> {
        if self.map.len() >= MOST_PIECES {
            return Err(());
        }
        self.map.push(Piece { offset, size });
        Ok(())
    }
}

/// The first record: key, value, and how long it is.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    // A length of more digits than this is beyond any extended header.
    let space = bytes.iter().take(8).position(|&byte| byte == b' ')?;
    let size = usize::try_from(decimal(&bytes[..space])?).ok()?;
    let body = bytes.get(space + 1..size)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', body)?;
    (equals > 0).then(|| (&body[..equals], &body[equals + 1..], size))
}

/// An empty value takes back what was said before.
fn text(value: &[u8]) -> Option<Vec<u8>> {
    (!value.is_empty()).then(|| value.to_vec())
}

fn optional<T>(value: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, ()> {
    if value.is_empty() {
        return Ok(None);
    }
    read(value).map(Some).ok_or(())
}

/// Decimal digits and nothing else.
pub fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Seconds with a fraction, which is cut off, and maybe a sign.
fn seconds(value: &[u8]) -> Option<i64> {
    let (sign, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (-1, digits),
        None => (1, value),
    };
    let whole = digits.split(|&byte| byte == b'.').next()?;
    i64::try_from(decimal(whole)?)
        .ok()
        .map(|whole| sign * whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_say_their_length() {
        let check = |bytes: &[u8], expect: Option<(&[u8], &[u8], usize)>| {
            assert_eq!(record(bytes), expect, "{}", bytes.escape_ascii());
        };
        check(b"12 path=a/b\nrest", Some((b"path", b"a/b", 12)));
        check(b"9 path=a\n", Some((b"path", b"a", 9)));
        check(b"8 path=\n", Some((b"path", b"", 8)));
        check(b"9 path=a ", None);
        check(b"99 path=a\n", None);
        check(b"2 path=a\n", None);
        check(b"0 path=a\n", None);
        check(b"-9 path=a\n", None);
        check(b"99999999999999999999 path=a\n", None);
        check(b"5 =a\n", None);
        check(b"", None);
    }

    #[test]
    fn the_last_record_of_a_key_counts() {
        let mut extended = Extended::default();
        let read = extended.read(b"9 path=a\n9 path=b\n11 size=12\n18 mtime=-12.5000\n\0\0");
        assert_eq!(read, Ok(()));
        assert_eq!(extended.path.as_deref(), Some(&b"b"[..]));
        assert_eq!((extended.size, extended.mtime), (Some(12), Some(-12)));
        assert_eq!(extended.read(b"8 path=\n"), Ok(()));
        assert_eq!(extended.path, None);
        let error = extended.read(b"9 uid=12\n9 gid=-1\n").expect_err("no gid");
        assert_eq!((error.at, extended.uid), (9, Some(12)));
    }

    #[test]
    fn sparse_maps_of_both_old_versions() {
        let mut extended = Extended::default();
        let records = b"22 GNU.sparse.size=10\n23 GNU.sparse.offset=0\n\
            25 GNU.sparse.numbytes=2\n";
        assert_eq!(extended.read(records), Ok(()));
        let sparse = extended.sparse.take().expect("sparse records");
        assert_eq!(sparse.real, Some(10));
        assert_eq!(sparse.map, [Piece { offset: 0, size: 2 }]);
        assert_eq!(extended.read(b"26 GNU.sparse.map=0,1,8,2\n"), Ok(()));
        let sparse = extended.sparse.take().expect("sparse records");
        assert_eq!(sparse.map.len(), 2);
        assert!(extended.read(b"24 GNU.sparse.map=0,1,8\n").is_err());
        assert!(extended.read(b"25 GNU.sparse.numbytes=2\n").is_err());
    }
}
