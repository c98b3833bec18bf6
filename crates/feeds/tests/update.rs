//! Updates from a server that keeps the publishers' layouts, and misbehaves.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use jiff::Timestamp;
use plimsoll_feeds::{
    make,
    mapped::open,
    sources::{Source, all},
    store::Store,
    update::{Hears, Outcome, update},
};
use plimsoll_registry::{
    Options,
    http::{fetch::Fetcher, options::Timeouts, retry::Retry},
};
use plimsoll_vuln::{db::Trust, lookup::Lookup};

/// How the server answers a path.
#[derive(Clone)]
enum Answer {
    /// 200 with this `ETag`; 304 when it is asked for by it.
    Body(&'static str, Vec<u8>),
    /// 200 with this date; 304 when it is asked for by it.
    Dated(&'static str, Vec<u8>),
    /// A status.
    Status(u16, &'static str),
    /// 429 so many times, then the body.
    Limited(u32, Vec<u8>),
    /// A length, and fewer bytes.
    Short(u64, Vec<u8>),
    /// A byte now and then, for ever.
    Slow,
    /// Breaks off after some bytes; goes on where it is asked to.
    Breaks(usize, Vec<u8>),
}

type Answers = Arc<Mutex<BTreeMap<String, Answer>>>;
type Asked = Arc<Mutex<Vec<String>>>;

struct Server {
    address: String,
    answers: Answers,
    asked: Asked,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let answers = Answers::default();
        let asked = Asked::default();
        let (a, b) = (Arc::clone(&answers), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, asked) = (Arc::clone(&a), Arc::clone(&b));
                thread::spawn(move || {
                    let _ = serve(stream, &answers, &asked);
                });
            }
        });
        Server {
            address,
            answers,
            asked,
        }
    }

    fn answers(&self, path: &str, answer: Answer) {
        let mut answers = self.answers.lock().expect("whole");
        answers.insert(path.to_owned(), answer);
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("whole").len()
    }
}

fn serve(mut stream: TcpStream, answers: &Answers, asked: &Asked) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    asked.lock().expect("whole").push(path.clone());
    let answer = answers.lock().expect("whole").get(&path).cloned();
    let ok = |stream: &mut TcpStream, extra: &str, body: &[u8]| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n{extra}\r\n",
            body.len()
        )?;
        stream.write_all(body)
    };
    let status = |stream: &mut TcpStream, code: u16, extra: &str| {
        write!(
            stream,
            "HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Length: 0\r\n{extra}\r\n"
        )
    };
    match answer {
        None => status(&mut stream, 404, ""),
        Some(Answer::Body(etag, _)) if headers.get("if-none-match").is_some_and(|e| e == etag) => {
            status(&mut stream, 304, "")
        }
        Some(Answer::Body(etag, body)) => ok(&mut stream, &format!("ETag: {etag}\r\n"), &body),
        Some(Answer::Dated(date, _))
            if headers.get("if-modified-since").is_some_and(|d| d == date) =>
        {
            status(&mut stream, 304, "")
        }
        Some(Answer::Dated(date, body)) => {
            ok(&mut stream, &format!("Last-Modified: {date}\r\n"), &body)
        }
        Some(Answer::Status(code, extra)) => status(&mut stream, code, extra),
        Some(Answer::Limited(left, body)) => {
            let mut all = answers.lock().expect("whole");
            if left == 0 {
                return ok(&mut stream, "", &body);
            }
            all.insert(path, Answer::Limited(left - 1, body));
            status(&mut stream, 429, "Retry-After: 0\r\n")
        }
        Some(Answer::Short(length, body)) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            )?;
            stream.write_all(&body)
        }
        Some(Answer::Slow) => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(b" ")?;
                thread::sleep(Duration::from_millis(20));
            }
        }
        Some(Answer::Breaks(after, body)) => {
            let range = headers.get("range").and_then(|range| {
                let from = range.strip_prefix("bytes=")?.strip_suffix('-')?;
                from.parse::<usize>().ok()
            });
            match range.filter(|_| headers.get("if-range").is_some_and(|e| e == "\"b\"")) {
                Some(from) => {
                    let rest = &body[from..];
                    write!(
                        stream,
                        "HTTP/1.1 206 Partial\r\nConnection: close\r\nETag: \"b\"\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n\r\n",
                        rest.len(),
                        body.len() - 1,
                        body.len()
                    )?;
                    stream.write_all(rest)
                }
                None => {
                    write!(
                        stream,
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"b\"\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    )?;
                    stream.write_all(&body[..after])
                }
            }
        }
    }
}

