//! Digests of many messages that are all there.

use std::cmp::Reverse;

use md5::{Digest as _, Md5, block_api::compress};

use crate::{
    blocks::{Block, End, Length},
    md5::{self as eight, State as Md5State},
    sha256::{self as two, Sha256, State as ShaState},
};

/// The SHA-256 of each message, in their order.
#[must_use]
pub fn sha256s(messages: &[&[u8]]) -> Vec<[u8; 32]> {
    let Some(lanes) = two::Lanes::new() else {
        let alone = |message: &&[u8]| {
            let mut sha = Sha256::new();
            sha.update(message);
            sha.finish()
        };
        return messages.iter().map(alone).collect();
    };
    let many = Many {
        messages,
        written: Length::BigEndian,
        first: two::FIRST,
        worth: 2,
    };
    let together = |states: &mut [ShaState; two::Lanes::COUNT],
                    blocks: [&[Block]; two::Lanes::COUNT]| {
        lanes.take(states, blocks)
    };
    let alone = |state: &mut ShaState, blocks: &[Block]| {
        let mut states = [*state];
        lanes.take(&mut states, [blocks]);
        *state = states[0];
    };
    let states = many.run(together, alone);
    states.iter().map(two::written).collect()
}

/// The MD5 of each message, in their order.
#[must_use]
pub fn md5s(messages: &[&[u8]]) -> Vec<[u8; 16]> {
    let Some(lanes) = eight::Lanes::new() else {
        return messages
            .iter()
            .map(|message| Md5::digest(message).into())
            .collect();
    };
    let many = Many {
        messages,
        written: Length::LittleEndian,
        first: eight::FIRST,
        // Eight lanes, however few are in use, take half again as long as one message.
        worth: 2,
    };
    let together = |states: &mut [Md5State; eight::Lanes::COUNT],
                    blocks: [&[Block]; eight::Lanes::COUNT]| {
        lanes.take(states, blocks)
    };
    let states = many.run(together, compress);
    states.iter().map(eight::written).collect()
}

/// Messages and how they are digested.
struct Many<'m, S> {
    messages: &'m [&'m [u8]],
    written: Length,
    /// The state before any block.
    first: S,
    /// How many lanes have to be in use for all to be worth it.
    worth: usize,
}

/// A message under way.
struct Lane<'m, S> {
    message: usize,
    whole: &'m [Block],
    end: End,
    /// Blocks of the end that were taken.
    ended: usize,
    state: S,
}

impl<S: Copy> Many<'_, S> {
    /// The state of each message after its end, in their order.
    fn run<const N: usize>(
        &self,
        together: impl Fn(&mut [S; N], [&[Block]; N]),
        alone: impl Fn(&mut S, &[Block]),
    ) -> Vec<S> {
        let mut order: Vec<usize> = (0..self.messages.len()).collect();
        // The longest first, so that those that are left at the end are short.
        order.sort_by_key(|&at| Reverse(self.messages[at].len()));
        let mut waiting = order.into_iter();
        let mut done = vec![self.first; self.messages.len()];
        let mut lanes: [Option<Lane<'_, S>>; N] = [const { None }; N];
        loop {
            for lane in lanes.iter_mut().filter(|lane| lane.is_none()) {
                *lane = waiting.next().map(|message| self.lane(message));
            }
            let used = lanes.iter().flatten().count();
            if used < self.worth {
                for lane in lanes.iter_mut().flatten() {
                    while !lane.blocks().is_empty() {
                        let mut state = lane.state;
                        let blocks = lane.blocks();
                        alone(&mut state, blocks);
                        lane.advance(blocks.len());
                        lane.state = state;
                    }
                    done[lane.message] = lane.state;
                }
                return done;
            }
            let of_used = lanes.iter().flatten().map(Lane::blocks);
            let least = of_used.min_by_key(|blocks| blocks.len());
            let least = least.unwrap_or_default();
            // Lanes that are not in use do the same for nothing.
            let blocks = lanes.each_ref().map(|lane| match lane {
                Some(lane) => &lane.blocks()[..least.len()],
                None => least,
            });
            let state = |lane: &Option<Lane<'_, S>>| lane.as_ref().map_or(self.first, |l| l.state);
            let mut states = lanes.each_ref().map(state);
            together(&mut states, blocks);
            let taken = least.len();
            for (place, state) in lanes.iter_mut().zip(states) {
                let Some(lane) = place else { continue };
                lane.state = state;
                lane.advance(taken);
                if lane.blocks().is_empty() {
                    done[lane.message] = state;
                    *place = None;
                }
            }
        }
    }

    fn lane(&self, message: usize) -> Lane<'_, S> {
        let bytes = self.messages[message];
        let (whole, rest) = bytes.as_chunks();
        Lane {
            message,
            whole,
            end: End::new(rest, bytes.len() as u64, self.written),
            ended: 0,
            state: self.first,
        }
    }
}

impl<S> Lane<'_, S> {
    /// The next blocks: those of the message, then those of its end.
    fn blocks(&self) -> &[Block] {
        if self.whole.is_empty() {
            self.end.blocks().get(self.ended..).unwrap_or_default()
        } else {
            self.whole
        }
    }

    /// Goes on after so many of them.
    fn advance(&mut self, taken: usize) {
        if self.whole.is_empty() {
            self.ended += taken;
        } else {
            self.whole = self.whole.get(taken..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn they_are_the_digests_of_the_standards() {
        let hex = |digest: &[u8]| {
            digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        // RFC 1321, appendix A.5.
        let check = |message: &[u8], expect: &str| {
            for others in 0..9 {
                let mut messages = vec![&b"another"[..]; others];
                messages.push(message);
                let md5s = md5s(&messages);
                assert_eq!(hex(&md5s[others]), expect, "beside {others}");
            }
        };
        check(b"", "d41d8cd98f00b204e9800998ecf8427e");
        check(b"abc", "900150983cd24fb0d6963f7d28e17f72");
        check(
            b"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        );
        assert!(md5s(&[]).is_empty() && sha256s(&[]).is_empty());
    }

    #[test]
    fn every_length_ends_as_it_should() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(400).collect();
        let messages: Vec<&[u8]> = (0..=bytes.len()).map(|length| &bytes[..length]).collect();
        let (md5s, shas) = (md5s(&messages), sha256s(&messages));
        for ((message, md5), sha) in messages.iter().zip(md5s).zip(shas) {
            assert_eq!(
                md5,
                <[u8; 16]>::from(Md5::digest(message)),
                "{}",
                message.len()
            );
            let expect: [u8; 32] = sha2::Sha256::digest(message).into();
            assert_eq!(sha, expect, "{}", message.len());
        }
    }

    proptest! {
        #[test]
        fn many_are_the_digests_of_each(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..40)
        ) {
            let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            let expect: Vec<[u8; 16]> =
                messages.iter().map(|message| Md5::digest(message).into()).collect();
            prop_assert_eq!(md5s(&messages), expect);
            let expect: Vec<[u8; 32]> =
                messages.iter().map(|message| sha2::Sha256::digest(message).into()).collect();
            prop_assert_eq!(sha256s(&messages), expect);
        }
    }
}
