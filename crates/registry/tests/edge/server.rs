//! A server that answers as a script says, well or badly.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// How many requests of this path there were before.
    pub before: usize,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
pub enum Reply {
    /// A whole answer.
    Whole(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// These bytes, then these again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes one by one, so long apart.
    Slow(Vec<u8>, Vec<u8>, Duration),
    /// Nothing.
    Hang,
}

impl Reply {
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Reply::Whole(200, Vec::new(), body.into())
    }

    pub fn status(status: u16) -> Self {
        Reply::Whole(status, Vec::new(), Vec::new())
    }

    pub fn with(self, name: &str, value: impl Into<String>) -> Self {
        match self {
            Reply::Whole(status, mut headers, body) => {
                headers.push((name.to_owned(), value.into()));
                Reply::Whole(status, headers, body)
            }
            other => other,
        }
    }
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// A server that greets (`/v2/`) everybody and answers the rest by `script`.
    pub fn open(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |asked| {
            if asked.path == "/v2/" {
                Reply::ok("{}")
            } else {
                script(asked)
            }
        })
    }

    /// A server that answers all by `script`.
    pub fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let log = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let (stopped, asked) = (stop.clone(), log.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (script, log, stop) = (script.clone(), asked.clone(), stopped.clone());
                thread::spawn(move || serve(stream, &*script, &log, &stop));
            }
        });
        Server { address, stop, log }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What was asked so far, without greetings.
    pub fn asked(&self) -> Vec<Asked> {
        let log = self.log.lock().expect("not poisoned");
        log.iter().filter(|a| a.path != "/v2/").cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener; that it may be gone is no matter.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, script: &Script, log: &Mutex<Vec<Asked>>, stop: &AtomicBool) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(20)));
    let Ok(mut out) = stream.try_clone() else {
        return;
    };
    let mut input = BufReader::new(stream);
    while let Some(mut asked) = read(&mut input) {
        {
            let mut log = log.lock().expect("not poisoned");
            asked.before = log.iter().filter(|a| a.path == asked.path).count();
            log.push(asked.clone());
        }
        if asked.method == "CONNECT" {
            // As a proxy: the tunnel leads back to this script.
            let _ = out.write_all(b"HTTP/1.1 200 Established\r\n\r\n");
            continue;
        }
        let sent = match script(&asked) {
            Reply::Whole(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str("\r\n");
                // In one piece: a head of its own would wait for its receipt.
                let mut whole = head.into_bytes();
                whole.extend_from_slice(&body);
                out.write_all(&whole)
            }
            Reply::Raw(bytes) => {
                let _ = out.write_all(&bytes);
                return;
            }
            Reply::Endless(head, again) => {
                let mut sent = out.write_all(&head);
                while sent.is_ok() && !stop.load(Ordering::Relaxed) {
                    sent = out.write_all(&again);
                }
                return;
            }
            Reply::Slow(head, bytes, apart) => {
                let mut sent = out.write_all(&head);
                for byte in bytes {
                    if sent.is_err() || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    thread::sleep(apart);
                    sent = out.write_all(&[byte]);
                }
                return;
            }
            Reply::Hang => {
                while !stop.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(20));
                }
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// One request; none at the end of the connection.
fn read(input: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    input.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            None => break,
        }
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        before: 0,
    })
}
