//! SHA-256 (FIPS 180-4), of one stream or of two side by side.

#[cfg(target_arch = "x86_64")]
mod x86;

use aws_lc_rs::digest::{Context, SHA256};

use crate::blocks::{Block, End, Length};

/// The state before any block (FIPS 180-4 section 5.3.3).
pub(crate) const FIRST: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// What a digest is between two blocks.
pub(crate) type State = [u32; 8];

/// The state as the digest is written.
pub(crate) fn written(state: &State) -> [u8; 32] {
    let mut digest = [0; 32];
    let words = state.iter().flat_map(|word| word.to_be_bytes());
    for (to, from) in digest.iter_mut().zip(words) {
        *to = from;
    }
    digest
}

/// How blocks are taken in, on a processor that can do two messages at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes(());

impl Lanes {
    /// How many messages at once.
    pub const COUNT: usize = 2;

    /// None on a processor that can't.
    pub fn new() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if x86::is_there() {
            return Some(Lanes(()));
        }
        None
    }

    /// Takes as many blocks into each state as the shortest has.
    pub fn take<const N: usize>(self, states: &mut [State; N], blocks: [&[Block]; N]) {
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

/// A digest of bytes that come one after the other.
#[derive(Clone)]
pub struct Sha256(Way);

#[derive(Clone)]
enum Way {
    Lanes(Lanes, Stream),
    /// Where the processor can't do two at once: the library's, which is faster there.
    Library(Context),
}

#[derive(Clone)]
struct Stream {
    state: State,
    /// Bytes so far.
    length: u64,
    /// The bytes of the block that is not whole yet: `length` modulo its size.
    begun: Block,
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256 {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        let Some(lanes) = Lanes::new() else {
            return Sha256(Way::Library(Context::new(&SHA256)));
        };
        let stream = Stream {
            state: FIRST,
            length: 0,
            begun: [0; 64],
        };
        Sha256(Way::Lanes(lanes, stream))
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Way::Library(context) => context.update(bytes),
            Way::Lanes(lanes, stream) => {
                let whole = stream.begin(*lanes, bytes);
                let (blocks, rest) = whole.as_chunks();
                stream.take(*lanes, blocks);
                stream.end(rest);
            }
        }
    }

    /// The next bytes of two digests, in little more than the time of one.
    pub fn update_both(one: (&mut Self, &[u8]), other: (&mut Self, &[u8])) {
        let ((one, bytes), (other, others)) = (one, other);
        let (Way::Lanes(lanes, a), Way::Lanes(_, b)) = (&mut one.0, &mut other.0) else {
            one.update(bytes);
            other.update(others);
            return;
        };
        let (of_a, rest_of_a) = a.begin(*lanes, bytes).as_chunks();
        let (of_b, rest_of_b) = b.begin(*lanes, others).as_chunks();
        let count = of_a.len().min(of_b.len());
        let ((both_a, more_a), (both_b, more_b)) = (of_a.split_at(count), of_b.split_at(count));
        let mut states = [a.state, b.state];
        lanes.take(&mut states, [both_a, both_b]);
        for (stream, state, both) in [(&mut *a, states[0], both_a), (&mut *b, states[1], both_b)] {
            stream.state = state;
            stream.length += both.as_flattened().len() as u64;
        }
        for (stream, more, rest) in [(a, more_a, rest_of_a), (b, more_b, rest_of_b)] {
            stream.take(*lanes, more);
            stream.end(rest);
        }
    }

    /// The digest of all bytes.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        match self.0 {
            Way::Library(context) => {
                let mut digest = [0; 32];
                // It has 32 bytes.
                for (to, from) in digest.iter_mut().zip(context.finish().as_ref()) {
                    *to = *from;
                }
                digest
            }
            Way::Lanes(lanes, stream) => {
                let rest = stream.begun.get(..stream.begun_len()).unwrap_or_default();
                let end = End::new(rest, stream.length, Length::BigEndian);
                let mut state = [stream.state];
                lanes.take(&mut state, [end.blocks()]);
                written(&state[0])
            }
        }
    }
}

impl Stream {
    fn begun_len(&self) -> usize {
        (self.length % 64) as usize
    }

    /// Makes a begun block whole, if there are bytes enough; gives the bytes after them.
    fn begin<'b>(&mut self, lanes: Lanes, bytes: &'b [u8]) -> &'b [u8] {
        let begun = self.begun_len();
        if begun == 0 {
            return bytes;
        }
        let (more, bytes) = bytes.split_at(bytes.len().min(64 - begun));
        self.keep(begun, more);
        if self.begun_len() == 0 && !more.is_empty() {
            let mut state = [self.state];
            lanes.take(&mut state, [&[self.begun]]);
            self.state = state[0];
        }
        bytes
    }

    fn take(&mut self, lanes: Lanes, blocks: &[Block]) {
        let mut state = [self.state];
        lanes.take(&mut state, [blocks]);
        self.state = state[0];
        self.length += blocks.as_flattened().len() as u64;
    }

    /// Keeps what makes no whole block.
    fn end(&mut self, rest: &[u8]) {
        if !rest.is_empty() {
            self.keep(0, rest);
        }
    }

    fn keep(&mut self, at: usize, bytes: &[u8]) {
        for (to, from) in self.begun.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
        self.length += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::*;

    fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)
    }

    fn expect(parts: &[Vec<u8>]) -> [u8; 32] {
        sha2::Sha256::digest(parts.concat()).into()
    }

    #[test]
    fn it_is_the_digest_of_the_standard() {
        // FIPS 180-4's example, and nothing.
        let mut sha = Sha256::new();
        sha.update(b"abc");
        let hex = |digest: [u8; 32]| digest.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(
            hex(sha.finish()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex(Sha256::default().finish()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    proptest! {
        #[test]
        fn one_is_the_digest_of_all_bytes(parts in parts()) {
            let mut sha = Sha256::new();
            parts.iter().for_each(|part| sha.update(part));
            let other = sha.clone();
            prop_assert_eq!(sha.finish(), expect(&parts));
            prop_assert_eq!(other.finish(), expect(&parts));
        }

        #[test]
        fn two_are_the_digests_of_each(a in parts(), b in parts(), lone in parts()) {
            let (mut one, mut other) = (Sha256::new(), Sha256::new());
            let both = a.len().min(b.len());
            for (x, y) in a.iter().zip(&b) {
                Sha256::update_both((&mut one, x), (&mut other, y));
            }
            a[both..].iter().for_each(|part| one.update(part));
            b[both..].iter().for_each(|part| other.update(part));
            let mut again = one.clone();
            prop_assert_eq!(one.finish(), expect(&a));
            prop_assert_eq!(other.finish(), expect(&b));
            lone.iter().for_each(|part| again.update(part));
            prop_assert_eq!(again.finish(), expect(&[a, lone].concat()));
        }

        #[test]
        fn the_library_alone_gives_the_same(a in parts(), b in parts()) {
            let library = || Sha256(Way::Library(Context::new(&SHA256)));
            let (mut one, mut other) = (library(), Sha256::new());
            let (a, b) = (a.concat(), b.concat());
            Sha256::update_both((&mut one, &a), (&mut other, &b));
            prop_assert_eq!(one.finish(), expect(&[a]));
            prop_assert_eq!(other.finish(), expect(&[b]));
        }
    }
}
