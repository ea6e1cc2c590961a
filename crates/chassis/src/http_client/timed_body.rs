//! Response bodies with a time limit.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// Ends when a request and the body of its response must be complete.
pub(super) type Deadline = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A body that fails unless it is complete at the deadline, which is that of its request.
pub(super) struct TimedBody {
    pub(super) body: Incoming,
    pub(super) deadline: Deadline,
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = io::Error;

    /// The error of a late body is one that [`reqwest::Error::is_timeout`] recognizes.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.deadline.as_mut().poll(cx).is_ready() {
            let late = io::Error::new(io::ErrorKind::TimedOut, "operation timed out");
            return Poll::Ready(Some(Err(late)));
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(io::Error::other)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
