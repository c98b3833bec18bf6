//! Sparse files: pieces that are stored, and holes that read as zeros.

use std::io;

use crate::ReadAt;

/// One stored piece of a sparse file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where in the file it belongs.
    pub offset: u64,
    /// How many bytes it has.
    pub size: u64,
}

/// Whether the pieces are in order, do not overlap, end within the file and
/// have together what is stored.
pub fn is_sound(pieces: &[Piece], real: u64, stored: u64) -> bool {
    let (mut end, mut sum) = (0_u64, 0_u64);
    for piece in pieces {
        let Some(next) = piece.offset.checked_add(piece.size) else {
            return false;
        };
        if piece.offset < end || next > real {
            return false;
        }
        end = next;
        sum += piece.size;
    }
    sum == stored
}

/// A sparse file, read with its holes.
pub struct SparseFile<'a> {
    stored: &'a dyn ReadAt,
    /// The pieces, and where in `stored` each begins.
    pieces: Vec<(Piece, u64)>,
    real: u64,
}

impl<'a> SparseFile<'a> {
    /// The file of `real` bytes whose `pieces`, which are
    /// [sound](is_sound), stand in `stored` one after the other.
    pub fn new(stored: &'a dyn ReadAt, pieces: &[Piece], real: u64) -> Self {
        let mut at = 0_u64;
        let pieces = pieces.iter().filter(|piece| piece.size > 0).map(|piece| {
            let start = at;
            at = at.saturating_add(piece.size);
            (*piece, start)
        });
        SparseFile {
            stored,
            pieces: pieces.collect(),
            real,
        }
    }
}

impl ReadAt for SparseFile<'_> {
    fn size(&self) -> u64 {
        self.real
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.real.saturating_sub(offset);
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..most];
        let next = self
            .pieces
            .partition_point(|(piece, _)| piece.offset + piece.size <= offset);
        match self.pieces.get(next) {
            Some((piece, start)) if piece.offset <= offset => {
                let inside = offset - piece.offset;
                let most = cut(buffer.len(), piece.size - inside);
                self.stored.read_at(start + inside, &mut buffer[..most])
            }
            following => {
                let hole = following.map_or(left, |(piece, _)| piece.offset - offset);
                let most = cut(buffer.len(), hole);
                buffer[..most].fill(0);
                Ok(most)
            }
        }
    }
}

fn cut(size: usize, most: u64) -> usize {
    size.min(usize::try_from(most).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_at::read_exact_at;

    fn pieces(of: &[(u64, u64)]) -> Vec<Piece> {
        let piece = |&(offset, size)| Piece { offset, size };
        of.iter().map(piece).collect()
    }

    #[test]
    fn holes_read_as_zeros() {
        let stored = b"abcde";
        let map = pieces(&[(2, 3), (7, 0), (8, 2)]);
        assert!(is_sound(&map, 12, 5));
        let file = SparseFile::new(stored, &map, 12);
        let mut all = [1; 12];
        read_exact_at(&file, 0, &mut all).expect("memory reads");
        assert_eq!(&all, b"\0\0abc\0\0\0de\0\0");
        assert_eq!(file.read_at(12, &mut all).expect("the end"), 0);
    }

    #[test]
    fn maps_that_lie_are_told() {
        let check = |map: &[(u64, u64)], real, stored, expect| {
            assert_eq!(is_sound(&pieces(map), real, stored), expect, "{map:?}");
        };
        check(&[], 10, 0, true);
        check(&[(0, 5), (5, 5)], 10, 10, true);
        check(&[(0, 5), (4, 5)], 10, 10, false);
        check(&[(5, 5), (0, 5)], 10, 10, false);
        check(&[(0, 5)], 4, 5, false);
        check(&[(0, 5)], 10, 6, false);
        check(&[(u64::MAX, 2)], u64::MAX, 2, false);
    }
}
