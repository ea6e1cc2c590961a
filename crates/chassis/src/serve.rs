//! Serves an application on a socket until shutdown, within limits on connections (of the socket
//! and of the whole process) and on how long a client may take.

mod accept;
mod answer;
mod connection;
mod descriptors;
mod limits;
mod progress;
mod request_body;
mod seats;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use self::accept::{Plain, accept};
use self::connection::Connection;
use self::seats::{Budget, Seats};
use crate::socket_pairs::Arrivals;
use crate::tls::Tls;
use crate::{TlsIdentity, event_loops};

pub(crate) use self::accept::Transport;
pub use self::descriptors::raise_descriptor_limit;
pub use self::limits::ServeLimits;

/// How long, in wall time, requests in progress may take to finish after shutdown begins.
const GRACE: Duration = Duration::from_secs(3);

/// Serves `app` until `shutdown` completes; then lets requests in progress finish, within a few
/// seconds of wall time (streams do not end by themselves). The limits are
/// [`ServeLimits::default`].
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
    let arrivals = Arrivals::at(&listener);
    serve_on(limits, (listener, arrivals), Plain, app, shutdown).await;
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
    serve_on(limits, (listener, None), Tls::new(identity, limits.handshake), app, shutdown).await;
    Ok(())
}

async fn serve_on<T: Transport>(
    limits: ServeLimits,
    (listener, mut arrivals): (TcpListener, Option<Arrivals>),
    transport: T,
    app: Router,
    shutdown: impl Future<Output = ()>,
) {
    // The routes are prepared here, once; a connection and a request share them. (`axum::serve`
    // prepares all routes again for every connection: 280 KB and 300 µs with those of the identity
    // provider.)
    let app: Router = app.with_state(());
    let seats = Seats::new(Budget::of_process(), limits.connections);
    let (stopping, stopped) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    loop {
        let (seat, (stream, peer)) = tokio::select! {
            // A connection is accepted only when it has a seat.
            next = async { (seats.take().await, accept(&listener, arrivals.as_mut()).await) } => next,
            () = &mut shutdown => break,
        };
        let Some(seat) = seat else { return };
        let connection =
            Connection { app: app.clone(), peer, limits, stopping: stopped.clone(), _seat: seat };
        let transport = transport.clone();
        event_loops::spawn_connection(peer, async move {
            match stream.on_this_runtime() {
                Ok(stream) => connection.open(transport, stream).await,
                Err(error) => tracing::warn!(%error, %peer, "a connection cannot be served"),
            }
        });
    }
    // In this order, so that the next one with this port is not removed.
    drop(arrivals);
    drop(listener);
    let _ = stopping.send(true);
    let _ = timeout(GRACE, seats.all_free()).await;
}
