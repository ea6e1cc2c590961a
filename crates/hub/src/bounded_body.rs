//! Reads response bodies of limited length.

use outlive_chassis::SendError;

/// Reads the body of `response`. Returns `Err(None)` if it has more than `bytes_max` bytes, and
/// `Err(Some(_))` if it could not be read.
pub(crate) async fn read_body(
    mut response: reqwest::Response,
    bytes_max: usize,
) -> Result<Vec<u8>, Option<SendError>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Some(error.into()))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
