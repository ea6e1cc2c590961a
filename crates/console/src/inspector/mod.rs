//! `/tokens`, `/connections/{id}`: why a token, cookie or connection works or does not; also a run
//! without steps.

mod claims;
mod facts;
mod why;

use askama::Template;
use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use outlive_chassis::Problem;
use outlive_clock::{Instant, TenantId};
use outlive_wire::story::{CredentialKind, Holder, Story};
use serde::Deserialize;

pub(crate) use self::claims::{Decoded, decoded};
pub(crate) use self::facts::{ShownFact, cause};
use self::why::is_event;
pub(crate) use self::why::{Why, WhyView};
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::seen;
use crate::state::Console;
use crate::when::with_times_for_people;

const NOTHING: &str = "Nothing of that name is known in this tenant.";

/// The maximum length of a pasted token, in characters.
const PASTED_MAX: usize = 16_384;

#[derive(Deserialize)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// An id, `uti` or fingerprint.
    of: Option<String>,
    /// An event, for the verdict after it.
    event: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Pasted {
    tenant: Option<String>,
    token: String,
    /// What was pasted: a token, which is in no URL.
    of: String,
}

#[derive(Template)]
#[template(path = "inspector.html")]
struct InspectorPage {
    frame: Frame,
    /// Credentials that can be picked: a label and a name.
    picks: Vec<(String, String)>,
    title: String,
    below: String,
    decoded: Option<Decoded>,
    why: Option<WhyView>,
    /// If nothing is known: where all of that kind are listed.
    back: Option<(&'static str, &'static str)>,
}

/// `GET /tokens`
pub(crate) async fn tokens(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or(Asked { tenant: None, of: None, event: None });
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let event = asked.event.filter(|event| is_event(event));
    page(&console, &headers, tenant, Section::Tokens, (asked.of, event), None).await
}

/// `POST /tokens`: a pasted token, which is neither in the URL nor kept.
pub(crate) async fn inspect(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<Pasted>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Ok(Form(pasted)) = form else { return Err(ErrorPage::bad_form()) };
    if !console.form_key.accepts(&headers, &pasted.token) || pasted.of.chars().count() > PASTED_MAX {
        return Err(ErrorPage::bad_form());
    }
    let tenant = match chosen(&console, Choice { tenant: pasted.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let decoded = decoded(&pasted.of);
    page(&console, &headers, tenant, Section::Tokens, (Some(pasted.of), None), decoded).await
}

/// `GET /connections/{id}`
pub(crate) async fn explain_connection(
    State(console): State<Console>,
    Path(id): Path<String>,
    query: Result<Query<Choice>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    let tenant = match chosen(&console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    page(&console, &headers, tenant, Section::Connections, (Some(id), None), None).await
}

/// Explains a run that has no events yet, or shows that it is unknown.
pub(crate) async fn explain_run(
    console: &Console,
    headers: &HeaderMap,
    tenant: TenantId,
    name: &str,
) -> Result<Response, ErrorPage> {
    page(console, headers, tenant, Section::Flows, (Some(name.to_owned()), None), None).await
}

async fn page(
    console: &Console,
    headers: &HeaderMap,
    tenant: TenantId,
    section: Section,
    (of, event): (Option<String>, Option<String>),
    decoded: Option<Decoded>,
) -> Result<Response, ErrorPage> {
    let of = of.map(|of| of.trim().to_owned()).filter(|of| !of.is_empty());
    let ask = async {
        match &of {
            None => Ok(None),
            Some(of) => console.lab.why(tenant, of, event.as_deref()).await,
        }
    };
    let (tenants, credentials, clock, story, why) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.story(tenant),
        ask,
    )?;
    let is_unknown = of.is_some() && why.is_none() && decoded.is_none();
    if wants_json(headers) || is_unknown && !seen::is_by_person() {
        return Ok(match why {
            Some(why) => Json(why).into_response(),
            None => Problem::not_found("NotFound", NOTHING).into_response(),
        });
    }
    let frame = Frame::of(console, headers, section, &credentials, &clock, &tenants, "");
    let decoded = decoded.map(|decoded| decoded.at(story.now));
    let (title, below) = headline(of.as_deref(), why.as_ref(), decoded.as_ref(), story.now);
    let page = InspectorPage {
        picks: picks(&story),
        title,
        below,
        decoded,
        why: why.map(|why| WhyView::of(why, story.now)),
        back: is_unknown.then_some(match section {
            Section::Flows => ("/flows", "All flows"),
            Section::Connections => ("/connections", "All connections"),
            _ => ("/", "The tokens of the story"),
        }),
        frame,
    };
    let status = if is_unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Ok(page.frame.respond((status, show(&page))))
}

fn headline(
    of: Option<&str>,
    why: Option<&Why>,
    decoded: Option<&Decoded>,
    now: Instant,
) -> (String, String) {
    match (of, why, decoded) {
        (_, Some(why), _) => (why.title(), with_times_for_people(&why.what, now)),
        (None, ..) => (
            "Which token do you want to understand?".to_owned(),
            "Pick one, or paste a token, a cookie, or the id of one. What you paste is neither stored nor logged.".to_owned(),
        ),
        (_, None, Some(_)) => (
            "This token is not of this tenant.".to_owned(),
            "It can be read, but no verdict can be given: the identity provider did not issue it here.".to_owned(),
        ),
        (_, None, None) => (
            NOTHING.to_owned(),
            "Tokens are known by value, id, uti or fingerprint; connections by id; runs by name.".to_owned(),
        ),
    }
}

fn picks(story: &Story) -> Vec<(String, String)> {
    let named = story.credentials.iter().filter_map(|one| {
        let kind = match one.kind {
            CredentialKind::RefreshToken => "refresh token",
            CredentialKind::AccessToken => "access token",
            CredentialKind::SessionCookie => "cookie",
            CredentialKind::Password | CredentialKind::Key => return None,
        };
        let holder = match &one.holder {
            Holder::Connection { display_name, .. } => display_name.as_str(),
            Holder::Application { name, .. } => name.as_str(),
            Holder::Browser => "owner’s browser",
        };
        Some((format!("{holder}: {kind}"), one.name.clone()?))
    });
    named.collect()
}
