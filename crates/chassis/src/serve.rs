//! Serves an application on a socket until shutdown, within limits on connections and on how long
//! a client may take.

mod accept;
mod answer;
mod connection;
mod descriptors;
mod limits;
mod progress;
mod request_body;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, TryAcquireError, watch};
use tokio::time::timeout;

use self::accept::TcpAcceptor;
use self::connection::Connection;
use crate::TlsIdentity;
use crate::occasional::Occasional;
use crate::tls::TlsAcceptor;

pub(crate) use self::accept::{Accept, accept_tcp};
pub use self::descriptors::raise_descriptor_limit;
pub use self::limits::ServeLimits;

/// How long, in wall time, requests in progress may take to finish after shutdown begins.
const GRACE: Duration = Duration::from_secs(3);

/// Serves `app` until `shutdown` completes; then lets requests in progress finish, within a few
/// seconds of wall time (streams do not end by themselves). The limits are [`ServeLimits::default`].
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_within(ServeLimits::default(), listener, app, shutdown).await
}

/// [`serve`] with other limits.
///
/// # Errors
/// When the socket fails.
pub async fn serve_within(
    limits: ServeLimits,
    listener: TcpListener,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_on(limits, TcpAcceptor::new(listener), app, shutdown).await;
    Ok(())
}

/// Serves `app` over TLS, otherwise as [`serve`] does.
///
/// # Errors
/// When the socket fails.
pub async fn serve_tls(
    listener: TcpListener,
    identity: TlsIdentity,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_tls_within(ServeLimits::default(), listener, identity, app, shutdown).await
}

/// [`serve_tls`] with other limits.
///
/// # Errors
/// When the socket fails.
pub async fn serve_tls_within(
    limits: ServeLimits,
    listener: TcpListener,
    identity: TlsIdentity,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_on(limits, TlsAcceptor::new(listener, identity, limits.handshake), app, shutdown).await;
    Ok(())
}

async fn serve_on<A: Accept>(
    limits: ServeLimits,
    mut acceptor: A,
    app: Router,
    shutdown: impl Future<Output = ()>,
) {
    // The routes are prepared here, once; a connection and a request share them. (`axum::serve`
    // prepares all routes again for every connection: 280 KB and 300 µs with those of the identity
    // provider.)
    let app: Router = app.with_state(());
    let seats_max = limits.connections.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
    let seats = Arc::new(Semaphore::new(seats_max));
    let (stopping, stopped) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    let mut full = Occasional::default();
    loop {
        let seat = match Arc::clone(&seats).try_acquire_owned() {
            Ok(seat) => seat,
            Err(TryAcquireError::Closed) => return,
            Err(TryAcquireError::NoPermits) => {
                if let Some(times) = full.report() {
                    tracing::warn!(
                        limit = limits.connections,
                        times,
                        "the limit on open connections is reached; further connections wait"
                    );
                }
                tokio::select! {
                    seat = Arc::clone(&seats).acquire_owned() => match seat {
                        Ok(seat) => seat,
                        Err(_) => return,
                    },
                    () = &mut shutdown => break,
                }
            }
        };
        let (io, peer) = tokio::select! {
            accepted = acceptor.accept() => accepted,
            () = &mut shutdown => break,
        };
        let connection =
            Connection { app: app.clone(), peer, limits, stopping: stopped.clone(), _seat: seat };
        tokio::spawn(connection.serve(io));
    }
    drop(acceptor);
    let _ = stopping.send(true);
    // All seats are free when all connections are closed.
    let all = u32::try_from(seats_max).unwrap_or(u32::MAX);
    let _ = timeout(GRACE, seats.acquire_many(all)).await;
}
