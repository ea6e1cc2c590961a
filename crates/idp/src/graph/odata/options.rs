//! OData query options.

use outlive_clock::{Stream, TenantId};
use outlive_tokens::Sealer;
use serde_json::Value;

use super::{EntityType, Filter};
use crate::graph::error::{GraphError, Result};
use crate::protocol::form::Parameters;

/// The default and the maximum page size.
const TOP: u32 = 100;
const TOP_MAX: u32 = 999;

/// The query options of a request for one type of object.
#[derive(Clone)]
pub(crate) struct Options {
    pub(super) kind: &'static EntityType,
    pub(crate) select: Option<Vec<String>>,
    pub(crate) filter: Filter,
    pub(crate) top: u32,
    /// The key at which the page starts; empty for the first page.
    pub(crate) after: String,
    /// Whether the page includes the total count (`$count=true`).
    pub(crate) count: bool,
}

/// A page, with the key of the last object that was read if there may be more.
pub(crate) struct Page {
    pub(crate) objects: Vec<Value>,
    pub(crate) more_after: Option<String>,
}

impl Options {
    /// Parses the options for a single object: `$select` only.
    pub(crate) fn of_entity(parameters: &Parameters, kind: &'static EntityType) -> Result<Self> {
        for name in ["$top", "$filter", "$skiptoken", "$expand", "$search", "$skip", "$apply", "$orderby"] {
            if parameters.get(name).is_some() {
                return Err(GraphError::bad_request(format!(
                    "Query option '{name}' is not allowed for one object."
                )));
            }
        }
        let (select, filter, after) = (selected(parameters, kind)?, Filter::default(), String::new());
        Ok(Self { kind, select, filter, top: 1, after, count: false })
    }

    pub(crate) fn of_collection(
        parameters: &Parameters,
        kind: &'static EntityType,
        tenant: TenantId,
        sealer: &Sealer,
    ) -> Result<Self> {
        let unsupported = ["$expand", "$search", "$skip", "$apply"];
        if let Some(name) = unsupported.iter().find(|name| parameters.get(name).is_some()) {
            return Err(GraphError::unsupported_query(format!("Query option '{name}' is not supported.")));
        }
        // Each collection has one order: logs newest first, all others by id.
        if parameters.get("$orderby").is_some_and(|order| Some(order) != kind.order) {
            return Err(GraphError::unsupported_query("Sorting not supported for current query."));
        }
        let top = match parameters.get("$top") {
            None => TOP,
            Some(text) => text.parse().ok().filter(|top| (1..=TOP_MAX).contains(top)).ok_or_else(|| {
                GraphError::bad_request(format!(
                    "Invalid page size specified: '{}'. Must be between 1 and {TOP_MAX} inclusive.",
                    text.chars().take(20).collect::<String>()
                ))
            })?,
        };
        let filter = match parameters.get("$filter") {
            None => Filter::default(),
            Some(text) => {
                let is_filterable = |property: &str| kind.is_filterable(property);
                Filter::parse(text, is_filterable).map_err(GraphError::unsupported_query)?
            }
        };
        let after = match parameters.get("$skiptoken") {
            None => String::new(),
            Some(token) => open_position(sealer, tenant, kind, token)
                .ok_or_else(|| GraphError::bad_request("The $skiptoken is not valid for this request."))?,
        };
        let count = match parameters.get("$count") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(GraphError::bad_request("Invalid value for $count: it is true or false.")),
        };
        Ok(Self { kind, select: selected(parameters, kind)?, filter, top, after, count })
    }

    /// The number of objects to read: one more than fits shows that there is a next page.
    pub(crate) const fn limit(&self) -> u32 {
        self.top + 1
    }

    /// Truncates what was read up to [`Self::limit`]. Returns the key of the last object that fits
    /// if there are more.
    pub(crate) fn truncate<T>(&self, found: &mut Vec<T>, key: impl Fn(&T) -> String) -> Option<String> {
        let more = found.len() > self.top as usize;
        found.truncate(self.top as usize);
        found.last().filter(|_| more).map(key)
    }

    /// Returns the page of what was read up to [`Self::limit`].
    pub(crate) fn page<T>(
        &self,
        mut found: Vec<T>,
        key: impl Fn(&T) -> String,
        resource: impl Fn(&T) -> Value,
    ) -> Page {
        let more_after = self.truncate(&mut found, key);
        self.filtered(found.iter().map(resource), more_after)
    }

    pub(crate) fn filtered(
        &self,
        objects: impl IntoIterator<Item = Value>,
        more_after: Option<String>,
    ) -> Page {
        let objects = objects.into_iter().filter(|object| self.filter.passes(object)).collect();
        Page { objects, more_after }
    }

    /// Returns the options for counting: the page size is the only bound.
    pub(super) fn for_counting(&self) -> Self {
        Self { top: TOP_MAX, after: String::new(), ..self.clone() }
    }
}

fn selected(parameters: &Parameters, kind: &EntityType) -> Result<Option<Vec<String>>> {
    let Some(text) = parameters.get("$select") else { return Ok(None) };
    let mut names: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let known =
            kind.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
                let name: String = name.chars().take(60).collect();
                GraphError::bad_request(format!(
                    "Could not find a property named '{name}' on type '{}'.",
                    kind.name
                ))
            })?;
        if !names.iter().any(|named| named == known.0) {
            names.push(known.0.to_owned());
        }
    }
    Ok(Some(names))
}

fn purpose(tenant: TenantId, kind: &EntityType) -> String {
    format!("graph-skiptoken {tenant} {}", kind.name)
}

/// Seals a position, which only the same collection can open.
pub(super) fn seal_position(
    sealer: &Sealer,
    tenant: TenantId,
    kind: &EntityType,
    key: &str,
    stream: &mut Stream,
) -> String {
    sealer.seal(&purpose(tenant, kind), key.as_bytes(), stream)
}

fn open_position(sealer: &Sealer, tenant: TenantId, kind: &EntityType, token: &str) -> Option<String> {
    String::from_utf8(sealer.open(&purpose(tenant, kind), token)?).ok()
}
