//! Tar archives, the same for the same input: for what tests and tasks pack themselves.

/// Bytes of a block; everything in an archive begins at a multiple of it.
const BLOCK: usize = 512;

/// An archive that is being written.
#[derive(Debug, Default)]
pub struct Tar {
    bytes: Vec<u8>,
}

impl Tar {
    /// A folder with its rights, such as `0o755`.
    ///
    /// # Errors
    /// The name is longer than the format takes.
    pub fn folder(&mut self, name: &str, mode: u32) -> Result<(), String> {
        self.header(
            &format!("{}/", name.trim_end_matches('/')),
            b'5',
            mode,
            0,
            "",
        )
    }

    /// A file with its rights and its content.
    ///
    /// # Errors
    /// The name is longer than the format takes.
    pub fn file(&mut self, name: &str, mode: u32, content: &[u8]) -> Result<(), String> {
        self.header(name, b'0', mode, content.len(), "")?;
        self.bytes.extend_from_slice(content);
        self.fill();
        Ok(())
    }

    /// A symbolic link to `target`.
    ///
    /// # Errors
    /// One of the names is longer than the format takes.
    pub fn link(&mut self, name: &str, target: &str) -> Result<(), String> {
        self.header(name, b'2', 0o777, 0, target)
    }

    /// The whole archive.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }

    /// Everything belongs to root and is from 1970: nothing of the machine gets in.
    fn header(
        &mut self,
        name: &str,
        kind: u8,
        mode: u32,
        size: usize,
        target: &str,
    ) -> Result<(), String> {
        let mut block = [0_u8; BLOCK];
        let mut put = |at: usize, room: usize, text: &str| {
            let bytes = text.as_bytes();
            match block.get_mut(at..at + bytes.len()) {
                Some(field) if bytes.len() <= room => field.copy_from_slice(bytes),
                _ => return Err(format!("`{text}` is too long for a tar archive")),
            }
            Ok(())
        };
        put(0, 100, name)?;
        put(100, 8, &format!("{mode:07o}"))?;
        put(108, 8, "0000000")?;
        put(116, 8, "0000000")?;
        put(124, 12, &format!("{size:011o}"))?;
        put(136, 12, "00000000000")?;
        put(148, 8, "        ")?;
        put(157, 100, target)?;
        put(257, 8, "ustar\x0000")?;
        block[156] = kind;
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.bytes.extend_from_slice(&block);
        Ok(())
    }

    fn fill(&mut self) {
        let whole = self.bytes.len().next_multiple_of(BLOCK);
        self.bytes.resize(whole, 0);
    }
}
