//! Policies that make further requests, or that concern links and statuses in responses.

use http::{HeaderName, Method};

use super::action::Action;
use super::reader::Reader;
use super::value_url::{Target, ValueFromUrl, ValueUrl};
use crate::connector::Source;
use crate::connector::security::is_reserved;

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
