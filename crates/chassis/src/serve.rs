//! Answering on a socket until told to stop.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::pause;

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
    let (stopping, mut stopped) = watch::channel(false);
    // Small answers go out at once instead of waiting for more to send.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
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
