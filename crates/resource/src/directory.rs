//! Requests to the directory, which may be down or late.

use std::time::Duration;

use outlive_chassis::{RequestBuilder, SendError, came_too_late};
use reqwest::Response;

use crate::refusal::PasswordRefusal;

/// How long the directory may take to respond, in virtual time as well.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Sends a request. `subject` is what the directory is asked about.
pub(crate) async fn ask(request: RequestBuilder, subject: &str) -> Result<Response, PasswordRefusal> {
    let mut response = match request.timeout(ANSWER_WITHIN).send().await {
        Ok(response) => response,
        Err(error) => return Err(unavailable(error, subject)),
    };
    if came_too_late(response.headers_mut(), ANSWER_WITHIN) {
        tracing::warn!(subject, "the directory did not respond in time");
        return Err(PasswordRefusal::Unavailable);
    }
    Ok(response)
}

/// Logs why the directory could not be asked.
pub(crate) fn unavailable(error: impl Into<SendError>, subject: &str) -> PasswordRefusal {
    tracing::warn!(error = %error.into(), subject, "the directory could not be asked");
    PasswordRefusal::Unavailable
}
