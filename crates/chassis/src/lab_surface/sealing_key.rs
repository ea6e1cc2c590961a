//! Replaces the key with which the service seals what it stores.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::surface::Surface;
use crate::{Problem, Resealed, Service, pause};

/// Seals with a new key from now on, and seals again what is stored. Requests go on meanwhile: the
/// previous key still opens, until the next replacement.
///
/// A configured key is not replaced here: the operator starts each replica with the new key before
/// the previous one, and what is stored is then sealed again.
pub(crate) async fn rotate<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
) -> Result<Json<Value>, Problem> {
    let chassis = &surface.chassis;
    let mut keys = chassis.sealing_keys.lock().await;
    if keys.is_configured() && !keys.has_previous() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "SealingKeyConfigured",
            "The sealing key is configured. Start every replica with OUTLIVE_SEALING_KEY=OLD,NEW, then with NEW,OLD, and \
             ask again. SECURITY.md describes it.",
        ));
    }
    pause(keys.rest()).await;
    // What an earlier replacement left is sealed with the last key before a new one is added.
    let Some(mut count) = surface.service.reseal().await? else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "SealingKeyInUse",
            "The sealing key of this service cannot be replaced: clients hold tokens that are sealed with it.",
        ));
    };
    if !keys.is_configured() {
        let key = chassis.random.stream("sealing-key").bytes();
        keys.add(key, &chassis.sealer)
            .map_err(|error| Problem::unavailable().caused_by(error.to_string()))?;
        let again = surface.service.reseal().await?.unwrap_or_default();
        count = Resealed { resealed: count.resealed + again.resealed, ..again };
    }
    Ok(Json(json!({ "resealed": count.resealed, "unreadable": count.unreadable })))
}
