//! Ascending numbers, packed: about a byte each where many hold the same.

use crate::db::bytes::{Reader, put_varint};

/// Numbers that are added in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Postings {
    /// What each number is more than the one before.
    packed: Vec<u8>,
    /// The least number that may come next.
    next: u32,
}

impl Postings {
    /// Adds a number. One that is not above all others is there already.
    pub(super) fn push(&mut self, number: u32) {
        if let Some(more) = number.checked_sub(self.next) {
            put_varint(&mut self.packed, u64::from(more));
            self.next = number.saturating_add(1);
        }
    }

    pub(super) fn numbers(&self) -> Vec<u32> {
        let mut reader = Reader::new(&self.packed);
        let mut numbers = Vec::with_capacity(self.packed.len());
        let mut next = 0_u32;
        while let Some(more) = reader.small() {
            let Some(number) = next.checked_add(more) else {
                break;
            };
            numbers.push(number);
            next = number.saturating_add(1);
        }
        numbers
    }
}
