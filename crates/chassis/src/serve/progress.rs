//! Timeouts of a connection.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ServeLimits;
use crate::pause;

/// Waiting for a request header.
const HEADER: u8 = 0;
/// Waiting for the next request.
const IDLE: u8 = 1;
/// Handling a request; its body has a separate timeout.
const BUSY: u8 = 2;

/// The phase of a connection, shared between its socket and its requests.
#[derive(Debug, Clone)]
pub(super) struct Phase(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    /// The task of the connection while it reads without a timeout; woken when the request ends.
    reader: AtomicWaker,
}

impl Phase {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared { phase: AtomicU8::new(HEADER), reader: AtomicWaker::new() }))
    }

    /// Marks a request as in progress until the returned value is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.0.phase.store(BUSY, Ordering::Release);
        Busy(self.clone())
    }

    /// Returns the phase; in one without a timeout, registers the task to be woken at its end.
    fn get(&self, cx: &Context<'_>) -> u8 {
        if self.0.phase.load(Ordering::Acquire) == BUSY {
            self.0.reader.register(cx.waker());
        }
        self.0.phase.load(Ordering::Acquire)
    }

    /// Marks the start of the next request, whose header timeout begins.
    fn received(&self) {
        let _ = self.0.phase.compare_exchange(IDLE, HEADER, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct Busy(Phase);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.phase.store(IDLE, Ordering::Release);
        self.0.0.reader.wake();
    }
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A socket that fails with [`ErrorKind::TimedOut`] when the client is too slow to send a header or
/// the next request, or to read a response.
pub(super) struct Watched<T> {
    io: T,
    phase: Phase,
    limits: ServeLimits,
    /// The timer of a pending read, with its phase.
    reading: Option<(u8, Timer)>,
    /// The timer of a pending write.
    writing: Option<Timer>,
}

impl<T> Watched<T> {
    pub(super) fn new(io: T, phase: Phase, limits: ServeLimits) -> Self {
        Self { io, phase, limits, reading: None, writing: None }
    }

    fn poll_read_timer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let phase = self.phase.get(cx);
        let limit = match phase {
            HEADER => self.limits.header,
            IDLE => self.limits.idle,
            _ => {
                self.reading = None;
                return Poll::Pending;
            }
        };
        if self.reading.as_ref().is_none_or(|(timed, _)| *timed != phase) {
            self.reading = Some((phase, Box::pin(pause(limit))));
        }
        let Some((_, timer)) = &mut self.reading else { return Poll::Pending };
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(too_slow()))
    }

    /// Returns `attempt`, or a timeout if it has been pending for too long.
    fn watch_write<R>(&mut self, cx: &mut Context<'_>, attempt: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if attempt.is_ready() {
            self.writing = None;
            return attempt;
        }
        let limit = self.limits.write;
        let timer = self.writing.get_or_insert_with(|| Box::pin(pause(limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(too_slow()))
    }
}

fn too_slow() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the client took too long")
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_read(cx, buffer) {
            Poll::Pending => self.poll_read_timer(cx),
            done => {
                self.phase.received();
                done
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.watch_write(cx, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.watch_write(cx, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.io).poll_flush(cx);
        self.watch_write(cx, attempt)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.io).poll_shutdown(cx);
        self.watch_write(cx, attempt)
    }
}
