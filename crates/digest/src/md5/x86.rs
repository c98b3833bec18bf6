//! MD5 (RFC 1321) of eight messages, a lane of AVX2 each.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_extract_epi32, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_set1_epi32, _mm256_setr_epi32, _mm256_slli_epi32,
    _mm256_srli_epi32, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32,
    _mm256_unpacklo_epi64, _mm256_xor_si256,
};
use std::array::from_fn;

use super::State;
use crate::blocks::Block;

/// The constants of the steps (RFC 1321 section 3.4, table T).
#[rustfmt::skip]
const STEPS: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// Whether the processor has the instructions.
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx2")
}

/// Eight words of a block, from this byte on.
#[target_feature(enable = "avx2")]
#[inline]
fn load(block: &Block, from: usize) -> __m256i {
    let word = |i: usize| {
        let at = from + 4 * i;
        i32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
    };
    _mm256_setr_epi32(
        word(0),
        word(1),
        word(2),
        word(3),
        word(4),
        word(5),
        word(6),
        word(7),
    )
}

/// Rows to columns: word n of every message in vector n.
#[target_feature(enable = "avx2")]
#[inline]
fn transposed(rows: [__m256i; 8]) -> [__m256i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    let (ef, ef_high) = (_mm256_unpacklo_epi32(e, f), _mm256_unpackhi_epi32(e, f));
    let (gh, gh_high) = (_mm256_unpacklo_epi32(g, h), _mm256_unpackhi_epi32(g, h));
    let upper = [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ];
    let lower = [
        _mm256_unpacklo_epi64(ef, gh),
        _mm256_unpackhi_epi64(ef, gh),
        _mm256_unpacklo_epi64(ef_high, gh_high),
        _mm256_unpackhi_epi64(ef_high, gh_high),
    ];
    let first = |n: usize| _mm256_permute2x128_si256::<0x20>(upper[n], lower[n]);
    let second = |n: usize| _mm256_permute2x128_si256::<0x31>(upper[n], lower[n]);
    [
        first(0),
        first(1),
        first(2),
        first(3),
        second(0),
        second(1),
        second(2),
        second(3),
    ]
}

/// `a` and its three, as a step leaves them.
type Lanes = [__m256i; 4];

/// A step after its function: adds, turns left by `LEFT` (`RIGHT` is 32 less that), adds.
#[target_feature(enable = "avx2")]
#[inline]
fn step<const LEFT: i32, const RIGHT: i32>(
    [a, b, c, d]: Lanes,
    function: __m256i,
    word: __m256i,
    constant: u32,
) -> Lanes {
    let known = _mm256_add_epi32(
        _mm256_add_epi32(a, word),
        _mm256_set1_epi32(constant as i32),
    );
    let sum = _mm256_add_epi32(known, function);
    let turned = _mm256_or_si256(
        _mm256_slli_epi32::<LEFT>(sum),
        _mm256_srli_epi32::<RIGHT>(sum),
    );
    [d, _mm256_add_epi32(turned, b), b, c]
}

/// Four steps each that turn by these, from the first on; `word` is which word a step takes.
/// Written out: with a loop the compiler keeps the lanes in memory.
macro_rules! steps {
    ($lanes:ident, $function:ident, $words:ident, $word:expr, $turns:tt, $($first:literal)*) => {
        $( steps!(@four $lanes, $function, $words, $word, $first, $turns); )*
    };
    (@four $lanes:ident, $function:ident, $words:ident, $word:expr, $first:expr,
        ($one:literal $two:literal $three:literal $four:literal)) => {
        steps!(@one $lanes, $function, $words, $word, $first, $one);
        steps!(@one $lanes, $function, $words, $word, $first + 1, $two);
        steps!(@one $lanes, $function, $words, $word, $first + 2, $three);
        steps!(@one $lanes, $function, $words, $word, $first + 3, $four);
    };
    (@one $lanes:ident, $function:ident, $words:ident, $word:expr, $at:expr, $left:literal) => {
        let word = $words[const { $word($at) % 16 }];
        let function = $function($lanes);
        $lanes = step::<$left, { 32 - $left }>($lanes, function, word, STEPS[$at]);
    };
}

/// Which word a step takes (RFC 1321 section 3.4).
const fn word_of_f(step: usize) -> usize {
    step
}

const fn word_of_g(step: usize) -> usize {
    5 * step + 1
}

const fn word_of_h(step: usize) -> usize {
    3 * step + 5
}

const fn word_of_i(step: usize) -> usize {
    7 * step
}

#[target_feature(enable = "avx2")]
#[inline]
fn f([_, b, c, d]: Lanes) -> __m256i {
    _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn g([_, b, c, d]: Lanes) -> __m256i {
    _mm256_xor_si256(c, _mm256_and_si256(d, _mm256_xor_si256(b, c)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn h([_, b, c, d]: Lanes) -> __m256i {
    _mm256_xor_si256(b, _mm256_xor_si256(c, d))
}

#[target_feature(enable = "avx2")]
#[inline]
fn i([_, b, c, d]: Lanes) -> __m256i {
    let not_d = _mm256_xor_si256(d, _mm256_set1_epi32(-1));
    _mm256_xor_si256(c, _mm256_or_si256(b, not_d))
}

/// Takes as many blocks into each state as the shortest has.
#[target_feature(enable = "avx2")]
pub(super) fn take(states: &mut [State; 8], blocks: [&[Block]; 8]) {
    let count = blocks.iter().map(|blocks| blocks.len()).min();
    let count = count.unwrap_or_default();
    let blocks = blocks.map(|of| &of[..count]);
    let mut lanes: Lanes = [0, 1, 2, 3].map(|word| {
        let of = |n: usize| states[n][word] as i32;
        _mm256_setr_epi32(of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7))
    });
    #[expect(
        clippy::needless_range_loop,
        reason = "an index into each of several messages"
    )]
    for at in 0..count {
        let before = lanes;
        let [w0, w1, w2, w3, w4, w5, w6, w7] = transposed(from_fn(|n| load(&blocks[n][at], 0)));
        let [w8, w9, w10, w11, w12, w13, w14, w15] =
            transposed(from_fn(|n| load(&blocks[n][at], 32)));
        let words = [
            w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15,
        ];
        steps!(lanes, f, words, word_of_f, (7 12 17 22), 0 4 8 12);
        steps!(lanes, g, words, word_of_g, (5 9 14 20), 16 20 24 28);
        steps!(lanes, h, words, word_of_h, (4 11 16 23), 32 36 40 44);
        steps!(lanes, i, words, word_of_i, (6 10 15 21), 48 52 56 60);
        for (lane, before) in lanes.iter_mut().zip(before) {
            *lane = _mm256_add_epi32(*lane, before);
        }
    }
    for (word, lane) in lanes.into_iter().enumerate() {
        let all = [
            _mm256_extract_epi32::<0>(lane),
            _mm256_extract_epi32::<1>(lane),
            _mm256_extract_epi32::<2>(lane),
            _mm256_extract_epi32::<3>(lane),
            _mm256_extract_epi32::<4>(lane),
            _mm256_extract_epi32::<5>(lane),
            _mm256_extract_epi32::<6>(lane),
            _mm256_extract_epi32::<7>(lane),
        ];
        for (state, value) in states.iter_mut().zip(all) {
            state[word] = value as u32;
        }
    }
}
