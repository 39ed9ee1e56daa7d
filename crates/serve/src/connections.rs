//! Connections: how many there may be, how long one may be silent, and how all of them end.
//!
//! Left out: limits for each address, which a reverse proxy knows better.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::patient::Patient;

/// How long nobody is let in after the system has refused to, out of descriptors perhaps.
const PAUSE: Duration = Duration::from_millis(100);

/// What is granted to whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once; more wait until others end.
    pub connections: usize,
    /// How long a client may take for the head of a request, and again for its body, and how long it may
    /// read nothing of a reply. A connection kept open between requests ends after as long.
    pub patience: Duration,
}

impl Default for Limits {
    /// 4,096 connections, 30 seconds.
    fn default() -> Self {
        Self {
            connections: 4096,
            patience: Duration::from_secs(30),
        }
    }
}

/// Answers whoever connects to `listener` until `stop` ends; replies under way are finished.
///
/// Clients that are slow, silent or gone cost their connection alone.
pub async fn run(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) {
    let room = Arc::new(Semaphore::new(limits.connections.max(1)));
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    http.header_read_timeout(limits.patience);
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        // A token is a small packet, and not to be waited for.
        drop(stream.set_nodelay(true));
        let stream = Patient::new(stream, limits.patience);
        let service = TowerToHyperService::new(routes.clone());
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // One that breaks off is nobody else's concern.
            drop(connection.await);
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
}
