//! A thread of a service's own.
//!
//! What a service does for one request is little, and most of it waits for another service or the database. On a shared pool every
//! such wait ends with the waking of some other thread, which costs more than the work; on one thread it costs nothing. The
//! identity provider, whose signatures keep a core busy, stays on the pool.

use std::io;
use std::thread;

use axum::Router;
use outlive_chassis::StartError;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::places::Part;
use crate::shutdown::Shutdown;

/// A thread that runs what is spawned on it. It ends when this is dropped, and with it whatever still runs there.
#[derive(Debug)]
pub(crate) struct ServiceThread {
    handle: Handle,
    /// Kept for its end: the thread waits for it.
    _until: oneshot::Sender<()>,
}

impl ServiceThread {
    /// Starts the thread of a service.
    pub(crate) fn start(part: Part) -> Result<Self, StartError> {
        let name = part.name();
        let failed = |error: io::Error| {
            StartError::new(
                format!("cannot start the thread of the {name}"),
                error,
                "look at the limits on threads and open files of this system",
            )
        };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let (until, dropped) = oneshot::channel::<()>();
        let serve = move || {
            let _ = runtime.block_on(dropped);
        };
        thread::Builder::new().name(name.to_owned()).spawn(serve).map_err(failed)?;
        Ok(Self { handle, _until: until })
    }

    /// Builds a service there.
    pub(crate) async fn build(
        &self,
        service: impl Future<Output = Result<Router, StartError>> + Send + 'static,
    ) -> Result<Router, StartError> {
        let built = self.handle.spawn(service).await;
        built.unwrap_or_else(|error| {
            Err(StartError::new(
                "a service came to no end of its start",
                error,
                "look at what was logged above",
            ))
        })
    }

    /// Has the thread answer on a socket until told to stop.
    pub(crate) fn serve(
        &self,
        services: &mut JoinSet<io::Result<()>>,
        listener: TcpListener,
        app: Router,
        stop: Shutdown,
    ) {
        // A socket belongs to the runtime that waits for it.
        let listener = listener.into_std();
        let serving = async move {
            let listener = TcpListener::from_std(listener?)?;
            outlive_chassis::serve(listener, app, stop.wait()).await
        };
        services.spawn_on(serving, &self.handle);
    }
}
