//! What the agent answers over HTTP: whether it lives, whether it is ready,
//! and its metrics. Nothing here tells of the cluster's objects by name but
//! the names of goals, and nothing can be changed.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::registry::Registry;
use std::sync::Mutex;
use tokio::{net::TcpListener, sync::watch};

use super::metrics;

/// How long the work may go without a sign of life before it counts as hung.
const HUNG: Duration = Duration::from_secs(60);

/// Whether the agent lives and is ready. Clones share it.
#[derive(Clone, Debug)]
pub struct Health {
    ready: Arc<AtomicBool>,
    draining: Arc<AtomicBool>,
    beat: Arc<Mutex<Instant>>,
}

impl Default for Health {
    fn default() -> Self {
        Health {
            ready: Arc::default(),
            draining: Arc::default(),
            beat: Arc::new(Mutex::new(Instant::now())),
        }
    }
}

impl Health {
    /// Everything was listed once, and there are verdicts.
    pub fn ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether everything was listed once.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// It was asked to end.
    pub fn draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// The work goes on.
    pub fn beat(&self) {
        *self.lock() = Instant::now();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.beat
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn hung(&self) -> Option<Duration> {
        let silent = self.lock().elapsed();
        (silent > HUNG).then_some(silent)
    }
}

#[derive(Clone)]
struct Shared {
    health: Health,
    registry: Arc<Registry>,
}

/// Answers on this listener until `stop` says true.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    registry: Registry,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let shared = Shared {
        health,
        registry: Arc::new(registry),
    };
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .with_state(shared);
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            // An error is a sender that is gone, which is an end, too.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .await
}

/// Listens there.
///
/// # Errors
/// The address can't be had; the message names it.
pub async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| std::io::Error::new(error.kind(), format!("{address}: {error}")))
}

async fn healthz(State(shared): State<Shared>) -> Response {
    match shared.health.hung() {
        None => (StatusCode::OK, "ok\n").into_response(),
        Some(silent) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("no sign of life for {} s\n", silent.as_secs()),
        )
            .into_response(),
    }
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let health = &shared.health;
    let not = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if health.draining.load(Ordering::Acquire) {
        return not("draining\n");
    }
    if !health.is_ready() {
        return not("the first evaluation is not done\n");
    }
    (StatusCode::OK, "ok\n").into_response()
}

async fn metrics_text(State(shared): State<Shared>) -> Response {
    match metrics::encode(&shared.registry) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// The answer to one request, by a client that is not ours.
    fn ask(address: SocketAddr, path: &str) -> String {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..read]);
        }
        answer.push_str(&String::from_utf8_lossy(&bytes));
        answer
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn it_is_ready_after_the_first_evaluation_until_it_drains() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Health::default();
        let (stop, stopped) = watch::channel(false);
        let registry = metrics::Metrics::default().registry("0");
        let server = tokio::spawn(serve(listener, health.clone(), registry, stopped));
        let ask = async |path: &'static str| {
            tokio::task::spawn_blocking(move || ask(address, path))
                .await
                .unwrap()
        };
        assert!(ask("/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(ask("/readyz").await.starts_with("HTTP/1.1 503"));
        health.ready();
        assert!(ask("/readyz").await.starts_with("HTTP/1.1 200"));
        health.draining();
        assert!(ask("/readyz").await.contains("draining"));
        assert!(ask("/metrics").await.contains("plimsoll_leader 0"));
        assert!(ask("/objects").await.starts_with("HTTP/1.1 404"));
        stop.send(true).unwrap();
        server.await.unwrap().unwrap();
    }
}
