//! MD5 (RFC 1321): what package managers recorded of their files. It protects nothing by itself.

#[cfg(target_arch = "x86_64")]
mod x86;

use crate::blocks::Block;

/// What a digest is between two blocks.
pub(crate) type State = [u32; 4];

/// The state before any block (RFC 1321 section 3.3).
pub(crate) const FIRST: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// How blocks are taken in, on a processor that can do eight messages at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes(());

impl Lanes {
    /// How many messages at once.
    pub const COUNT: usize = 8;

    /// None on a processor that can't.
    pub fn new() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if x86::is_there() {
            return Some(Lanes(()));
        }
        None
    }

    /// Takes as many blocks into each state as the shortest has.
    pub fn take(self, states: &mut [State; Self::COUNT], blocks: [&[Block]; Self::COUNT]) {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the processor is asked when the program runs")]
        // SAFETY: there is a `Lanes` only where `is_there` said that the processor has the
        // instructions.
        unsafe {
            x86::take(states, blocks);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (states, blocks);
    }
}

/// The state as the digest is written.
pub(crate) fn written(state: &State) -> [u8; 16] {
    let mut digest = [0; 16];
    let words = state.iter().flat_map(|word| word.to_le_bytes());
    for (to, from) in digest.iter_mut().zip(words) {
        *to = from;
    }
    digest
}
