//! The demo client: `/orders-desktop/sign-in` leads to the identity provider as the application
//! Orders Desktop would, `/orders-desktop` shows what it got.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use outlive_chassis::CallerOrigin;
use outlive_clock::TenantId;
use outlive_wire::lab_api::{CodeRedemption, TenantCredentials};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::error::{ErrorPage, show};
use crate::forms::cookie;
use crate::inspector::{Decoded, decoded};
use crate::pages::{Choice, chosen};
use crate::sign_ins::SignIn;
use crate::state::Console;

const NAME: &str = "Orders Desktop";
const PATH: &str = "/orders-desktop";
const SCOPE: &str = "openid profile offline_access api://contoso-orders/Orders.Read";
/// The cookie that binds a sign-in to the browser that began it.
const COOKIE: &str = "outlive_demo";
/// `GET /orders-desktop/sign-in`
pub(crate) async fn begin(
    State(console): State<Console>,
    origin: CallerOrigin,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    let tenant = match chosen(&console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let credentials = console.lab.tenant(tenant).await?;
    let draw = |name: &'static str| console.random.stream(name).bytes::<32>();
    let (state, verifier) =
        (HEXLOWER.encode(&draw("demo-state")), BASE64URL_NOPAD.encode(&draw("demo-verifier")));
    let redirect_uri = format!("{}{PATH}", origin.0.trim_end_matches('/'));
    let Some((client_id, url)) = authorization(&credentials, &redirect_uri, &state, &verifier) else {
        return Err(failed("Orders Desktop is not an application of this tenant", String::new()));
    };
    let bound = format!("{COOKIE}={state}; Path={PATH}; Max-Age=900; HttpOnly; SameSite=Lax");
    console.sign_ins.begin(SignIn { state, tenant, client_id, redirect_uri, verifier });
    let headers = AppendHeaders([(LOCATION, url.to_string()), (SET_COOKIE, bound)]);
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Returns the client id and the authorization request of Orders Desktop.
fn authorization(
    tenant: &TenantCredentials,
    redirect_uri: &str,
    state: &str,
    verifier: &str,
) -> Option<(String, Url)> {
    let application = tenant.applications.iter().find(|application| application.name == NAME)?;
    let idp = tenant.urls.idp.trim_end_matches('/');
    let mut url = Url::parse(&format!("{idp}/{}/oauth2/v2.0/authorize", tenant.tenant_id)).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier));
    url.query_pairs_mut().extend_pairs([
        ("client_id", application.client_id.as_str()),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("redirect_uri", redirect_uri),
        ("scope", SCOPE),
        ("state", state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Some((application.client_id.clone(), url))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Returned {
    code: Option<String>,
    state: Option<String>,
    error_description: Option<String>,
}

#[derive(Template)]
#[template(path = "demo_client.html")]
struct Signed {
    tenant: TenantId,
    has_refresh_token: bool,
    expires_in: i64,
    scope: String,
    tokens: Vec<(&'static str, Decoded)>,
}

/// `GET /orders-desktop`: where the identity provider returns.
pub(crate) async fn show_tokens(
    State(console): State<Console>,
    headers: HeaderMap,
    query: Result<Query<Returned>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let returned = query.map(|Query(returned)| returned).unwrap_or_default();
    let state = returned.state.unwrap_or_default();
    let is_bound =
        cookie(&headers, COOKIE).is_some_and(|bound| bool::from(bound.as_bytes().ct_eq(state.as_bytes())));
    let Some(sign_in) = console.sign_ins.end(&state).filter(|_| is_bound) else {
        let why = "the sign-in was not begun in this browser, or it has ended".to_owned();
        return Err(failed("This is not the end of a sign-in", why));
    };
    let Some(code) = returned.code else {
        let why = returned.error_description.unwrap_or_else(|| "it returned no code".to_owned());
        return Err(failed("Orders Desktop got no code", why.chars().take(600).collect()));
    };
    let redemption = CodeRedemption {
        client_id: sign_in.client_id,
        code,
        redirect_uri: sign_in.redirect_uri,
        code_verifier: sign_in.verifier,
    };
    let redeemed = console.lab.redeem(sign_in.tenant, &redemption).await?;
    let text = |name: &str| redeemed.body.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    if redeemed.status != 200 {
        let why = text("error_description").lines().next().unwrap_or_default().to_owned();
        return Err(failed("The token endpoint refused the code", why));
    }
    let now = console.lab.clock(sign_in.tenant).await?.now;
    let tokens = [("Access token", "access_token"), ("ID token", "id_token")];
    let tokens = tokens.into_iter().filter_map(|(name, member)| Some((name, decoded(text(member))?.at(now))));
    let page = Signed {
        tenant: sign_in.tenant,
        has_refresh_token: !text("refresh_token").is_empty(),
        expires_in: redeemed.body["expires_in"].as_i64().unwrap_or_default() / 60,
        scope: text("scope").to_owned(),
        tokens: tokens.collect(),
    };
    Ok(show(&page).into_response())
}

fn failed(what: &str, why: String) -> ErrorPage {
    ErrorPage { status: 400, what: what.to_owned(), why, remedy: "Begin the sign-in again from the story." }
}
