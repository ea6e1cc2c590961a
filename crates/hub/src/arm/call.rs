//! Extracts an authenticated call to the control plane from a request.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use http::StatusCode;
use http::request::Parts;
use outlive_chassis::Trace;
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_wire::{JournalEvent, Subject};

use super::caller::wrong_tenant;
use super::{ArmRefusal, Caller, authenticate};
use crate::Hub;

/// The supported versions of the API, which do not differ here.
const API_VERSIONS: [&str; 2] = ["2018-07-01-preview", "2016-06-01"];

/// An authenticated call about the tenant in its path, with a supported `api-version`.
#[derive(Debug)]
pub(crate) struct ControlCall {
    pub(crate) tenant: TenantId,
    pub(crate) caller: Caller,
    pub(crate) now: Instant,
    pub(crate) trace: Trace,
    pub(crate) query: HashMap<String, String>,
    pub(crate) api_version: &'static str,
}

impl ControlCall {
    /// Returns a journal event that this call causes.
    pub(crate) fn event(&self, subject: Subject, payload: impl Into<JournalEvent>) -> Event {
        Event::new(self.tenant, self.now, subject, &self.trace, payload)
    }
}

impl FromRequestParts<Arc<Hub>> for ControlCall {
    type Rejection = ArmRefusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ArmRefusal> {
        let trace = Trace::from_request_parts(parts, hub).await.unwrap_or_else(|never| match never {});
        let caller = authenticate(hub, &parts.headers, &trace).await?;
        let Path(path) = Path::<HashMap<String, String>>::from_request_parts(parts, hub)
            .await
            .map_err(|error| ArmRefusal::invalid("The path is not valid.").caused_by(error))?;
        let tenant: TenantId = path.get("tenant").and_then(|text| text.parse().ok()).ok_or_else(|| {
            ArmRefusal::not_found("SubscriptionNotFound", "The subscription in the path is not a UUID.")
        })?;
        if caller.tenant != tenant {
            return Err(wrong_tenant(hub, caller.tenant, tenant));
        }
        let Query(query) = Query::<HashMap<String, String>>::from_request_parts(parts, hub)
            .await
            .map_err(|error| ArmRefusal::invalid("The query is not valid.").caused_by(error))?;
        let api_version = api_version(query.get("api-version").map(String::as_str).unwrap_or_default())?;
        Ok(Self { tenant, now: caller.now, caller, trace, query, api_version })
    }
}

fn api_version(given: &str) -> Result<&'static str, ArmRefusal> {
    if given.is_empty() {
        return Err(ArmRefusal::new(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    }
    API_VERSIONS.into_iter().find(|version| version.eq_ignore_ascii_case(given)).ok_or_else(|| {
        let given: String = given.chars().take(40).collect();
        ArmRefusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{given}' is invalid. The supported versions are '{}'.",
                API_VERSIONS.join(",")
            ),
        )
    })
}
