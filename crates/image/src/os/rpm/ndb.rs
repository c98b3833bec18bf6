//! ndb: rpm's own database, SUSE's since 15 (rpm's `lib/backend/ndb/rpmpkg.c`
//! has its layout in a comment).
//!
//! A head, then slots of 16 bytes over some pages: number of the package,
//! place and size in blocks of 16 bytes. What a slot points at is a head
//! (magic, number, generation, length), the header, and a tail (Adler-32,
//! length, magic).

use super::{Damage, Each, MOST_HEADER, pages::read};
use crate::{ReadAt, Sink};

/// How such a file begins.
pub(crate) const MAGIC: &[u8] = b"RpmP";

const PAGE: u64 = 4096;
const BLOCK: u64 = 16;
const HEAD: usize = 16;
const TAIL: usize = 12;
/// Slots read at once.
const CHUNK: usize = 256 * 16;

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    u32::from_le_bytes(word.unwrap_or_default())
}

/// Hands every header to `each`.
///
/// # Errors
/// The head or a slot can't be read; what is wrong with one blob is told in
/// `sink`.
pub(crate) fn headers(
    content: &dyn ReadAt,
    sink: &mut Sink,
    each: &mut Each<'_>,
) -> Result<(), Damage> {
    let mut head = [0; 32];
    read(content, 0, &mut head)?;
    if word(&head, 4) != 0 {
        let message = format!("ndb version {}; 0 is known", word(&head, 4));
        return Err(Damage::new(4, message));
    }
    let end = u64::from(word(&head, 12)).saturating_mul(PAGE);
    let slots_end = end.min(content.size());
    if end > content.size() {
        Damage::new(12, format!("slots of {end} bytes in a file of fewer")).tell(sink);
    }
    // Blobs do not overlap, so that all of them together are no more than the file.
    let mut left = content.size();
    let mut at = 32;
    let mut chunk = vec![0; CHUNK];
    let mut blob = Vec::new();
    while at < slots_end {
        let size = usize::try_from(slots_end - at).map_or(CHUNK, |left| left.min(CHUNK));
        let slots = &mut chunk[..size];
        read(content, at, slots)?;
        for (slot, place) in slots.chunks_exact(16).zip((at..).step_by(16)) {
            if slot[..4] != *b"Slot" {
                Damage::new(place, "not a slot").tell(sink);
                continue;
            }
            let (number, offset, blocks) = (word(slot, 4), word(slot, 8), word(slot, 12));
            if number == 0 {
                continue;
            }
            let offset = u64::from(offset) * BLOCK;
            match package(
                content,
                offset,
                u64::from(blocks) * BLOCK,
                number,
                &mut left,
                &mut blob,
            ) {
                Ok(header) => each(offset + HEAD as u64, header, sink),
                Err(damage) => damage.tell(sink),
            }
        }
        at += size as u64;
    }
    Ok(())
}

fn package<'a>(
    content: &dyn ReadAt,
    at: u64,
    size: u64,
    number: u32,
    left: &mut u64,
    blob: &'a mut Vec<u8>,
) -> Result<&'a [u8], Damage> {
    let wrong = |what: &str| Damage::new(at, format!("package {number}: {what}"));
    if size > MOST_HEADER {
        return Err(wrong("too large"));
    }
    if at.saturating_add(size) > content.size() {
        return Err(wrong("lies beyond the end of the file"));
    }
    *left = left
        .checked_sub(size)
        .ok_or_else(|| wrong("overlaps another"))?;
    blob.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
    read(content, at, blob)?;
    let Some((checked, tail)) = blob.split_at_checked(blob.len().saturating_sub(TAIL)) else {
        return Err(wrong("cut"));
    };
    if !checked.starts_with(b"BlbS") || word(checked, 4) != number || !tail.ends_with(b"BlbE") {
        return Err(wrong("no blob is where its slot says"));
    }
    if adler32(checked) != word(tail, 0) {
        return Err(wrong("its checksum is wrong"));
    }
    let length = word(checked, 12) as usize;
    HEAD.checked_add(length)
        .and_then(|end| checked.get(HEAD..end))
        .ok_or_else(|| wrong("longer than its blob"))
}

/// Adler-32 (RFC 1950).
fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (mut low, mut high) = (1_u32, 0_u32);
    // The most bytes of which the sums fit into 32 bits.
    for chunk in bytes.chunks(5_552) {
        for &byte in chunk {
            low += u32::from(byte);
            high += low;
        }
        low %= PRIME;
        high %= PRIME;
    }
    high << 16 | low
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{PAGE, adler32};

    /// A database of these headers, in one page of slots.
    pub(crate) fn database(headers: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"RpmP".to_vec();
        for word in [0, 1, 1, headers.len() as u32 + 1, 0, 0, 0] {
            bytes.extend(u32::to_le_bytes(word));
        }
        let mut blobs: Vec<u8> = Vec::new();
        for (number, header) in (1_u32..).zip(headers) {
            let mut blob = b"BlbS".to_vec();
            for word in [number, 1, header.len() as u32] {
                blob.extend(word.to_le_bytes());
            }
            blob.extend(header);
            blob.resize((blob.len() + 12).next_multiple_of(16) - 12, 0);
            let sum = adler32(&blob);
            for word in [sum, header.len() as u32] {
                blob.extend(word.to_le_bytes());
            }
            blob.extend(b"BlbE");
            bytes.extend(b"Slot");
            let block = (PAGE as usize + blobs.len()) as u32 / 16;
            for word in [number, block, blob.len() as u32 / 16] {
                bytes.extend(word.to_le_bytes());
            }
            blobs.extend(blob);
        }
        while bytes.len() < PAGE as usize {
            bytes.extend(b"Slot");
            bytes.extend([0; 12]);
        }
        bytes.extend(blobs);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_adler32() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(&[0xff; 10_000]), {
            let (mut low, mut high) = (1_u64, 0_u64);
            for _ in 0..10_000 {
                low = (low + 255) % 65_521;
                high = (high + low) % 65_521;
            }
            (high << 16 | low) as u32
        });
    }
}
