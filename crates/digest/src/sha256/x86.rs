//! SHA-256 by the SHA extensions of x86 (Intel, "Intel SHA Extensions", 2013), of several messages.
//!
//! `sha256rnds2` takes four cycles and another can begin after two: a second message fills the gap.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_extract_epi32, _mm_set_epi64x,
    _mm_setr_epi32, _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32,
    _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

use super::State;
use crate::blocks::Block;

/// The constants of the rounds (FIPS 180-4 section 4.2.2).
#[rustfmt::skip]
const ROUNDS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Whether the processor has the instructions.
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("sse4.1")
        && is_x86_feature_detected!("ssse3")
}

/// Four words, the first in the lowest lane.
#[target_feature(enable = "sha,sse4.1,ssse3")]
#[inline]
fn words(at: &[u32], from: usize) -> __m128i {
    let word = |i: usize| at[from + i] as i32;
    _mm_setr_epi32(word(0), word(1), word(2), word(3))
}

/// Sixteen bytes of a block as four words, which are big-endian.
#[target_feature(enable = "sha,sse4.1,ssse3")]
#[inline]
fn load(block: &Block, part: usize) -> __m128i {
    let word = |i: usize| {
        let at = 16 * part + 4 * i;
        i32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
    };
    let turned = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    _mm_shuffle_epi8(_mm_setr_epi32(word(0), word(1), word(2), word(3)), turned)
}

/// A message's state as the instructions want it.
#[derive(Clone, Copy)]
struct Lane {
    abef: __m128i,
    cdgh: __m128i,
}

impl Lane {
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    fn new(state: &State) -> Self {
        let cdab = _mm_shuffle_epi32::<0xb1>(words(state, 0));
        let efgh = _mm_shuffle_epi32::<0x1b>(words(state, 4));
        Lane {
            abef: _mm_alignr_epi8::<8>(cdab, efgh),
            cdgh: _mm_blend_epi16::<0xf0>(efgh, cdab),
        }
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    fn state(self) -> State {
        let word = |lane: i32| lane as u32;
        [
            word(_mm_extract_epi32::<3>(self.abef)),
            word(_mm_extract_epi32::<2>(self.abef)),
            word(_mm_extract_epi32::<3>(self.cdgh)),
            word(_mm_extract_epi32::<2>(self.cdgh)),
            word(_mm_extract_epi32::<1>(self.abef)),
            word(_mm_extract_epi32::<0>(self.abef)),
            word(_mm_extract_epi32::<1>(self.cdgh)),
            word(_mm_extract_epi32::<0>(self.cdgh)),
        ]
    }

    /// Four rounds, with these words of the schedule.
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    #[inline]
    fn rounds(&mut self, four: usize, schedule: __m128i) {
        let sum = _mm_add_epi32(schedule, words(&ROUNDS, 4 * four));
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, sum);
        let upper = _mm_shuffle_epi32::<0x0e>(sum);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, upper);
    }
}

/// The next four words of the schedule, in the place of the oldest.
#[target_feature(enable = "sha,sse4.1,ssse3")]
#[inline]
fn next(schedule: &mut [__m128i; 4], four: usize) {
    let at = |ago: usize| schedule[(four + ago) % 4];
    let small = _mm_sha256msg1_epu32(at(0), at(1));
    let sum = _mm_add_epi32(small, _mm_alignr_epi8::<4>(at(3), at(2)));
    schedule[four % 4] = _mm_sha256msg2_epu32(sum, at(3));
}

/// Takes as many blocks into each state as the shortest has.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn take<const N: usize>(states: &mut [State; N], blocks: [&[Block]; N]) {
    let count = blocks.iter().map(|blocks| blocks.len()).min();
    let blocks = blocks.map(|of| &of[..count.unwrap_or_default()]);
    let mut lanes = [Lane::new(&[0; 8]); N];
    for (lane, state) in lanes.iter_mut().zip(&*states) {
        *lane = Lane::new(state);
    }
    #[expect(
        clippy::needless_range_loop,
        reason = "an index into each of several messages"
    )]
    for at in 0..count.unwrap_or_default() {
        let before = lanes;
        let mut schedules = [[_mm_setzero_si128(); 4]; N];
        // Written out: with a loop the compiler keeps the schedules in memory.
        macro_rules! four_rounds {
            ($($four:literal)*) => {$(
                for n in 0..N {
                    if $four < 4 {
                        schedules[n][$four % 4] = load(&blocks[n][at], $four);
                    } else {
                        next(&mut schedules[n], $four);
                    }
                    lanes[n].rounds($four, schedules[n][$four % 4]);
                }
            )*};
        }
        four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for n in 0..N {
            lanes[n].abef = _mm_add_epi32(lanes[n].abef, before[n].abef);
            lanes[n].cdgh = _mm_add_epi32(lanes[n].cdgh, before[n].cdgh);
        }
    }
    for (state, lane) in states.iter_mut().zip(lanes) {
        *state = lane.state();
    }
}
