//! Files of this crate's own: a mark, a checksum, the length, and the content
//! (zstd). A crash or a disk may leave anything; only what is whole is read.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

/// Mark, checksum, length.
const HEAD: usize = 8 + 32 + 8;

/// zstd's fastest level of those without a sign: it is read more often than written.
const LEVEL: i32 = 1;

/// What the name of a file that is being written begins with.
pub(crate) const UNFINISHED: &str = ".unfinished-";

/// The bytes of a file with this content.
///
/// # Errors
/// There is no memory for it.
pub fn pack(mark: &[u8; 8], plain: &[u8]) -> io::Result<Vec<u8>> {
    let packed = zstd::bulk::compress(plain, LEVEL)?;
    let length = (plain.len() as u64).to_le_bytes();
    let mut bytes = Vec::with_capacity(HEAD + packed.len());
    bytes.extend_from_slice(mark);
    bytes.extend_from_slice(checksum(&length, &packed).as_bytes());
    bytes.extend_from_slice(&length);
    bytes.extend_from_slice(&packed);
    Ok(bytes)
}

/// The content of a file, of at most `most` bytes.
///
/// # Errors
/// `InvalidData` when it is damaged, too large, or has another mark.
pub fn unpack(mark: &[u8; 8], bytes: &[u8], most: u64) -> io::Result<Vec<u8>> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let (head, packed) = bytes.split_at_checked(HEAD).ok_or_else(broken)?;
    let (own, rest) = head.split_at(8);
    let (sum, length) = rest.split_at(32);
    if own != mark || checksum(length, packed).as_bytes() != sum {
        return Err(broken());
    }
    let length = u64::from_le_bytes(length.try_into().map_err(|_| broken())?);
    if length > most {
        return Err(broken());
    }
    let capacity = usize::try_from(length).map_err(|_| broken())?;
    let plain = zstd::bulk::decompress(packed, capacity).map_err(|_| broken())?;
    if plain.len() != capacity {
        return Err(broken());
    }
    Ok(plain)
}

fn checksum(length: &[u8], packed: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(length);
    hasher.update(packed);
    hasher.finalize()
}

/// Writes a file whole, in place of the one before: another name, flushed to
/// the disk, renamed. Its folder is made where it is not there.
///
/// # Errors
/// It can't be written; the one before then stays.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    /// Tells the unfinished files of one process apart.
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    crate::cache::private_folder(folder)?;
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
    let written = File::options()
        .write(true)
        .create_new(true)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&unfinished, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    // Some systems can't open folders; the file is whole either way.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A whole file of at most `most` bytes.
///
/// # Errors
/// As the system has them; `InvalidData` beyond `most`.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    crate::cache::read_sized(&file, size, most)
}
