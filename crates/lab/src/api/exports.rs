//! `/lab/tenants/{t}/export`, and `POST /lab/tenants?import`: a tenant taken to another
//! installation.

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode, Uri};
use outlive_chassis::Problem;
use outlive_clock::Span;
use outlive_wire::lab_api::{TenantCredentials, TenantExport};
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::lifetime::temporary_end;
use super::problem::{ended, tenant_of};
use crate::tenants::{EXPORT_BYTES_MAX, Temporary, Tenants};

/// The turn of the import whose document is parsed.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// How a tenant is created.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Creation {
    /// With this parameter, which has no value, the tenant is the one of an export, which is the
    /// body.
    #[param(value_type = Option<String>, allow_reserved, pattern = "^$")]
    import: Option<String>,
    /// With `import`: how long the tenant lives, in wall time: an ISO 8601 duration from `PT1S` to
    /// `P30D`; by default, it stays.
    #[param(value_type = Option<String>)]
    lifetime: Option<Span>,
}

impl Creation {
    /// Whether the body is an export.
    ///
    /// # Errors
    /// Parameters that do not fit together.
    pub(super) fn is_import(&self) -> Result<bool, Problem> {
        match (self.import.as_deref(), self.lifetime) {
            (Some(""), _) => Ok(true),
            (Some(_), _) => {
                Err(Problem::bad_request("'import' has no value: send POST /lab/tenants?import."))
            }
            (None, Some(_)) => Err(Problem::bad_request(
                "'lifetime' is a parameter of an import only; otherwise, it is a member of the body.",
            )),
            (None, None) => Ok(false),
        }
    }
}

/// Whether a request to this target imports a tenant. Its body can be larger than others.
pub(super) fn is_import(target: &Uri) -> bool {
    let mut names = target.query().unwrap_or_default().split('&').filter_map(|pair| pair.split('=').next());
    target.path() == "/lab/tenants" && names.any(|name| name == "import")
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/export", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = TenantExport, description = "the tenant with all its data, time, secrets and journal, without its snapshots"),
        (status = 404, description = "no such tenant"),
        (status = 409, description = "the tenant was created by an earlier version and has to be reset first (TenantOfEarlierVersion), or it changes all the time (TenantBusy, OperationInProgress)"),
        (status = 413, description = "the tenant has more than 32 MiB of data"),
        (status = 502, description = "a service does not answer")))]
pub(crate) async fn export(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&tenant)?;
    let document = tenants.export(tenant).await?;
    let file = format!("attachment; filename=\"{tenant}.outlive.json\"");
    let headers = [
        (CONTENT_TYPE, "application/json"),
        // It contains the secrets of the tenant.
        (CACHE_CONTROL, "no-store"),
        (CONTENT_DISPOSITION, &file),
    ];
    Ok((headers, document).into_response())
}

/// Creates the tenant of an export.
pub(super) async fn import(
    tenants: Tenants,
    creation: &Creation,
    request: Request,
) -> Result<(StatusCode, axum::Json<TenantCredentials>), Problem> {
    // A page of another origin cannot send JSON without a preflight request.
    if !is_json(request.headers()) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "BadRequest",
            "Send the export with the header Content-Type: application/json.",
        ));
    }
    let temporary = Temporary { ends: creation.lifetime.map(temporary_end).transpose()?, seat: None };
    let document = to_bytes(request.into_body(), EXPORT_BYTES_MAX).await;
    let document = document.map_err(|_| Problem::too_large(EXPORT_BYTES_MAX))?;
    // In a task of its own: if the caller disconnects, the tenant must not stay incomplete.
    let importing = tokio::spawn(async move {
        // A document takes many times its size while it is parsed; a slow sender keeps no turn.
        let _turn = ONE_AT_A_TIME.acquire().await;
        tenants.import(&document, temporary).await
    });
    Ok((StatusCode::CREATED, axum::Json(ended(importing.await)??)))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_import_has_a_large_body() {
        for (target, is_large) in [
            ("/lab/tenants?import", true),
            ("/lab/tenants?lifetime=PT1H&import=", true),
            ("/lab/tenants", false),
            ("/lab/tenants?important", false),
            ("/lab/tenants/import?import", false),
        ] {
            assert_eq!(is_import(&target.parse().expect("a target")), is_large, "{target}");
        }
    }
}
