//! OData envelopes of objects and collections.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::options::seal_position;
use super::{Options, Page};
use crate::graph::caller::Caller;

/// The URL of Graph's metadata, used as a name only.
const METADATA: &str = "https://graph.microsoft.com/v1.0/$metadata";
const BETA_METADATA: &str = "https://graph.microsoft.com/beta/$metadata";

pub(crate) fn context(what: &str) -> String {
    format!("{METADATA}#{what}")
}

impl Options {
    pub(crate) fn entity(&self, status: StatusCode, object: &Value) -> Response {
        let mut body = self.kind.projected(object, self.select.as_deref());
        let metadata = if self.kind.beta { BETA_METADATA } else { METADATA };
        let context = format!("{metadata}#{}{}/$entity", self.kind.set, self.selection());
        body.insert("@odata.context".to_owned(), json!(context));
        (status, Json(body)).into_response()
    }

    pub(crate) fn created(&self, object: &Value) -> Response {
        self.entity(StatusCode::CREATED, object)
    }

    /// The selection as part of the context.
    fn selection(&self) -> String {
        self.select.as_ref().map_or_else(String::new, |selected| format!("({})", selected.join(",")))
    }

    /// Returns a page of a collection, with the link to the next page, and with the total count if
    /// it was requested.
    pub(crate) fn envelope(&self, caller: &Caller, page: Page, count: Option<usize>) -> Response {
        let project = |object| self.kind.projected(object, self.select.as_deref());
        let value: Vec<_> = page.objects.iter().map(project).collect();
        let mut body = json!({
            "@odata.context": context(&format!("{}{}", self.kind.set, self.selection())),
            "value": value,
        });
        if let Some(count) = count {
            body["@odata.count"] = json!(count);
        }
        if let Some(key) = page.more_after {
            let mut stream = caller.stream("graph-skiptoken");
            let sealer = &caller.idp.chassis.sealer;
            let token = seal_position(sealer, caller.tenant.id, self.kind, &key, &mut stream);
            let mut query = Serializer::new(String::new());
            for name in ["$top", "$select", "$filter", "$orderby", "$count"] {
                if let Some(value) = caller.parameters.get(name) {
                    query.append_pair(name, value);
                }
            }
            query.append_pair("$skiptoken", &token);
            body["@odata.nextLink"] = json!(format!("{}{}?{}", caller.origin, caller.path, query.finish()));
        }
        Json(body).into_response()
    }
}

/// Returns a collection that has no query options, or its count if that is requested.
pub(crate) fn plain_collection(caller: &Caller, set: &str, value: &[Value]) -> crate::graph::error::Answer {
    if caller.counts() {
        return super::count_response(caller, value.len());
    }
    Ok(Json(json!({"@odata.context": context(set), "value": value})).into_response())
}

/// Returns an object that has no query options.
pub(crate) fn plain_entity(set: &str, mut object: Value) -> Response {
    object["@odata.context"] = json!(context(set));
    Json(object).into_response()
}
