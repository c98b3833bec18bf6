//! The file as such: a header, sections, and hashes by which every part is
//! verified before it is used.
//!
//! What is behind the header is divided into chunks; behind the last one stand
//! their hashes. The header has the hash of these hashes, and is signed. So
//! opening costs the verification of a header and of a short list, and each
//! chunk is hashed once, when it is first read.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    bytes::Reader,
    key::{KeyId, PublicKey, SigningKey},
};

/// The version of the format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;

/// What a database begins with.
pub const MAGIC: &[u8; 8] = b"PLIMSADB";
/// What is signed begins with it, so that no signature of something else fits.
const CONTEXT: &[u8] = b"plimsoll advisory database\n";
const CHUNK: usize = 16 << 10;
const HASH: usize = 32;
const SEAL: usize = 64;
/// Before the table of sections: magic, format, kind of seal, length, place
/// and hash of the hashes, builder.
const FIXED: usize = 8 + 4 + 4 + 8 + 8 + HASH + 8;
pub(super) const HEADER: usize = FIXED + Section::COUNT * 16 + 8 + SEAL;

/// The parts of the file, in the order they stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Meta,
    Names,
    Ids,
    StatementDictionary,
    StatementIndex,
    Statements,
    RecordDictionary,
    RecordIndex,
    Records,
    Epss,
    Exploitation,
    Lifecycles,
}

impl Section {
    pub(super) const COUNT: usize = 12;
    pub(super) const ALL: [Section; Self::COUNT] = [
        Section::Meta,
        Section::Names,
        Section::Ids,
        Section::StatementDictionary,
        Section::StatementIndex,
        Section::Statements,
        Section::RecordDictionary,
        Section::RecordIndex,
        Section::Records,
        Section::Epss,
        Section::Exploitation,
        Section::Lifecycles,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Section::Meta => "meta",
            Section::Names => "names",
            Section::Ids => "ids",
            Section::StatementDictionary => "statement-dictionary",
            Section::StatementIndex => "statement-index",
            Section::Statements => "statements",
            Section::RecordDictionary => "record-dictionary",
            Section::RecordIndex => "record-index",
            Section::Records => "records",
            Section::Epss => "epss",
            Section::Exploitation => "exploitation",
            Section::Lifecycles => "lifecycles",
        }
    }
}

/// Whose databases are used.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Those that one of these keys signed.
    Signed(&'a [PublicKey]),
    /// Those, and such as nobody signed: for what was built on this machine.
    SignedOrLocal(&'a [PublicKey]),
}

/// Why a database is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// It is something else.
    #[error("this is no advisory database: it does not begin as one")]
    Foreign,
    /// It is of another format.
    #[error("the advisory database has format {0}, and this program reads format {FORMAT}")]
    Format(u32),
    /// Its length is not what it says.
    #[error(
        "the advisory database has {found} bytes and should have {expected}: it is cut short, or has something behind it"
    )]
    Length {
        /// What it says.
        expected: u64,
        /// What it has.
        found: u64,
    },
    /// Nobody signed it.
    #[error("the advisory database is not signed, and only signed ones are used here")]
    Unsigned,
    /// A key signed it that is not among the trusted ones.
    #[error("the advisory database is signed with key {0}, which is not trusted here")]
    UnknownKey(KeyId),
    /// The signature does not fit.
    #[error("the advisory database is not what key {0} signed")]
    Signature(KeyId),
    /// A part is not what it was when it was written.
    #[error("the advisory database is damaged in its section `{section}`: {what}")]
    Damaged {
        /// The section.
        section: &'static str,
        /// What is wrong there.
        what: &'static str,
    },
}

/// That something is wrong in a section.
pub(super) fn damaged(section: Section, what: &'static str) -> DbError {
    DbError::Damaged {
        section: section.name(),
        what,
    }
}

fn header_damaged(what: &'static str) -> DbError {
    DbError::Damaged {
        section: "header",
        what,
    }
}

/// What can make a file of the same input differ: our own way of writing, and
/// the version of the compressor.
pub(super) fn builder() -> [u32; 2] {
    [1, zstd::zstd_safe::version_number()]
}

/// A file that was opened.
#[derive(Debug)]
pub(super) struct File<B> {
    bytes: B,
    sections: [Range<usize>; Section::COUNT],
    /// Where the hashes are.
    hashes: usize,
    /// A bit a chunk: whether it was verified.
    verified: Vec<AtomicU64>,
    signed_by: Option<KeyId>,
    builder: [u32; 2],
}

