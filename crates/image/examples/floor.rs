//! What looking into an image can't be faster than: its layers decompressed and
//! hashed on both sides and nothing else, on every core. `./x bench --image FILE`
//! runs it beside `plimsoll image sbom` and prints the ratio.
//!
//! The same decoders as the product's, and the fastest hash of one message at a
//! time: aws-lc's, by the processor's SHA extensions where it has them.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::FileExt,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::digest::{Context, SHA256};
use plimsoll_image::{
    Limits, ReadAt,
    compress::{Compression, Decompressed},
    read_at::Cursor,
    source::{Blob, Choice, archive},
};

const CHUNK: usize = 256 << 10;

struct FileAt(File, u64);

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
}

/// Stored bytes, hashed as they are read.
struct Hashed<R>(R, Context);

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.update(&buffer[..count]);
        Ok(count)
    }
}

/// Hashes a layer as it is stored and as it is unpacked; its unpacked bytes.
fn layer(stored: &mut dyn Read) -> io::Result<u64> {
    let mut stored = BufReader::with_capacity(CHUNK, Hashed(stored, Context::new(&SHA256)));
    let compression = Compression::of(stored.fill_buf()?);
    let mut plain = Decompressed::new(stored, compression)?;
    let mut sha = Context::new(&SHA256);
    let mut buffer = vec![0; CHUNK];
    let mut size = 0;
    loop {
        match plain.read(&mut buffer)? {
            0 => break,
            count => {
                size += count as u64;
                // What is not compressed was hashed as it was read.
                if compression != Compression::None {
                    sha.update(&buffer[..count]);
                }
            }
        }
    }
    std::hint::black_box((sha.finish(), plain.inner().get_ref().1.clone().finish()));
    Ok(size)
}

/// All layers, each core taking the largest that is left.
fn floor(path: &str) -> io::Result<u64> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let file = FileAt(file, size);
    let mut head = [0; 4];
    file.read_at(0, &mut head)?;
    if Compression::of(&head) != Compression::None {
        return layer(&mut Cursor::new(&file));
    }
    let opened = archive(Arc::new(file), path, &Choice::default(), &Limits::default());
    let opened = opened.map_err(io::Error::other)?;
    let layers = &opened.source.layers;
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(layers[*at].size));
    let next = AtomicUsize::new(0);
    let blobs: &dyn plimsoll_image::source::Blobs = &*opened.blobs;
    let reader = || -> io::Result<u64> {
        let mut size = 0;
        while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            size += match blobs.open(at)? {
                Blob::At(bytes) => layer(&mut Cursor::new(&*bytes))?,
                Blob::Stream(mut stream) => layer(&mut *stream)?,
            };
        }
        Ok(size)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..cores).map(|_| scope.spawn(reader)).collect();
        readers.into_iter().try_fold(0, |size, reader| {
            let read = reader.join();
            Ok(size + read.map_err(|_| io::Error::other("a reader failed"))??)
        })
    })
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: floor ARCHIVE");
        return ExitCode::FAILURE;
    };
    match floor(&path) {
        Ok(size) => {
            println!("{size} bytes, hashed");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}
