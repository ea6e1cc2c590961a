//! Paths of resources and links to them. Names in them are those of makers, who can use any
//! character.

use super::caller::{API_VERSION, Caller};
use crate::expression::percent_decoded;
use crate::ids::FlowId;
pub(super) use crate::paths::below;

/// Returns the path of a flow.
pub(super) fn flow_path(environment: &str, flow: FlowId) -> String {
    below("/providers/Microsoft.ProcessSimple/environments", &[environment, "flows", &flow.to_string()])
}

/// Returns the address of a path at the origin at which the caller reached the service.
pub(super) fn absolute(caller: &Caller, path: &str, query: &[(&str, &str)]) -> String {
    absolute_with(caller, path, &[&[("api-version", API_VERSION)], query].concat())
}

/// Like `absolute`, with this query only.
pub(super) fn absolute_with(caller: &Caller, path: &str, query: &[(&str, &str)]) -> String {
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{}{path}?{pairs}", caller.origin)
}

/// Decodes the segments of a path; `None` if one is no text.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    path.split('/').map(|segment| String::from_utf8(percent_decoded(segment)).ok()).collect()
}
