//! How much of a foreign file is read at most.

/// Bounds on what a file may make the loader hold.
///
/// Beyond one of them there is a [`LoadError`](crate::LoadError) that names the bound;
/// nothing is cut off silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file. Values above 4 GiB mean 4 GiB (spans are 32 bits wide).
    pub max_bytes: u64,
    /// Documents of one file, items of lists included.
    pub max_documents: usize,
    /// Nesting of sequences and mappings, through aliases too. Values above 512 mean 512.
    pub max_depth: u32,
    /// Nodes of one document, counted as if every alias and merge key were written out.
    /// A text that an alias repeats counts one more for every 64 bytes.
    /// Values above 16,000,000 mean 16,000,000.
    pub max_nodes: u64,
    /// Aliases and merge keys of one document.
    pub max_aliases: u32,
}

impl Default for Limits {
    /// 64 MiB, 1,000,000 documents, 64 levels, 1,000,000 nodes, 100,000 aliases.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_documents: 1_000_000,
            max_depth: 64,
            max_nodes: 1_000_000,
            max_aliases: 100_000,
        }
    }
}

impl Limits {
    pub(crate) fn bytes(&self) -> u64 {
        self.max_bytes.min(u64::from(u32::MAX) - 8)
    }

    pub(crate) fn depth(&self) -> u32 {
        self.max_depth.min(512)
    }

    pub(crate) fn nodes(&self) -> u64 {
        self.max_nodes.min(16_000_000)
    }
}
