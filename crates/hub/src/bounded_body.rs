//! Reading an answer without trusting its length.

/// The body of `response`, if it has at most `bytes_max` bytes. `Err(None)`: it has more; `Err(Some(_))`: it could not be read.
pub(crate) async fn read_bounded(
    mut response: reqwest::Response,
    bytes_max: usize,
) -> Result<Vec<u8>, Option<reqwest::Error>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Some)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
