//! Messages as blocks of 64 bytes, padded as both digests have it (FIPS 180-4 section 5.1.1,
//! RFC 1321 section 3.1 and 3.2).

/// What both digests work on.
pub(crate) type Block = [u8; 64];

/// In which order the length of the message is written.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    /// SHA-256.
    BigEndian,
    /// MD5.
    LittleEndian,
}

/// The last one or two blocks of a message.
#[derive(Clone, Copy)]
pub(crate) struct End {
    blocks: [Block; 2],
    count: usize,
}

impl End {
    /// The end of a message of `length` bytes, of which `rest`, less than a block, are in no whole
    /// block.
    pub fn new(rest: &[u8], length: u64, written: Length) -> Self {
        let mut blocks = [[0; 64]; 2];
        let bytes = blocks.as_flattened_mut();
        for (to, from) in bytes.iter_mut().zip(rest.iter().chain(&[0x80])) {
            *to = *from;
        }
        // A byte to mark the end and eight for the length.
        let count = if rest.len() + 9 <= 64 { 1 } else { 2 };
        let bits = length.wrapping_mul(8);
        let bits = match written {
            Length::BigEndian => bits.to_be_bytes(),
            Length::LittleEndian => bits.to_le_bytes(),
        };
        for (to, from) in bytes
            .iter_mut()
            .take(count * 64)
            .rev()
            .zip(bits.iter().rev())
        {
            *to = *from;
        }
        End { blocks, count }
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Block] {
        self.blocks.get(..self.count).unwrap_or_default()
    }
}
