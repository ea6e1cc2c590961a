//! Following all services' journals as they are written.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event as SseEvent;
use futures::{Stream, StreamExt};
use outlive_chassis::pause;
use outlive_clock::TenantId;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Cursor;
use super::merge::seq_of;
use crate::services::{JournalQuery, LabSurface, Service};

/// Lines waiting for a slow reader, at most; then the services' streams wait.
const WAITING_MAX: usize = 256;
/// How long, in wall time, until a broken stream is taken up again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Lines of all services as server-sent events; each event's id is the cursor that goes on after it.
pub(super) fn live(
    surface: LabSurface,
    tenant: TenantId,
    queries: [(Service, JournalQuery); 4],
    mut cursor: Cursor,
) -> impl Stream<Item = Result<SseEvent, Infallible>> + Send {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    for (service, query) in queries {
        let (surface, sender) = (surface.clone(), sender.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = relay(&surface, service, tenant, query, &sender) => {}
                () = sender.closed() => {}
            }
        });
    }
    ReceiverStream::new(receiver).map(move |(service, line): (Service, Value)| {
        cursor.reach(service, seq_of(&line));
        Ok(SseEvent::default().id(cursor.to_string()).data(line.to_string()))
    })
}

/// Passes one service's lines on until the reader is gone; a stream that breaks is taken up where it broke.
async fn relay(
    surface: &LabSurface,
    service: Service,
    tenant: TenantId,
    mut query: JournalQuery,
    sender: &mpsc::Sender<(Service, Value)>,
) {
    loop {
        if let Err(error) =
            surface.follow(service, tenant, &mut query, |line| sender.send((service, line))).await
        {
            tracing::debug!(%service, %error, "a journal stream broke and is taken up again");
        }
        if sender.is_closed() {
            return;
        }
        pause(RETRY_AFTER).await;
    }
}
