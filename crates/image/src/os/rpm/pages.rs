//! What readers of databases that are made of pages share.

use std::io;

use super::Damage;
use crate::{ReadAt, read_at::read_exact_at};

/// Which pages were seen: no page is read twice for the same end, so that what
/// is read is bounded by the file, however its pages point at each other.
pub(crate) struct Visited {
    bits: Vec<u64>,
}

impl Visited {
    /// Of so many pages.
    pub(crate) fn new(pages: u32) -> Self {
        Visited {
            bits: vec![0; pages as usize / 64 + 1],
        }
    }

    /// Whether this page is seen for the first time.
    pub(crate) fn first(&mut self, page: u32) -> bool {
        let mask = 1 << (page % 64);
        match self.bits.get_mut(page as usize / 64) {
            Some(bits) if *bits & mask == 0 => {
                *bits |= mask;
                true
            }
            _ => false,
        }
    }
}

/// Fills `buffer` from `at` on.
///
/// # Errors
/// The file ends before, or can't be read.
pub(crate) fn read(content: &dyn ReadAt, at: u64, buffer: &mut [u8]) -> Result<(), Damage> {
    read_exact_at(content, at, buffer).map_err(|error: io::Error| Damage::read(at, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_first_once_and_none_beyond() {
        let mut visited = Visited::new(100);
        assert!(visited.first(99));
        assert!(!visited.first(99));
        assert!(visited.first(0));
        assert!(!visited.first(u32::MAX));
    }
}
