//! The sign-ins of a recording: an authorization request, the pages after it, the redirect, and the
//! redemption of the code.

use url::Url;

use super::endpoint::Endpoint;
use super::exchange::{Body, Exchange, redirect_parameters};
use super::kind::{Jwt, Kind};

/// Parameters by which a redirect is an authorization response.
const OUTCOMES: [&str; 4] = ["code", "id_token", "access_token", "error"];
/// Parameters of pages that contain the name of the user.
const NAME_FIELDS: [&str; 4] = ["login", "loginfmt", "username", "login_hint"];
/// Claims that contain the name of the user.
const NAME_CLAIMS: [&str; 3] = ["preferred_username", "upn", "unique_name"];

/// A sign-in. Exchanges are given by their indexes.
#[derive(Clone, Debug, Default)]
pub(super) struct SignIn {
    pub(super) authorize: usize,
    /// The exchange with the redirect to the application. The response of a form that a script
    /// posts is not a redirect.
    pub(super) redirect: Option<usize>,
    /// The token request that redeems the code.
    pub(super) redemption: Option<usize>,
    pub(super) user: Option<String>,
}

impl SignIn {
    /// Whether no page was between the request and the redirect.
    pub(super) fn is_direct(&self) -> bool {
        self.redirect == Some(self.authorize)
    }

    /// Whether the recording shows that it succeeded.
    pub(super) fn succeeded(&self, exchanges: &[Exchange]) -> bool {
        let error =
            |at: usize| redirect_of(&exchanges[at]).is_some_and(|url| parameter(&url, "error").is_some());
        match self.redirect {
            Some(at) => !error(at),
            None => self.redemption.is_some(),
        }
    }
}

/// Returns all sign-ins, in their order.
pub(super) fn sign_ins(exchanges: &[Exchange]) -> Vec<SignIn> {
    let mut found: Vec<SignIn> = Vec::new();
    for (index, request) in exchanges.iter().enumerate() {
        if request.endpoint != Endpoint::Authorize || request.client_id().is_none() {
            continue;
        }
        let redirect = redirect_after(exchanges, index);
        let code = redirect.and_then(|at| parameter(&redirect_of(&exchanges[at])?, "code"));
        let is_claimed = |at: usize| found.iter().any(|sign_in| sign_in.redemption == Some(at));
        let redemption = (index + 1..exchanges.len()).find(|at| {
            let later = &exchanges[*at];
            later.field("grant_type") == Some("authorization_code")
                && later.client_id() == request.client_id()
                && match &code {
                    Some(code) => later.field("code") == Some(code),
                    None => {
                        redirect.is_none()
                            && !is_claimed(*at)
                            && later.field("redirect_uri") == parameter_of(request, "redirect_uri").as_deref()
                    }
                }
        });
        let user = user_of_sign_in(exchanges, index, redirect, redemption);
        found.push(SignIn { authorize: index, redirect, redemption, user });
    }
    found
}

/// Returns a parameter of an authorization request, from its query or its form.
pub(super) fn parameter_of(request: &Exchange, name: &str) -> Option<String> {
    request.parameter(name).or_else(|| request.field(name).map(str::to_owned))
}

/// Returns the address to which an exchange redirects.
pub(super) fn redirect_of(exchange: &Exchange) -> Option<Url> {
    (300..400)
        .contains(&exchange.status)
        .then(|| exchange.response_header("location"))
        .flatten()?
        .parse()
        .ok()
}

/// Returns a parameter of a redirect.
pub(super) fn parameter(url: &Url, name: &str) -> Option<String> {
    redirect_parameters(url).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Returns the name of the user in a token or a request.
pub(super) fn user_of(exchange: &Exchange) -> Option<String> {
    let named = |value: &str| (Kind::of(value) == Kind::Mail).then(|| value.to_ascii_lowercase());
    let given = NAME_FIELDS.iter().find_map(|name| parameter_of(exchange, name).as_deref().and_then(named));
    given.or_else(|| {
        jwts(exchange).iter().find_map(|jwt| NAME_CLAIMS.iter().find_map(|name| named(jwt.claim(name)?)))
    })
}

/// Returns the tokens of a response that can be read.
pub(super) fn jwts(exchange: &Exchange) -> Vec<Jwt> {
    let Body::Json(value) = &exchange.body else { return Vec::new() };
    let token = |name| value.get(name).and_then(serde_json::Value::as_str).and_then(Jwt::read);
    ["id_token", "access_token"].into_iter().filter_map(token).collect()
}

fn redirect_after(exchanges: &[Exchange], index: usize) -> Option<usize> {
    let request = &exchanges[index];
    let redirect_uri = Url::parse(&parameter_of(request, "redirect_uri")?).ok()?;
    let state = parameter_of(request, "state");
    (index..exchanges.len()).find(|at| {
        let later = &exchanges[*at];
        if !matches!(later.endpoint, Endpoint::Authorize | Endpoint::Page) {
            return false;
        }
        redirect_of(later).is_some_and(|url| {
            let is_back = url.scheme() == redirect_uri.scheme()
                && url.host_str() == redirect_uri.host_str()
                && url.path() == redirect_uri.path();
            let is_outcome = OUTCOMES.iter().any(|name| parameter(&url, name).is_some());
            is_back && is_outcome && parameter(&url, "state") == state
        })
    })
}

fn user_of_sign_in(
    exchanges: &[Exchange],
    index: usize,
    redirect: Option<usize>,
    redemption: Option<usize>,
) -> Option<String> {
    let pages = exchanges.iter().take(redirect.unwrap_or(index) + 1).skip(index);
    let of_pages = pages.rev().find_map(user_of);
    of_pages.or_else(|| user_of(&exchanges[redemption?]))
}
