//! Records that were read last: a record is asked for by a package that it is
//! about, and soon after by its names.

use std::sync::Mutex;

use crate::lookup::Head;

/// How many are kept: as many as an image that is full of findings has.
const KEPT: usize = 1 << 10;

/// Records by their numbers, each in the place of one that was read before.
pub(super) struct Recent(Vec<Mutex<Option<(u32, Head)>>>);

impl Recent {
    pub(super) fn new() -> Self {
        Recent((0..KEPT).map(|_| Mutex::default()).collect())
    }

    fn slot(&self, number: u32) -> &Mutex<Option<(u32, Head)>> {
        &self.0[number as usize % KEPT]
    }

    pub(super) fn get(&self, number: u32) -> Option<Head> {
        let slot = self.slot(number).lock().ok()?;
        let (of, head) = slot.as_ref()?;
        (*of == number).then(|| head.clone())
    }

    pub(super) fn keep(&self, number: u32, head: Head) {
        if let Ok(mut slot) = self.slot(number).lock() {
            *slot = Some((number, head));
        }
    }
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recent({KEPT} records)")
    }
}
