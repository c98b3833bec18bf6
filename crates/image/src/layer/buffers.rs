//! Memory for files that are held, used again: an allocator gives pages back that
//! nobody uses, and to get them anew costs more than to fill them.

use std::sync::Mutex;

use super::hashing::lock;

/// Bytes that are kept for later, at most.
const KEPT: usize = 6 << 20;

/// Smaller ones are the allocator's own matter.
const SMALL: usize = 64 << 10;

/// Buffers that are not in use.
#[derive(Default)]
pub(super) struct Buffers(Mutex<Unused>);

#[derive(Default)]
struct Unused {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

impl Buffers {
    /// An empty buffer with room for `size` bytes.
    pub fn take(&self, size: usize) -> Vec<u8> {
        if size < SMALL {
            return Vec::with_capacity(size);
        }
        let mut unused = lock(&self.0);
        // Not one that is far too large: it is held for as long as the file.
        let fits = |buffer: &Vec<u8>| (size..=size.saturating_mul(2)).contains(&buffer.capacity());
        if let Some(at) = unused.buffers.iter().position(fits) {
            let buffer = unused.buffers.remove(at);
            unused.bytes -= buffer.capacity();
            return buffer;
        }
        drop(unused);
        // Sizes that others can use too.
        Vec::with_capacity(size.checked_next_multiple_of(SMALL).unwrap_or(size))
    }

    /// Takes a buffer back.
    pub fn give(&self, mut buffer: Vec<u8>) {
        let size = buffer.capacity();
        if !(SMALL..=KEPT).contains(&size) {
            return;
        }
        buffer.clear();
        let mut unused = lock(&self.0);
        while unused.bytes + size > KEPT {
            // The one that nothing fitted into for the longest time.
            let oldest = unused.buffers.remove(0);
            unused.bytes -= oldest.capacity();
        }
        unused.bytes += size;
        unused.buffers.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_where_it_fits() {
        let buffers = Buffers::default();
        let mut first = buffers.take(100_000);
        first.extend([1, 2, 3]);
        let at = first.as_ptr();
        buffers.give(first);
        let check = |size, same| {
            let buffer = buffers.take(size);
            assert!(buffer.is_empty() && buffer.capacity() >= size);
            assert_eq!(buffer.as_ptr() == at, same, "{size}");
            buffers.give(buffer);
        };
        check(100, false);
        check(1 << 20, false);
        check(90_000, true);
        check(120_000, true);
        for _ in 0..100 {
            buffers.give(Vec::with_capacity(1 << 20));
        }
        let kept = lock(&buffers.0);
        assert!(kept.bytes <= KEPT && kept.buffers.len() < 10);
    }
}
