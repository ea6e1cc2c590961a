//! Request bodies with a timeout, and what becomes of those that a service does not read.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::pause;

/// How many bytes of a body are read that the service does not need.
const UNREAD_BYTES_MAX: u64 = 256 << 10;

/// The body timed out.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request did not arrive in time")]
struct TooSlow;

/// What happened to a request body. A request without a body has nothing to report.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyProgress(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    is_late: AtomicBool,
    is_complete: AtomicBool,
    /// The service dropped the body before its end.
    unread: Mutex<Option<Incoming>>,
}

impl BodyProgress {
    /// Whether the body timed out.
    pub(super) fn is_late(&self) -> bool {
        self.0.as_ref().is_some_and(|shared| shared.is_late.load(Ordering::Relaxed))
    }

    /// Reads the rest of a body that the service does not need, if it is small and arrives within
    /// `limit` (wall time). Returns whether the body is complete: if not, no other request can
    /// follow on its connection.
    pub(super) async fn finish(&self, limit: Duration) -> bool {
        let Some(shared) = &self.0 else { return true };
        if shared.is_complete.load(Ordering::Acquire) {
            return true;
        }
        let unread = shared.unread.lock().take();
        match unread {
            Some(body) => timeout(limit, read_rest(body)).await.unwrap_or(false),
            None => false,
        }
    }
}

/// Reads what is left of a body, and returns whether it ended within [`UNREAD_BYTES_MAX`].
async fn read_rest(mut body: Incoming) -> bool {
    let mut left = UNREAD_BYTES_MAX;
    while body.size_hint().lower() <= left {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(rest) = left.checked_sub(length) else { return false };
                left = rest;
            }
        }
    }
    false
}

/// A body that fails unless it is complete within `limit` (wall time) of the first poll.
///
/// If the client waits for the status 100 before it sends the body (`awaits_continue`), a body that
/// the service does not read is never asked for.
pub(super) fn timed(body: Incoming, limit: Duration, awaits_continue: bool) -> (Body, BodyProgress) {
    if body.is_end_stream() {
        return (Body::empty(), BodyProgress::default());
    }
    let shared = Arc::new(Shared::default());
    let body = TimedBody {
        body: Some(body),
        limit,
        timer: None,
        is_requested: !awaits_continue,
        shared: Arc::clone(&shared),
    };
    (Body::new(body), BodyProgress(Some(shared)))
}

struct TimedBody {
    /// Until it fails.
    body: Option<Incoming>,
    limit: Duration,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    is_requested: bool,
    shared: Arc<Shared>,
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        this.is_requested = true;
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx)
            && !this.shared.is_late.load(Ordering::Relaxed)
        {
            if matches!(frame, Some(Err(_))) {
                // Nothing can be read after that.
                this.body = None;
            } else if frame.is_none() || body.is_end_stream() {
                this.shared.is_complete.store(true, Ordering::Release);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = this.limit;
        let timer = this.timer.get_or_insert_with(|| Box::pin(pause(limit)));
        ready!(timer.as_mut().poll(cx));
        this.shared.is_late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        if self.is_requested && !self.shared.is_complete.load(Ordering::Relaxed) {
            *self.shared.unread.lock() = self.body.take();
        }
    }
}
