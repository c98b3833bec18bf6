//! Blobs that break off, lie and never end.

use std::time::Duration;

use crate::{all, client, descriptor, noise, reference, server::Reply, server::Server, soon};

const SIZE: usize = 100_000;

fn head(status: &str, length: usize, more: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{more}\r\n").into_bytes()
}

/// Reads the blob from a server with this script.
fn pull(
    script: impl Fn(&crate::server::Asked) -> Reply + Send + Sync + 'static,
) -> (Result<Vec<u8>, String>, Server) {
    let server = Server::open(script);
    let reference = reference(&server.host(), "a/b:1");
    let read = soon(|| {
        client()
            .blob(&reference, &descriptor(&noise(SIZE)))
            .map_err(|error| error.to_string())
            .and_then(all)
    });
    (read, server)
}

fn fails(expect: &str, script: impl Fn(&crate::server::Asked) -> Reply + Send + Sync + 'static) {
    let (read, _server) = pull(script);
    let error = read.map(|bytes| bytes.len()).expect_err(expect);
    assert!(error.contains(expect), "{error}, not {expect}");
}

#[test]
fn a_whole_blob_is_read() {
    let (read, server) = pull(|_| Reply::ok(noise(SIZE)));
    assert_eq!(read, Ok(noise(SIZE)));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("accept-encoding"), "identity");
}

#[test]
fn a_blob_that_breaks_off_is_taken_up_where_it_broke() {
    let (read, server) = pull(|asked| {
        let from: usize = asked
            .header("range")
            .trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap_or(0);
        let blob = noise(SIZE);
        let to = (from + 40_000).min(SIZE);
        let (status, range) = if from == 0 {
            ("200 OK", String::new())
        } else {
            (
                "206 Partial",
                format!("content-range: bytes {from}-{}/{SIZE}\r\n", SIZE - 1),
            )
        };
        let mut bytes = head(status, SIZE - from, &range);
        bytes.extend_from_slice(&blob[from..to]);
        Reply::Raw(bytes)
    });
    assert_eq!(read, Ok(noise(SIZE)));
    let ranges: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| asked.header("range").to_owned())
        .collect();
    assert_eq!(ranges, ["", "bytes=40000-", "bytes=80000-"]);
}

#[test]
fn a_server_without_parts_is_read_from_the_beginning() {
    let (read, server) = pull(|asked| {
        if asked.before == 0 {
            let mut bytes = head("200 OK", SIZE, "");
            bytes.extend_from_slice(&noise(SIZE)[..30_000]);
            Reply::Raw(bytes)
        } else {
            Reply::ok(noise(SIZE))
        }
    });
    assert_eq!(read, Ok(noise(SIZE)));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn one_that_breaks_for_ever_is_given_up() {
    fails("ended too early", |_| {
        let mut bytes = head("200 OK", SIZE, "");
        bytes.extend_from_slice(&noise(SIZE)[..10]);
        Reply::Raw(bytes)
    });
}

#[test]
fn passing_failures_are_passed() {
    let (read, server) = pull(|asked| match asked.before {
        0 => Reply::status(503),
        1 => Reply::Raw(Vec::new()),
        _ => Reply::ok(noise(SIZE)),
    });
    assert_eq!(read, Ok(noise(SIZE)));
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn other_bytes_are_refused() {
    fails("has the digest", |_| {
        let mut other = noise(SIZE);
        other[SIZE - 1] ^= 1;
        Reply::ok(other)
    });
    fails("100001 bytes, not the 100000", |_| {
        Reply::ok(noise(SIZE + 1))
    });
    fails("99999 bytes, not the 100000", |_| {
        Reply::ok(noise(SIZE - 1))
    });
    fails("0 bytes, not the 100000", |_| Reply::ok(""));
    fails("has the digest", |_| {
        Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![7; 65_536])
    });
}

#[test]
fn parts_that_were_not_asked_for_are_refused() {
    let part = |range: &'static str| {
        move |asked: &crate::server::Asked| {
            if asked.before == 0 {
                let mut bytes = head("200 OK", SIZE, "");
                bytes.extend_from_slice(&noise(SIZE)[..30_000]);
                return Reply::Raw(bytes);
            }
            Reply::Whole(206, Vec::new(), noise(10)).with("content-range", range)
        }
    };
    fails("another part", part("bytes 5-14/100000"));
    fails("without its place", part("pages 1-2"));
    fails("99 bytes, not", part("bytes 30000-30009/99"));
    fails("30010 bytes, not", part("bytes 30000-30009/100000"));
}

#[test]
fn a_blob_that_trickles_is_given_up() {
    fails("too slow", |_| {
        Reply::Slow(
            head("200 OK", SIZE, ""),
            vec![1; 1000],
            Duration::from_millis(30),
        )
    });
    fails("too slow", |_| {
        Reply::Slow(head("200 OK", SIZE, ""), vec![1], Duration::from_secs(30))
    });
}

#[test]
fn an_error_stays_one() {
    let server = Server::open(|_| Reply::ok(vec![0; SIZE]));
    let reference = reference(&server.host(), "a/b:1");
    let mut reader = client()
        .blob(&reference, &descriptor(&noise(SIZE)))
        .expect("opened");
    assert!(all(&mut reader).is_err());
    assert!(all(&mut reader).is_err());
}

#[test]
fn a_foreign_layer_is_had_from_where_its_manifest_says() {
    let maker = Server::open(|_| Reply::ok(noise(50)));
    let server = Server::open(|_| Reply::status(404));
    let mut descriptor = descriptor(&noise(50));
    descriptor.urls = vec![
        "ftp://x/".to_owned(),
        format!("http://{}/layer", maker.host()),
    ];
    let reference = reference(&server.host(), "a/b:1");
    let error = client()
        .blob(&reference, &descriptor)
        .map(|_| ())
        .expect_err("http is not taken");
    assert!(
        error.to_string().contains("has no the blob") || error.to_string().contains("has no"),
        "{error}"
    );
    let options = plimsoll_registry::Options {
        insecure: true,
        ..crate::options()
    };
    let reader = plimsoll_registry::Client::new(options)
        .blob(&reference, &descriptor)
        .expect("from its maker");
    assert_eq!(all(reader), Ok(noise(50)));
}

#[test]
fn stopping_ends_what_hangs() {
    let server = Server::open(|_| {
        Reply::Slow(
            head("200 OK", SIZE, ""),
            vec![1; 100],
            Duration::from_secs(9),
        )
    });
    let reference = reference(&server.host(), "a/b:1");
    let mut options = crate::options();
    options.timeouts.idle = Duration::from_secs(60);
    let client = plimsoll_registry::Client::new(options);
    let reader = client
        .blob(&reference, &descriptor(&noise(SIZE)))
        .expect("opened");
    let begin = std::time::Instant::now();
    let stopper = client.clone();
    let read = std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            stopper.stop();
        });
        all(reader)
    });
    assert_eq!(read, Err("stopped".to_owned()));
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}
