//! How much of foreign bytes is read at most.

/// The limits of one run. What goes beyond one is a diagnostic and makes the
/// result incomplete.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one layer, decompressed.
    pub layer_bytes: u64,
    /// How many times larger than its compressed form a layer may be, once it
    /// is above [`ratio_from`](Self::ratio_from) bytes.
    pub ratio: u64,
    /// Decompressed bytes from which on the ratio is looked at.
    pub ratio_from: u64,
    /// Entries of one layer.
    pub entries: u64,
    /// Bytes of all paths and link targets of one layer.
    pub name_bytes: u64,
    /// Bytes of a path; Linux has 4,096.
    pub path_bytes: usize,
    /// Components of a path.
    pub path_depth: usize,
    /// Bytes of a file that is held in memory to be looked into. Larger ones
    /// are looked into where they can be read in place.
    pub held_bytes: u64,
    /// How deep archives in archives are looked into.
    pub nested: u32,
    /// Bytes of a manifest or a configuration.
    pub document_bytes: u64,
    /// Layers of an image.
    pub layers: usize,
    /// Findings (packages, secrets) of one file; of one layer ten times as many.
    pub found: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            layer_bytes: 64 << 30,
            ratio: 200,
            ratio_from: 64 << 20,
            entries: 2_000_000,
            name_bytes: 512 << 20,
            path_bytes: 4_096,
            path_depth: 256,
            held_bytes: 48 << 20,
            nested: 4,
            document_bytes: 16 << 20,
            layers: 512,
            found: 100_000,
        }
    }
}