struct Silent;

impl Hears for Silent {
    fn bytes(&self, _: &str, _: u64) {}
}

fn fetcher() -> Fetcher {
    Fetcher::new(Options {
        retry: Retry {
            attempts: 3,
            base: Duration::from_millis(2),
            most: Duration::from_millis(10),
            most_stated: Duration::from_secs(2),
        },
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            response: Duration::from_secs(5),
            idle: Duration::from_millis(800),
            document: Duration::from_secs(2),
            pace: Duration::from_millis(300),
        },
        ..Options::default()
    })
}

const PATH: &str = "/osv-go/all.zip";

fn source() -> Source {
    all(2026)
        .into_iter()
        .find(|source| source.name == "osv-go")
        .expect("it is one of them")
}

/// A record of the Go database, alone in its file.
fn record(id: &str) -> Vec<u8> {
    format!(
        r#"{{"schema_version": "1.3.1", "id": "{id}", "modified": "2026-10-01T00:00:00Z",
        "published": "2026-09-01T00:00:00Z", "aliases": ["CVE-2026-{number}"], "summary": "a flaw",
        "affected": [{{"package": {{"name": "example.com/m", "ecosystem": "Go"}},
        "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.2.3"}}]}}]}}]}}"#,
        number = id.rsplit('-').next().unwrap_or_default()
    )
    .into_bytes()
}

fn now(day: u32) -> Timestamp {
    format!("2026-11-{day:02}T00:00:00Z")
        .parse()
        .expect("a time")
}

struct World {
    folder: tempfile::TempDir,
    server: Server,
}

impl World {
    fn new() -> Self {
        World {
            folder: tempfile::tempdir().expect("a folder"),
            server: Server::start(),
        }
    }

    fn store(&self) -> Store {
        Store::new(self.folder.path())
    }

    fn update(&self, day: u32) -> Outcome {
        let outcomes = update(
            &self.store(),
            &source(),
            Some(&self.server.address),
            &fetcher(),
            now(day),
            &Silent,
        )
        .expect("the store is writable");
        assert_eq!(outcomes.len(), 1);
        outcomes.into_iter().next().expect("one").1
    }

    /// The ids in the database that the store makes, and its age.
    fn made(&self) -> (Vec<String>, Option<Timestamp>) {
        let path = self.folder.path().join("advisories.db");
        make::make(&self.store(), &path, None, &|_| {}).expect("made");
        let db = open(&path, Trust::SignedOrLocal(&[])).expect("opened");
        let ids = ["GO-2026-0001", "GO-2026-0002"]
            .into_iter()
            .filter(|id| !db.by_id(id).expect("whole").is_empty())
            .map(str::to_owned)
            .collect();
        let as_of = db.feeds().first().and_then(|feed| feed.as_of);
        (ids, as_of)
    }
}

