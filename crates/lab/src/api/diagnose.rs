//! `/lab/diagnose`: explains a text that was copied from the real product.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use outlive_chassis::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

use super::problem::of_body;
use crate::diagnose::{Client, Diagnosis, TEXT_BYTES_MAX, diagnose, reproduction};

/// A text to diagnose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiagnoseRequest {
    /// The text, as copied.
    text: String,
    /// What is known about the client that held the token.
    #[serde(default)]
    client: Client,
}

#[utoipa::path(post, path = "/lab/diagnose", request_body = DiagnoseRequest,
    responses((status = 200, body = Diagnosis, description = "what happened; nothing of the text is stored"),
    (status = 400, description = "the text is too long")))]
pub(crate) async fn explain(
    body: Result<Json<DiagnoseRequest>, JsonRejection>,
) -> Result<Json<Diagnosis>, Problem> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    if request.text.len() > TEXT_BYTES_MAX {
        return Err(Problem::bad_request(format!(
            "'text' is too long: it has at most {TEXT_BYTES_MAX} bytes."
        )));
    }
    Ok(Json(diagnose(&request.text, request.client)))
}

#[utoipa::path(get, path = "/lab/diagnose/scenarios/{name}", params(("name" = String, Path, description = "scenario of a diagnosis")),
    responses((status = 200, description = "the scenario file (YAML)", content_type = "application/yaml"), (status = 404, description = "no such scenario")))]
pub(crate) async fn scenario(Path(name): Path<String>) -> Result<Response, Problem> {
    let text = reproduction(&name)
        .ok_or_else(|| Problem::not_found("ScenarioNotFound", "No diagnosis has a scenario of this name."))?;
    Ok(([(CONTENT_TYPE, "application/yaml; charset=utf-8")], text).into_response())
}
