//! OData envelopes of objects and collections.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use super::options::seal_position;
use super::{Options, Page};
use crate::graph::caller::Caller;

/// The URL of Graph's metadata, used as a name only.
const METADATA: &str = "https://graph.microsoft.com/v1.0/$metadata";
const BETA_METADATA: &str = "https://graph.microsoft.com/beta/$metadata";

/// The type of a Graph object.
pub(crate) struct EntityType {
    /// Its name (`microsoft.graph.user`).
    pub(crate) name: &'static str,
    /// Its collection (`users`).
    pub(crate) set: &'static str,
    /// Selectable properties.
    pub(crate) properties: &'static [&'static str],
    /// Properties in the default selection; all properties, if empty.
    pub(crate) shown: &'static [&'static str],
    /// Properties that a filter may use.
    pub(crate) filterable: &'static [&'static str],
    /// The only supported `$orderby`, which is the natural order.
    pub(crate) order: Option<&'static str>,
}

/// Returns the `@odata.context` of `what`.
pub(crate) fn context(what: &str) -> String {
    format!("{METADATA}#{what}")
}

impl EntityType {
    fn projected(&self, object: &Value, options: &Options) -> Map<String, Value> {
        let shown = |name: &str| match &options.select {
            Some(selected) => selected.iter().any(|selected| selected == name),
            None => self.shown.is_empty() || self.shown.contains(&name),
        };
        let members = object.as_object().into_iter().flatten();
        members.filter(|(name, _)| shown(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn selection(&self, options: &Options) -> String {
        options.select.as_ref().map_or_else(String::new, |selected| format!("({})", selected.join(",")))
    }
}

/// Returns an object.
pub(crate) fn entity(kind: &EntityType, status: StatusCode, object: &Value, options: &Options) -> Response {
    (status, Json(object_with_context(METADATA, kind, object, options))).into_response()
}

/// Returns an object of beta.
pub(crate) fn entity_in_beta(kind: &EntityType, object: &Value, options: &Options) -> Response {
    Json(object_with_context(BETA_METADATA, kind, object, options)).into_response()
}

fn object_with_context(metadata: &str, kind: &EntityType, object: &Value, options: &Options) -> Value {
    let mut body = kind.projected(object, options);
    let context = format!("{metadata}#{}{}/$entity", kind.set, kind.selection(options));
    body.insert("@odata.context".to_owned(), json!(context));
    Value::Object(body)
}

/// Returns a page of a collection, with the link to the next page.
pub(crate) fn page(caller: &Caller, kind: &EntityType, options: &Options, page: Page) -> Response {
    page_with_count(caller, kind, options, page, None)
}

/// Returns a page with the total count, if it was requested.
pub(super) fn page_with_count(
    caller: &Caller,
    kind: &EntityType,
    options: &Options,
    page: Page,
    count: Option<usize>,
) -> Response {
    let value: Vec<_> = page.objects.iter().map(|object| kind.projected(object, options)).collect();
    let mut body = json!({
        "@odata.context": context(&format!("{}{}", kind.set, kind.selection(options))),
        "value": value,
    });
    if let Some(count) = count {
        body["@odata.count"] = json!(count);
    }
    if let Some(key) = page.more_after {
        let chassis = &caller.idp.chassis;
        let mut stream = chassis.random.of(caller.tenant.id).stream("graph-skiptoken");
        let token = seal_position(&chassis.sealer, caller.tenant.id, kind, &key, &mut stream);
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
