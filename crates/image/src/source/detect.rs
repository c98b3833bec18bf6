//! Which form bytes are, by how they begin.

use crate::compress::Compression;

/// What bytes that begin in a certain way are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// A tar archive: of `docker save`, an OCI layout, or a root file system.
    /// [`super::archive`] opens it.
    Tar,
    /// Compressed with gzip or zstd: an archive, for [`super::read_archive`],
    /// or an SBOM.
    Compressed(Compression),
    /// Compressed or archived in a way that is not read; its name.
    Unread(&'static str),
    /// An SBOM.
    Sbom,
    /// JSON of some other kind.
    Json,
    /// Nothing that is known.
    Unknown,
}

/// What bytes are that begin with `head`, of which 512 bytes are enough (more
/// help with SBOMs).
#[must_use]
pub fn detect(head: &[u8]) -> Bytes {
    match Compression::of(head) {
        Compression::None => {}
        compression => return Bytes::Compressed(compression),
    }
    if let Some(name) = Compression::unread_name(head) {
        return Bytes::Unread(name);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Bytes::Tar;
    }
    if is_sbom(head) {
        return Bytes::Sbom;
    }
    match head.trim_ascii_start().first() {
        Some(b'{' | b'[') => Bytes::Json,
        // The oldest tars have no magic: a name, ended by zeros, and a mode.
        Some(_)
            if head.len() >= 512
                && head[100..107]
                    .iter()
                    .all(|b| matches!(b, b'0'..=b'7' | b' ')) =>
        {
            Bytes::Tar
        }
        _ => Bytes::Unknown,
    }
}

/// Whether these are the first bytes of an SBOM.
fn is_sbom(head: &[u8]) -> bool {
    [
        "\"bomFormat\"",
        "\"spdxVersion\"",
        "SPDXVersion:",
        "http://cyclonedx.org/schema/bom",
    ]
    .iter()
    .any(|word| memchr::memmem::find(head, word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tar, gzip};

    #[test]
    fn the_first_bytes_tell() {
        let check = |bytes: &[u8], expect| assert_eq!(detect(bytes), expect);
        let tar = Tar::default().file("a", "b").done();
        check(&tar, Bytes::Tar);
        check(&gzip(&tar), Bytes::Compressed(Compression::Gzip));
        let mut old = tar;
        old[257..263].fill(0);
        check(&old, Bytes::Tar);
        check(b"BZh9", Bytes::Unread("bzip2"));
        check(b" {\"a\": 1}", Bytes::Json);
        check(b"{\"bomFormat\": \"CycloneDX\"}", Bytes::Sbom);
        check(b"[]", Bytes::Json);
        check(b"", Bytes::Unknown);
        check(b"hello", Bytes::Unknown);
    }
}