/// The hash of a chunk.
fn hash(bytes: &[u8]) -> [u8; HASH] {
    *blake3::hash(bytes).as_bytes()
}

fn signed_part(header: &[u8]) -> Vec<u8> {
    [CONTEXT, &header[..HEADER - SEAL]].concat()
}

/// What stands for a signature where there is none: the hash of the header.
fn seal_of_nobody(header: &[u8]) -> [u8; SEAL] {
    let mut seal = [0; SEAL];
    seal[..HASH].copy_from_slice(&hash(&signed_part(header)));
    seal
}

/// Puts sections together to a file.
pub(super) fn write(sections: &[Vec<u8>; Section::COUNT], key: Option<&SigningKey>) -> Vec<u8> {
    let body: usize = sections.iter().map(Vec::len).sum();
    let hashes_at = HEADER + body;
    let total = hashes_at + body.div_ceil(CHUNK) * HASH;
    let mut out = Vec::with_capacity(total);
    out.resize(HEADER, 0);
    for section in sections {
        out.extend_from_slice(section);
    }
    let hashes: Vec<u8> = out[HEADER..].chunks(CHUNK).flat_map(hash).collect();
    let root = hash(&hashes);
    out.extend_from_slice(&hashes);
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    header.extend(FORMAT.to_le_bytes());
    header.extend(u32::from(key.is_some()).to_le_bytes());
    header.extend((total as u64).to_le_bytes());
    header.extend((hashes_at as u64).to_le_bytes());
    header.extend(root);
    header.extend(builder().into_iter().flat_map(u32::to_le_bytes));
    let mut at = HEADER;
    for section in sections {
        header.extend((at as u64).to_le_bytes());
        header.extend((section.len() as u64).to_le_bytes());
        at += section.len();
    }
    header.extend(key.map_or([0; 8], |key| key.public().id().0));
    header.resize(HEADER, 0);
    let seal = match key {
        Some(key) => key.sign(&signed_part(&header)),
        None => seal_of_nobody(&header),
    };
    header[HEADER - SEAL..].copy_from_slice(&seal);
    out[..HEADER].copy_from_slice(&header);
    out
}

/// Puts another header before the same sections: one that somebody signed.
pub(super) fn with_header(mut file: Vec<u8>, header: &[u8]) -> Option<Vec<u8>> {
    file.get_mut(..HEADER)?
        .copy_from_slice(header.get(..HEADER)?);
    Some(file)
}

/// What a header says of who wrote its file.
pub(super) fn builder_of(header: &[u8]) -> Option<[u32; 2]> {
    let mut reader = Reader::new(header.get(FIXED - 8..)?);
    Some([reader.u32()?, reader.u32()?])
}

impl<B: AsRef<[u8]>> File<B> {
    /// Opens and verifies the header and the list of hashes.
    pub(super) fn open(bytes: B, trust: Trust<'_>) -> Result<Self, DbError> {
        let all = bytes.as_ref();
        let Some(header) = all.get(..HEADER) else {
            return Err(if all.starts_with(MAGIC) {
                DbError::Length {
                    expected: HEADER as u64,
                    found: all.len() as u64,
                }
            } else {
                DbError::Foreign
            });
        };
        let cut = || header_damaged("it is cut short");
        let mut reader = Reader::new(header);
        if reader.array() != Some(*MAGIC) {
            return Err(DbError::Foreign);
        }
        let format = reader.u32().ok_or_else(cut)?;
        if format != FORMAT {
            return Err(DbError::Format(format));
        }
        let sealed = reader.u32().ok_or_else(cut)?;
        let expected = reader.u64().ok_or_else(cut)?;
        if expected != all.len() as u64 {
            return Err(DbError::Length {
                expected,
                found: all.len() as u64,
            });
        }
        let hashes = reader.u64().ok_or_else(cut)?;
        let root: [u8; HASH] = reader.array().ok_or_else(cut)?;
        let builder = [reader.u32().ok_or_else(cut)?, reader.u32().ok_or_else(cut)?];
        let mut sections = [const { 0..0 }; Section::COUNT];
        let mut end = HEADER as u64;
        for range in &mut sections {
            let at = reader.u64().ok_or_else(cut)?;
            let length = reader.u64().ok_or_else(cut)?;
            let next = at
                .checked_add(length)
                .filter(|&next| at == end && next <= hashes)
                .ok_or_else(|| header_damaged("sections do not follow one another"))?;
            // Both are within a slice's length once `hashes` is, which is checked below.
            *range = at as usize..next as usize;
            end = next;
        }
        let body = hashes
            .checked_sub(HEADER as u64)
            .filter(|_| hashes == end && hashes <= expected)
            .ok_or_else(|| header_damaged("the hashes do not follow the sections"))?;
        let chunks = body.div_ceil(CHUNK as u64);
        if hashes + chunks * HASH as u64 != expected {
            return Err(header_damaged("the hashes do not fill the rest"));
        }
        let id = KeyId(reader.array().ok_or_else(cut)?);
        let seal: [u8; SEAL] = reader.array().ok_or_else(cut)?;
        let signed_by = check_seal(header, sealed, id, &seal, trust)?;
        let hashes = hashes as usize;
        if hash(&all[hashes..]) != root {
            return Err(header_damaged("the list of hashes is another one"));
        }
        let verified = (0..(chunks as usize).div_ceil(64))
            .map(|_| AtomicU64::new(0))
            .collect();
        Ok(File {
            bytes,
            sections,
            hashes,
            verified,
            signed_by,
            builder,
        })
    }

