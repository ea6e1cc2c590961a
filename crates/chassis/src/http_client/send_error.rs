//! Why a request has no response.

use std::error::Error;
use std::io;
use std::iter::successors;

use hyper_util::client::legacy;

/// A request has no response, or its response no complete body. The text and the sources do not
/// contain the URL, which can be internal or contain credentials.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SendError(Failure);

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("builder error")]
    Builder(#[source] Box<dyn Error + Send + Sync>),
    #[error("operation timed out")]
    TimedOut,
    #[error("error sending request")]
    Loopback(#[source] legacy::Error),
    #[error(transparent)]
    Reqwest(reqwest::Error),
}

impl SendError {
    /// A part of the request is not valid.
    pub(super) fn builder(mistake: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Failure::Builder(mistake.into()))
    }

    /// The response did not arrive in time.
    pub(super) const fn timed_out() -> Self {
        Self(Failure::TimedOut)
    }

    /// Whether the time limit of the request, or of its connection, passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0 {
            Failure::Builder(_) => false,
            Failure::TimedOut => true,
            Failure::Loopback(error) => successors(Some(error as &dyn Error), |&error| error.source())
                .filter_map(|error| error.downcast_ref::<io::Error>())
                .any(|error| error.kind() == io::ErrorKind::TimedOut),
            Failure::Reqwest(error) => error.is_timeout(),
        }
    }

    /// Whether the request is not valid, so that nothing was sent.
    #[must_use]
    pub fn is_builder(&self) -> bool {
        match &self.0 {
            Failure::Builder(_) => true,
            Failure::TimedOut | Failure::Loopback(_) => false,
            Failure::Reqwest(error) => error.is_builder(),
        }
    }
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        Self(Failure::Reqwest(error.without_url()))
    }
}

impl From<legacy::Error> for SendError {
    fn from(error: legacy::Error) -> Self {
        Self(Failure::Loopback(error))
    }
}
