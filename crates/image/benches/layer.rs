//! A layer read whole, against the floor: its bytes decompressed and hashed
//! and nothing else, measured in the same run. Prints figures and judges none.
//!
//! `cargo bench -p plimsoll-image --bench layer [-- FILE...]`: layers to read;
//! without, one is made up. `RUNS` in the environment: how often (3).

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use build::Tar;
use plimsoll_image::{
    Digest, Limits, ReadAt,
    layer::analyze,
    sha256::Sha256,
    source::{Blob, Descriptor, Silent},
};

#[path = "../src/tar/build.rs"]
#[expect(dead_code, reason = "tests build more kinds of entries")]
mod build;

const BLOCK: usize = 512;
const CHUNK: usize = 256 << 10;

/// A file on a disk.
struct FileAt {
    file: File,
    size: u64,
}

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

/// Stored bytes, hashed as they are read.
struct Hashed {
    file: File,
    sha: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.sha.update(&buffer[..count]);
        Ok(count)
    }
}

fn decompressed(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut head = [0; 4];
    File::open(path)?.read_exact(&mut head)?;
    let stored = Hashed {
        file: File::open(path)?,
        sha: Sha256::new(),
    };
    let buffered = io::BufReader::with_capacity(CHUNK, stored);
    Ok(match head {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::with_buffer(buffered)?),
        _ => Box::new(File::open(path)?),
    })
}

fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Decompresses and hashes on one thread.
fn floor(path: &Path) -> io::Result<Digest> {
    let mut reader = decompressed(path)?;
    let mut sha = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        match fill(&mut *reader, &mut buffer)? {
            0 => return Ok(sha.finish()),
            count => sha.update(&buffer[..count]),
        }
    }
}

/// Decompresses on one thread and hashes on another.
fn floor_of_two(path: &Path) -> io::Result<Digest> {
    let mut reader = decompressed(path)?;
    let (send, receive) = mpsc::sync_channel::<Vec<u8>>(8);
    let (give, unused) = mpsc::channel::<Vec<u8>>();
    let hashing = std::thread::spawn(move || {
        let mut sha = Sha256::new();
        for chunk in receive {
            sha.update(&chunk);
            let _ = give.send(chunk);
        }
        sha.finish()
    });
    loop {
        let mut chunk = unused.try_recv().unwrap_or_default();
        chunk.resize(CHUNK, 0);
        let count = fill(&mut *reader, &mut chunk)?;
        if count == 0 {
            break;
        }
        chunk.truncate(count);
        if send.send(chunk).is_err() {
            break;
        }
    }
    drop(send);
    hashing
        .join()
        .map_err(|_| io::Error::other("hashing failed"))
}

/// The medians of the time and of the processor time of some runs. The second
/// tells more on a machine that does other things.
fn median(runs: usize, mut run: impl FnMut()) -> [Duration; 2] {
    let mut times: [Vec<Duration>; 2] = Default::default();
    for _ in 0..runs.max(1) {
        let (start, used) = (Instant::now(), processor_time());
        run();
        times[0].push(start.elapsed());
        times[1].push(processor_time().saturating_sub(used));
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

/// What all threads of the process used; zero where that is not known.
fn processor_time() -> Duration {
    let text = proc_file("/proc/self/stat");
    let fields = text.rsplit(')').next().unwrap_or_default();
    // utime and stime, in ticks of ten milliseconds.
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn proc_file(path: &str) -> String {
    let mut bytes = [0; 4096];
    let read = File::open(path).and_then(|mut file| fill(&mut file, &mut bytes));
    String::from_utf8_lossy(&bytes[..read.unwrap_or_default()]).into_owned()
}

fn measure(path: &Path, runs: usize) -> io::Result<()> {
    let size = path.metadata()?.len();
    let digest = floor(path)?;
    let one = median(runs, || assert_eq!(floor(path).ok(), Some(digest)));
    let two = median(runs, || assert_eq!(floor_of_two(path).ok(), Some(digest)));
    let descriptor = Descriptor {
        media_type: String::new(),
        digest,
        size,
        urls: Vec::new(),
        annotations: BTreeMap::new(),
        platform: None,
    };
    let mut last = None;
    let whole = median(runs, || {
        let file = File::open(path).expect("it was there");
        let blob = Blob::At(Arc::new(FileAt { file, size }));
        last = Some(analyze(blob, &descriptor, 0, &Limits::default(), &Silent));
    });
    let Some(analysis) = last else { return Ok(()) };
    println!(
        "{}: {} MB stored, {} MB, {} paths, {} files with findings, {} told",
        path.display(),
        size >> 20,
        analysis.size >> 20,
        analysis.files.len(),
        analysis.found.len(),
        analysis.diagnostics.len(),
    );
    for told in analysis.diagnostics.iter().take(5) {
        println!("    {:?}: {}", told.place.path, told.message);
    }
    let times = |what: usize| {
        let ratio = |floor: Duration| whole[what].as_secs_f64() / floor.as_secs_f64().max(0.01);
        format!(
            "floor {:.2?} on one thread, {:.2?} on two; whole {:.2?}: {:.2} and {:.2} times",
            one[what],
            two[what],
            whole[what],
            ratio(one[what]),
            ratio(two[what]),
        )
    };
    println!("    time      {}", times(0));
    println!("    processor {}", times(1));
    Ok(())
}

/// A layer with programs, texts and small files, about as compressible as real ones.
fn made_up() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words: Vec<String> = (0..4096)
        .map(|_| format!("{:x} ", next() >> (next() % 48)))
        .collect();
    let mut text = |size: usize| {
        let mut text = Vec::with_capacity(size + 20);
        while text.len() < size {
            text.extend_from_slice(words[(next() % 4096) as usize].as_bytes());
        }
        text
    };
    let mut tar = Tar::default().file("etc/debian_version", b"12.0\n");
    for number in 0..120 {
        let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".to_vec();
        program.extend(text(2 << 20));
        tar = tar.program(&format!("usr/bin/program-{number}"), &program);
    }
    for number in 0..20_000 {
        let folder = number % 100;
        tar = tar.file(&format!("usr/share/doc/{folder}/{number}.txt"), &text(4000));
    }
    tar.end()
}

fn write_made_up(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let plain = made_up();
    let paths = ["layer.tar", "layer.tar.gz", "layer.tar.zst"].map(|name| folder.join(name));
    File::create(&paths[0])?.write_all(&plain)?;
    let level = flate2::Compression::default();
    let mut gzip = flate2::write::GzEncoder::new(File::create(&paths[1])?, level);
    gzip.write_all(&plain)?;
    gzip.finish()?;
    zstd::stream::copy_encode(&plain[..], File::create(&paths[2])?, 3)?;
    Ok(paths.to_vec())
}

fn main() -> io::Result<()> {
    let runs = std::env::var("RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(3);
    let mut paths: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .map(PathBuf::from)
        .collect();
    let folder = tempfile::tempdir()?;
    if paths.is_empty() {
        paths = write_made_up(folder.path())?;
    }
    for path in &paths {
        measure(path, runs)?;
    }
    // What the process ever had in memory, on Linux.
    let status = proc_file("/proc/self/status");
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    Ok(())
}
