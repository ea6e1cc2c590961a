//! What one exchange shows: its parameters, where it redirects to, its user and its tokens.

use url::Url;

use super::exchange::{Body, Exchange, redirect_parameters};
use super::kind::{Jwt, Kind};

/// Parameters by which a redirect is an authorization response.
pub(super) const OUTCOMES: [&str; 4] = ["code", "id_token", "access_token", "error"];
/// Parameters of pages that contain the name of the user.
const NAME_FIELDS: [&str; 4] = ["login", "loginfmt", "username", "login_hint"];
/// Claims that contain the name of the user.
const NAME_CLAIMS: [&str; 3] = ["preferred_username", "upn", "unique_name"];

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

/// Returns the tokens in the parameters of a redirect that can be read.
pub(super) fn jwts_of_redirect(exchange: &Exchange) -> Vec<Jwt> {
    let tokens = redirect_of(exchange).map(|url| redirect_parameters(&url)).unwrap_or_default();
    tokens.iter().filter_map(|(_, value)| Jwt::read(value)).collect()
}

/// Returns the tokens of a response that can be read.
pub(super) fn jwts(exchange: &Exchange) -> Vec<Jwt> {
    let Body::Json(value) = &exchange.body else { return Vec::new() };
    let token = |name| value.get(name).and_then(serde_json::Value::as_str).and_then(Jwt::read);
    ["id_token", "access_token"].into_iter().filter_map(token).collect()
}