fn ids(of: &[&str]) -> Vec<String> {
    of.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn what_did_not_change_is_not_fetched_again() {
    for dated in [false, true] {
        let world = World::new();
        let answer = |body| match dated {
            false => Answer::Body("\"1\"", body),
            true => Answer::Dated("Sun, 01 Nov 2026 00:00:00 GMT", body),
        };
        world.server.answers(PATH, answer(record("GO-2026-0001")));
        assert!(matches!(world.update(1), Outcome::New { .. }));
        assert!(matches!(world.update(2), Outcome::Unchanged));
        assert_eq!(world.server.asked(), 2);
        // Current as of when its publisher last said so.
        assert_eq!(world.made(), (ids(&["GO-2026-0001"]), Some(now(2))));
        if !dated {
            let newer = Answer::Body("\"2\"", record("GO-2026-0002"));
            world.server.answers(PATH, newer);
            assert!(matches!(world.update(3), Outcome::New { .. }));
            assert_eq!(world.made(), (ids(&["GO-2026-0002"]), Some(now(3))));
        }
    }
}

#[test]
fn whatever_a_server_does_the_last_good_copy_stays_in_force() {
    let bomb = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&vec![b' '; 200 << 20]).expect("memory");
        packed.finish().expect("memory")
    };
    let cut_gzip = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&record("GO-2026-0002")).expect("memory");
        let whole = packed.finish().expect("memory");
        whole[..whole.len() / 2].to_vec()
    };
    let hostile: Vec<(&str, Answer, &str)> = vec![
        ("gone", Answer::Status(404, ""), "no such file (404)"),
        ("failing", Answer::Status(500, ""), "500"),
        (
            "limited for ever",
            Answer::Limited(1_000, Vec::new()),
            "limits",
        ),
        (
            "cut short",
            Answer::Short(10_000, record("GO-2026-0002")),
            "",
        ),
        (
            "claims 10 GB",
            Answer::Short(10 << 30, record("GO-2026-0002")),
            "larger than",
        ),
        ("slow", Answer::Slow, "fewer than"),
        (
            "a login page",
            Answer::Body("\"x\"", b"<html>Sign in</html>".to_vec()),
            "no advisories",
        ),
        (
            "corrupt",
            Answer::Body(
                "\"x\"",
                b"{\"id\": \"GO-2026-0002\", \"affected\": [".to_vec(),
            ),
            "",
        ),
        ("a torn archive", Answer::Body("\"x\"", cut_gzip), ""),
        ("a bomb", Answer::Body("\"x\"", bomb), "more"),
        ("empty", Answer::Body("\"x\"", Vec::new()), "no advisories"),
    ];
    for (name, answer, said) in hostile {
        let world = World::new();
        world
            .server
            .answers(PATH, Answer::Body("\"1\"", record("GO-2026-0001")));
        assert!(matches!(world.update(1), Outcome::New { .. }));
        world.server.answers(PATH, answer);
        match world.update(2) {
            Outcome::Failed { error, kept } => {
                let error = error.to_string();
                assert!(error.contains(said), "{name}: {error}");
                assert_eq!(kept, Some(now(1)), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(
            world.made(),
            (ids(&["GO-2026-0001"]), Some(now(1))),
            "{name}"
        );
        let left: Vec<_> = std::fs::read_dir(world.folder.path().join("feeds/osv-go"))
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with('.'))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_limit_that_passes_is_waited_for() {
    let world = World::new();
    world
        .server
        .answers(PATH, Answer::Limited(2, record("GO-2026-0001")));
    assert!(matches!(world.update(1), Outcome::New { .. }));
    assert_eq!(world.server.asked(), 3);
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let world = World::new();
    world
        .server
        .answers(PATH, Answer::Breaks(40, record("GO-2026-0001")));
    let outcome = world.update(1);
    assert!(matches!(outcome, Outcome::New { .. }), "{outcome:?}");
    assert_eq!(world.server.asked(), 2);
    assert_eq!(world.made().0, ids(&["GO-2026-0001"]));
}

#[test]
fn a_database_in_use_is_replaced_under_its_readers() {
    let world = World::new();
    world
        .server
        .answers(PATH, Answer::Body("\"1\"", record("GO-2026-0001")));
    world.update(1);
    let path = world.folder.path().join("advisories.db");
    make::make(&world.store(), &path, None, &|_| {}).expect("made");
    let before = open(&path, Trust::SignedOrLocal(&[])).expect("opened");
    world
        .server
        .answers(PATH, Answer::Body("\"2\"", record("GO-2026-0002")));
    world.update(2);
    make::make(&world.store(), &path, None, &|_| {}).expect("made");
    let after = open(&path, Trust::SignedOrLocal(&[])).expect("opened");
    assert_eq!(before.by_id("GO-2026-0001").expect("whole").len(), 1);
    assert_eq!(after.by_id("GO-2026-0001").expect("whole").len(), 0);
    // Nobody signed it: it counts only where it was made.
    assert!(open(&path, Trust::Signed(&[])).is_err());
}
