//! A request for a page of the directory: its tenant, its frame and what it shows.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::TenantId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorPage, NoSuch};
use crate::frame::{Frame, Section};
use crate::lab::LabError;
use crate::number_words::{capital, number};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;

/// The query of a page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    tenant: Option<String>,
    /// The position after which a list continues.
    pub(super) after: Option<String>,
    /// Which objects of a list.
    pub(super) of: Option<String>,
}

/// A request for a page of the directory.
pub(super) struct Visit {
    pub(super) console: Console,
    pub(super) headers: HeaderMap,
    pub(super) tenant: TenantId,
    pub(super) asked: Asked,
}

pub(super) type AskedQuery = Result<Query<Asked>, QueryRejection>;

impl Visit {
    /// Returns the visit, or the list of tenants to choose from.
    pub(super) async fn begin(
        console: Console,
        headers: HeaderMap,
        query: AskedQuery,
    ) -> Result<Result<Self, Response>, ErrorPage> {
        let mut asked = query.map(|Query(asked)| asked).unwrap_or_default();
        let choice = Choice { tenant: asked.tenant.take() };
        Ok(chosen(&console, choice).await?.map(|tenant| Self { console, headers, tenant, asked }))
    }

    /// Returns the frame, and the part of the directory below these segments; `what` is what an
    /// unknown one is called. A caller that wants data gets it instead.
    pub(super) async fn read<T: DeserializeOwned + Serialize>(
        &self,
        path: &[&str],
        what: &'static str,
    ) -> Result<Result<(Frame, T), Response>, ErrorPage> {
        let given = [("after", &self.asked.after), ("of", &self.asked.of)];
        let query: Vec<_> =
            given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect();
        let (frame, found) = tokio::join!(
            Frame::read(&self.console, &self.headers, Section::Directory, self.tenant),
            self.console.lab.directory::<T>(self.tenant, path, &query),
        );
        let frame = frame?;
        // The tenant is known, so that nothing is there means: no such object, or no such page.
        let found = match found {
            Err(LabError::Refused { status: 400 | 404, .. }) => return Ok(Err(self.nothing(what))),
            found => found?,
        };
        if wants_json(&self.headers) {
            return Ok(Err(Json(found).into_response()));
        }
        Ok(Ok((frame, found)))
    }

    /// Responds that there is no such object.
    fn nothing(&self, what: &'static str) -> Response {
        NoSuch { what, back: self.address("users"), label: "Go to the directory" }.respond()
    }

    /// The address of a page of the directory in this tenant.
    fn address(&self, path: &str) -> String {
        format!("/directory/{path}?tenant={}", self.tenant)
    }

    /// The address of the next page of a list, and of its first page unless this is it.
    pub(super) fn pages(&self, path: &str, next: Option<&str>) -> Pages {
        let mut address = self.address(path);
        let escaped =
            |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        if let Some(of) = &self.asked.of {
            address.push_str(&format!("&of={}", escaped(of)));
        }
        Pages {
            next: next.map(|next| format!("{address}&after={}", escaped(next))),
            first: self.asked.after.is_some().then_some(address),
        }
    }
}

/// The title of a list of which other pages exist.
pub(super) fn title_of_part(count: usize, what: &str) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} of the {what} {verb} on this page", capital(&number(count)))
}

/// Links to other pages of a list.
pub(super) struct Pages {
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

impl Pages {
    pub(super) fn is_whole(&self) -> bool {
        self.first.is_none() && self.next.is_none()
    }
}

/// Returns the handler's page, or what it returns instead.
macro_rules! or_return {
    ($outcome:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(response) => return Ok(response),
        }
    };
}
pub(super) use or_return;
