//! Numbers in bytes, read within bounds.

/// Reads from the front of some bytes, never beyond their end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number of seven bits a byte, lowest first, the high bit set where more follow.
    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return None;
            }
            value |= part << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A varint that is a size or an index.
    pub(crate) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    /// A varint of 32 bits.
    pub(crate) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    /// Bytes with their count before them.
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = self.size()?;
        self.take(count)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Three bytes.
    pub(crate) fn u24(&mut self) -> Option<u32> {
        let bytes = self.take(3)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Ascending numbers, each as what it is more than the one before.
pub(crate) fn put_ascending(out: &mut Vec<u8>, numbers: &[u32]) {
    put_varint(out, numbers.len() as u64);
    let mut before = 0;
    for &number in numbers {
        put_varint(out, u64::from(number.wrapping_sub(before)));
        before = number;
    }
}

/// What [`put_ascending`] wrote.
pub(crate) fn ascending(from: &mut Reader<'_>) -> Option<Vec<u32>> {
    let count = from.size()?;
    let mut numbers = Vec::with_capacity(count.min(from.bytes.len()));
    let mut number = 0_u32;
    for _ in 0..count {
        number = number.checked_add(from.small()?)?;
        numbers.push(number);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn numbers_are_read_as_they_were_written(value: u64, mut list in prop::collection::vec(any::<u32>(), 0..20)) {
            list.sort_unstable();
            let mut out = Vec::new();
            put_varint(&mut out, value);
            put_ascending(&mut out, &list);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.varint(), Some(value));
            prop_assert_eq!(ascending(&mut reader), Some(list));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while reader.varint().is_some() {}
            let _ = ascending(&mut Reader::new(&bytes));
            let _ = Reader::new(&bytes).counted();
        }
    }
}
