//! The client against servers: scripted ones that misbehave in every way that
//! was thought of, and real ones where they are on the machine.

mod auth;
mod blobs;
mod lists;
mod manifests;
mod real;
mod server;
mod transport;
mod whole;

use std::{
    io::Read,
    time::{Duration, Instant},
};

use plimsoll_image::{Digest, source::Descriptor};
use plimsoll_registry::{
    Client, Options, Reference,
    http::{options::Timeouts, retry::Retry},
};
use sha2::{Digest as _, Sha256};

/// Options that wait for nothing long.
fn options() -> Options {
    Options {
        retry: Retry {
            attempts: 4,
            base: Duration::from_millis(2),
            most: Duration::from_millis(10),
            most_stated: Duration::from_secs(2),
        },
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            response: Duration::from_millis(600),
            idle: Duration::from_millis(400),
            document: Duration::from_millis(800),
            pace: Duration::from_millis(500),
        },
        ..Options::default()
    }
}

fn client() -> Client {
    Client::new(options())
}

fn reference(host: &str, rest: &str) -> Reference {
    format!("{host}/{rest}").parse().expect("a reference")
}

fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// Bytes that are the same each time and nowhere alike.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn descriptor(bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest: digest(bytes),
        size: bytes.len() as u64,
        urls: Vec::new(),
        annotations: std::collections::BTreeMap::new(),
        platform: None,
    }
}

/// All of a reader, or the error's words.
fn all(mut reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Fails when `run` takes longer than it may on a busy machine.
fn soon<T>(run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let value = run();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(20), "it took {took:?}");
    value
}
