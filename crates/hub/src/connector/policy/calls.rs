//! Policies that make further requests, or that concern links and statuses in responses.

use http::{HeaderName, Method};

use super::{Action, Reader, Source};
use crate::connector::policy_value::{Part, PolicyValue};
use crate::connector::security::is_reserved;

/// A value of another request to a back end, which is made before the call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueFromUrl {
    pub(crate) target: Target,
    pub(crate) method: Method,
    pub(crate) url: ValueUrl,
    /// The member of the response.
    pub(crate) path: Vec<String>,
}

/// What a value is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Header(HeaderName),
    Query(String),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueUrl {
    /// Scheme and host, as written; `None` for those of the call.
    pub(crate) origin: Option<String>,
    /// Path and query, with expressions.
    pub(crate) path: PolicyValue,
}

impl ValueUrl {
    /// Splits a URL. `None` if its host is not written: nobody but the maker chooses one.
    fn split(text: &str) -> Option<(Option<String>, String)> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            return text.starts_with('/').then(|| (None, text.to_owned()));
        };
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let is_plain = PolicyValue::parse(host).is_ok_and(
            |value| matches!(value.parts(), [Part::Literal(text)] if !text.contains(['{', '@', '#'])),
        );
        let is_http = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        (is_plain && is_http).then(|| (Some(format!("{scheme}://{host}")), path))
    }
}

impl Reader<'_> {
    /// Reads `setvaluefromurl`.
    pub(super) fn value_from_url(&mut self) -> Option<Action> {
        let target = self.value("parameterTemplate");
        let url = self.text("parameterValueUrl");
        let path = self.text("parameterValuePathTemplate");
        let path = path.and_then(|path| self.path("parameterValuePathTemplate", &path));
        let (at, method) = self.find("x-ms-apimTemplateParameter.httpMethod");
        let method =
            match method.map(|method| method.as_str().unwrap_or_default().to_ascii_uppercase()).as_deref() {
                None | Some("" | "GET") => Method::GET,
                Some("POST") => Method::POST,
                Some("PUT") => Method::PUT,
                Some(_) => {
                    self.faults.add(at, "it must be GET, POST or PUT");
                    return None;
                }
            };
        let target = match target?.single() {
            Some(Source::Header(name)) => match HeaderName::from_bytes(name.trim().as_bytes()) {
                Ok(name) if is_reserved(&name) => {
                    return Some(Action::Unsupported(format!("sets the header {name}")));
                }
                Ok(name) => Target::Header(name),
                Err(_) => {
                    let (at, _) = self.find("x-ms-apimTemplateParameter.parameterTemplate");
                    self.faults.add(at, "it is not the name of a header");
                    return None;
                }
            },
            Some(Source::Query(name)) => Target::Query(name.clone()),
            _ => return Some(Action::Unsupported("sets neither a header nor a query parameter".to_owned())),
        };
        let Some((origin, text)) = ValueUrl::split(&url?) else {
            return Some(Action::Unsupported(
                "takes a value from a URL whose host is not written".to_owned(),
            ));
        };
        let path_of_url = self.parsed("parameterValueUrl", &text)?;
        let url = ValueUrl { origin, path: path_of_url };
        Some(Action::ValueFromUrl(Box::new(ValueFromUrl { target, method, url, path: path? })))
    }

    /// Reads `updatenextlink`.
    pub(super) fn next_link(&mut self) -> Option<Action> {
        let name = self.text("nextLinkPropertyName");
        let (_, parent) = self.find("x-ms-apimTemplateParameter.nextLinkParentPropertyPath");
        let parent = match parent {
            None => Vec::new(),
            Some(_) => {
                let parent = self.text("nextLinkParentPropertyPath");
                parent.and_then(|path| self.path("nextLinkParentPropertyPath", &path))?
            }
        };
        // The name of a property may contain dots (`@odata.nextLink`).
        Some(Action::NextLink { parent, name: name? })
    }

    /// Reads `setconnectionstatustounauthenticated`.
    pub(super) fn unauthenticated(&mut self) -> Option<Action> {
        let text = self.text("statusCode")?;
        let status = text.trim().parse().ok().filter(|status| (400..=599).contains(status));
        if status.is_none() {
            let (at, _) = self.find("x-ms-apimTemplateParameter.statusCode");
            self.faults.add(at, "it must be a status from 400 to 599");
        }
        Some(Action::Unauthenticate { status: status? })
    }
}
