//! How soon the allocator gives back memory that nothing is in.
//!
//! By itself it does so after a second: for most runs never, which is fastest.
//! Looking into images fills and drops buffers of all sizes at the pace the bytes
//! come, and a second of that is 50 MB.

use std::ffi::{c_int, c_long};

/// `mi_option_purge_delay` of mimalloc 3: milliseconds.
const PURGE_DELAY: c_int = 15;

#[expect(unsafe_code, reason = "the crate has no safe way to set an option")]
mod mimalloc {
    use super::{c_int, c_long};

    unsafe extern "C" {
        // SAFETY: any number is an option or none, and any number a value: what
        // makes no sense to mimalloc is ignored. Both are atomic enough to be
        // called while other threads allocate (mimalloc.h, "Options").
        pub safe fn mi_option_set(option: c_int, value: c_long);
        #[cfg(test)]
        pub safe fn mi_option_get(option: c_int) -> c_long;
    }
}

/// From now on, soon: for a run that looks into images.
pub fn give_back_soon() {
    // Not at once: what is freed is nearly always used again right away.
    mimalloc::mi_option_set(PURGE_DELAY, 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_that_of_the_delay() {
        // No other option is a second by itself. When this fails, look for the new
        // number in mimalloc.h.
        assert_eq!(mimalloc::mi_option_get(PURGE_DELAY), 1000);
        give_back_soon();
        assert_eq!(mimalloc::mi_option_get(PURGE_DELAY), 2);
    }
}
