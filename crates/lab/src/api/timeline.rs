//! `/lab/tenants/{t}/timeline`: what happened to credentials and flows in a range of time.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_clock::{Instant, Span};
use outlive_wire::timeline::Timeline;
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::tenant_of;
use crate::tenants::Tenants;

/// The shortest and the longest timeline.
const SHORTEST: Span = Span::from_minutes(1);
const LONGEST: Span = Span::from_days(400);

/// Selects a range of virtual time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    /// How long it is: an ISO 8601 duration from `PT1M` to `P400D`; by default, `P1D`.
    #[param(value_type = Option<String>)]
    length: Option<Span>,
    /// Where it ends; by default, now.
    #[param(value_type = Option<String>)]
    until: Option<Instant>,
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/timeline",
    params(("tenant" = String, Path, description = "tenant id"), Selection),
    responses((status = 200, description = "from when until when each credential of the tenant's main user was alive, what ended it, \
        and the runs of each flow: each run if there are few, otherwise counts", body = Timeline),
        (status = 404, description = "no such tenant")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<Timeline>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(Selection { length, until }) = selection?;
    let length = length.unwrap_or(Span::from_days(1));
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(Problem::bad_request("'length' must be a duration from PT1M to P400D."));
    }
    let timeline = tenants.timeline(tenant, length, until).await?;
    timeline.map(Json).ok_or_else(|| Problem::not_found("NoUser", "The tenant has no user."))
}