    pub(super) fn signed_by(&self) -> Option<KeyId> {
        self.signed_by
    }

    pub(super) fn builder(&self) -> [u32; 2] {
        self.builder
    }

    /// The header's bytes.
    pub(super) fn header(&self) -> &[u8] {
        &self.bytes.as_ref()[..HEADER]
    }

    /// What tells this content from any other: the hash of its header without
    /// the signature.
    pub(super) fn identity(&self) -> [u8; HASH] {
        let root = FIXED - 8 - HASH;
        let mut identity = [0; HASH];
        identity.copy_from_slice(&self.header()[root..root + HASH]);
        identity
    }

    pub(super) fn len(&self, section: Section) -> usize {
        self.sections[section as usize].len()
    }

    /// Bytes of a section, verified.
    pub(super) fn slice(&self, section: Section, range: Range<usize>) -> Result<&[u8], DbError> {
        let of = &self.sections[section as usize];
        if range.start > range.end || range.end > of.len() {
            return Err(damaged(section, "it points beyond its end"));
        }
        let range = of.start + range.start..of.start + range.end;
        self.verify(section, &range)?;
        Ok(&self.bytes.as_ref()[range])
    }

    /// A whole section.
    pub(super) fn section(&self, section: Section) -> Result<&[u8], DbError> {
        self.slice(section, 0..self.len(section))
    }

    /// Verifies what was not yet of a range.
    fn verify(&self, section: Section, range: &Range<usize>) -> Result<(), DbError> {
        if range.is_empty() {
            return Ok(());
        }
        let first = (range.start - HEADER) / CHUNK;
        let last = (range.end - 1 - HEADER) / CHUNK;
        for chunk in first..=last {
            let (word, bit) = (&self.verified[chunk / 64], 1_u64 << (chunk % 64));
            // Threads that come together both hash: nothing is guarded by the bit.
            if word.load(Ordering::Relaxed) & bit != 0 {
                continue;
            }
            let all = self.bytes.as_ref();
            let start = HEADER + chunk * CHUNK;
            let end = (start + CHUNK).min(self.hashes);
            let expected = self.hashes + chunk * HASH;
            if hash(&all[start..end]) != all[expected..expected + HASH] {
                return Err(damaged(
                    section,
                    "its hash is not what it was when it was written",
                ));
            }
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Who signed a header, where the trust allows it.
fn check_seal(
    header: &[u8],
    sealed: u32,
    id: KeyId,
    seal: &[u8; SEAL],
    trust: Trust<'_>,
) -> Result<Option<KeyId>, DbError> {
    let (Trust::Signed(keys) | Trust::SignedOrLocal(keys)) = trust;
    match sealed {
        0 => {
            if id.0 != [0; 8] || *seal != seal_of_nobody(header) {
                return Err(header_damaged(
                    "its hash is not what it was when it was written",
                ));
            }
            match trust {
                Trust::Signed(_) => Err(DbError::Unsigned),
                Trust::SignedOrLocal(_) => Ok(None),
            }
        }
        1 => {
            let mut known = keys.iter().filter(|key| key.id() == id).peekable();
            if known.peek().is_none() {
                return Err(DbError::UnknownKey(id));
            }
            let message = signed_part(header);
            if known.any(|key| key.verifies(&message, seal)) {
                Ok(Some(id))
            } else {
                Err(DbError::Signature(id))
            }
        }
        _ => Err(header_damaged("it is sealed in an unknown way")),
    }
}
