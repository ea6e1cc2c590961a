//! Answering on a socket until told to stop.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::tls::TlsListener;
use crate::{TlsIdentity, pause};

/// How long, in wall time, requests under way may take to end once the service is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Serves `app` until `shutdown` is done; then lets requests under way finish, within a few seconds of wall time (streams do
/// not end by themselves).
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // Small answers go out at once instead of waiting for more to send.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    serve_on(listener, app, shutdown).await
}

/// Serves `app` over TLS, else as [`serve`] does.
///
/// # Errors
/// When the socket fails.
pub async fn serve_tls(
    listener: TcpListener,
    identity: TlsIdentity,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_on(TlsListener::new(listener, identity), app, shutdown).await
}

async fn serve_on<L>(
    listener: L,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()>
where
    L: Listener,
    L::Addr: std::fmt::Debug,
{
    let (stopping, mut stopped) = watch::channel(false);
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        let _ = stopping.send(true);
    });
    tokio::select! {
        result = serving.into_future() => result,
        () = async {
            let _ = stopped.changed().await;
            pause(GRACE).await;
        } => Ok(()),
    }
}
