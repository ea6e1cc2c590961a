//! The only place that waits for wall time to pass.

use std::time::Duration;

/// Waits for `wall` wall time. Only running clocks, network backoff and shutdown wait.
#[expect(clippy::disallowed_methods, reason = "the one place that waits for wall time")]
pub async fn pause(wall: Duration) {
    tokio::time::sleep(wall).await;
}
