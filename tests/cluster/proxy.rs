//! A way to a server, of a cluster's API or a registry, that can be cut, closed and slowed down. A test
//! includes this file by its path, as it does the harness; TLS goes through untouched, so that clients
//! see the real server.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes that are carried at a time.
const PIECE: usize = 4096;

struct Shared {
    to: SocketAddr,
    /// Both ends of what is open.
    open: Mutex<Vec<(TcpStream, TcpStream)>>,
    closed: AtomicBool,
    ended: AtomicBool,
    bytes_per_second: AtomicU64,
    carried: AtomicU64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<(TcpStream, TcpStream)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port on loopback that leads to another.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Opens a way to a port on loopback.
    ///
    /// # Errors
    /// There is no free port.
    pub fn start(to: u16) -> io::Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            to: ([127, 0, 0, 1], to).into(),
            open: Mutex::default(),
            closed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            bytes_per_second: AtomicU64::new(0),
            carried: AtomicU64::new(0),
        });
        let serving = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if serving.ended.load(Ordering::Acquire) {
                    break;
                }
                // Who is told that nobody is there sees a connection that closes.
                if !serving.closed.load(Ordering::Acquire) {
                    let _ = carry(&serving, client);
                }
            }
        });
        Ok(Proxy { port, shared })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts everything that is open, in the middle of whatever it carries; says how many.
    pub fn cut(&self) -> usize {
        let open = std::mem::take(&mut *self.shared.lock());
        for (client, server) in &open {
            // It may be gone already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
        open.len()
    }

    /// Lets nobody through, or again.
    pub fn close(&self, closed: bool) {
        self.shared.closed.store(closed, Ordering::Release);
        if closed {
            self.cut();
        }
    }

    /// Carries no more than this towards clients, on each connection; 0 is as fast as it goes.
    pub fn slow(&self, bytes_per_second: u64) {
        self.shared
            .bytes_per_second
            .store(bytes_per_second, Ordering::Release);
    }

    /// Bytes that were carried towards clients.
    pub fn carried(&self) -> u64 {
        self.shared.carried.load(Ordering::Acquire)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        self.cut();
        // So that it looks up.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn carry(shared: &Arc<Shared>, client: TcpStream) -> io::Result<()> {
    let server = TcpStream::connect(shared.to)?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
    }
    let ends = (client.try_clone()?, server.try_clone()?);
    shared
        .lock()
        .push((client.try_clone()?, server.try_clone()?));
    thread::spawn(move || copy(ends.0, ends.1, |_| {}));
    let shared = shared.clone();
    thread::spawn(move || {
        copy(server, client, |bytes| {
            shared.carried.fetch_add(bytes as u64, Ordering::AcqRel);
            let limit = shared.bytes_per_second.load(Ordering::Acquire);
            if let Some(millis) = (bytes as u64 * 1000).checked_div(limit) {
                thread::sleep(Duration::from_millis(millis));
            }
        });
    });
    Ok(())
}

/// Copies until one end is gone, and lets the other know.
fn copy(mut from: TcpStream, mut to: TcpStream, mut carried: impl FnMut(usize)) {
    let mut piece = [0; PIECE];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
        carried(read);
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Every test that includes this file uses a part of it.
const _: () = {
    let _ = Proxy::cut;
    let _ = Proxy::close;
    let _ = Proxy::slow;
    let _ = Proxy::carried;
};
