//! Request bodies with a timeout.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use crate::pause;

/// The body timed out.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request did not arrive in time")]
struct TooSlow;

/// Whether the request body timed out.
#[derive(Debug, Clone, Default)]
pub(super) struct Late(Option<Arc<AtomicBool>>);

impl Late {
    pub(super) fn is_late(&self) -> bool {
        self.0.as_ref().is_some_and(|late| late.load(Ordering::Relaxed))
    }
}

/// A body that fails unless it is complete within `limit` (wall time) of the first poll.
pub(super) fn timed(body: Incoming, limit: Duration) -> (Body, Late) {
    if body.is_end_stream() {
        return (Body::empty(), Late::default());
    }
    let late = Arc::new(AtomicBool::new(false));
    let body = TimedBody { body, limit, timer: None, late: Arc::clone(&late) };
    (Body::new(body), Late(Some(late)))
}

struct TimedBody {
    body: Incoming,
    limit: Duration,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    late: Arc<AtomicBool>,
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx)
            && !self.late.load(Ordering::Relaxed)
        {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(pause(limit)));
        ready!(timer.as_mut().poll(cx));
        self.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
