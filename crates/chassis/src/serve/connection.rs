//! One connection, from its first request to its last.

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE, DATE, EXPECT};
use http::{HeaderValue, Request, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::Service as _;

use super::ServeLimits;
use super::accept::Transport;
use super::answer::AnswerBody;
use super::progress::{Phase, Watched};
use super::request_body::timed;
use super::seats::Seat;
use crate::faults::Unsent;
use crate::stream::Stream;
use crate::{PeerCertificate, Problem, event_loops};

/// A fault of the tenant: the request has no response.
#[derive(Debug, thiserror::Error)]
#[error("a fault leaves the request without a response")]
struct NoResponse;

/// The context of a connection.
pub(super) struct Connection {
    pub(super) app: Router,
    pub(super) peer: SocketAddr,
    pub(super) limits: ServeLimits,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) _seat: Seat,
}

impl Connection {
    /// Opens the connection and serves it.
    pub(super) async fn open<T: Transport>(mut self, transport: T, stream: Stream) {
        let io = tokio::select! {
            io = transport.open(stream) => io,
            _ = self.stopping.changed() => None,
        };
        if let Some(io) = io {
            let certificate = T::peer_certificate(&io);
            self.serve(io, certificate).await;
        }
    }

    /// Serves requests until the client or shutdown closes the connection, or the client is too
    /// slow.
    async fn serve<T>(mut self, io: T, certificate: Option<PeerCertificate>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let phase = Phase::new();
        let io = TokioIo::new(Watched::new(io, phase.clone(), self.limits));
        let (app, peer, limits) = (self.app, self.peer, self.limits);
        let service = service_fn(move |request| {
            let (app, busy, certificate) = (app.clone(), phase.busy(), certificate.clone());
            async move {
                let answer = answer(app, (peer, certificate), limits, request);
                let response = event_loops::handle(peer, limits.evenly, answer).await;
                // Without a response, the connection is closed.
                if response.extensions().get::<Unsent>().is_some() {
                    return Err(NoResponse);
                }
                Ok(response.map(|body| AnswerBody { body, _busy: busy }))
            }
        });
        let mut connection = pin!(http1::Builder::new().serve_connection(io, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = self.stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, %peer, "a connection ended early");
        }
    }
}

async fn answer(
    mut app: Router,
    (peer, certificate): (SocketAddr, Option<PeerCertificate>),
    limits: ServeLimits,
    request: Request<Incoming>,
) -> Response {
    let (head, body) = request.into_parts();
    let awaits_continue = head.headers.get(EXPECT).is_some_and(|expected| {
        head.version == Version::HTTP_11 && expected.as_bytes().eq_ignore_ascii_case(b"100-continue")
    });
    let (body, progress) = timed(body, limits.body, awaits_continue);
    let mut request = Request::from_parts(head, body);
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(certificate) = certificate {
        request.extensions_mut().insert(certificate);
    }
    let Ok(mut response) = app.call(request).await;
    if !progress.is_late() {
        let is_sent = response.extensions().get::<Unsent>().is_none();
        if is_sent && !progress.finish(limits.unread).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        return response;
    }
    let message = "The body of the request did not arrive in time.";
    let mut late = Problem::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", message).into_response();
    // The service has already set id and date of the response.
    for (name, value) in response.headers() {
        let names_request = name.as_str().ends_with("request-id");
        let is_json = name == CONTENT_TYPE && value.as_bytes().starts_with(JSON);
        if names_request || is_json || name == DATE {
            late.headers_mut().insert(name, value.clone());
        }
    }
    late.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    late
}

/// The media type of a [`Problem`], whatever its parameters.
const JSON: &[u8] = b"application/json";
