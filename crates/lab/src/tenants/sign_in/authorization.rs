//! Authorization requests that an application built, and the responses to them.

use std::collections::BTreeMap;

use outlive_wire::lab_api::SignInRequest;
use url::Url;

/// Maximum length of an authorization request, in bytes.
const LENGTH_MAX: usize = 16_384;

/// Returns an authorization request at the issuer's own origin, and its redirect URI. The
/// application may know the issuer by another origin, whose certificate the lab does not trust.
///
/// # Errors
/// Why it is not a request to the authorization endpoint.
pub(super) fn to_issuer(url: &str, idp: &Url) -> Result<(Url, String), &'static str> {
    const NOT_AN_ADDRESS: &str = "'authorize_url' is not the address of an authorization request.";
    if url.len() > LENGTH_MAX {
        return Err("'authorize_url' is too long.");
    }
    let asked = Url::parse(url).map_err(|_| NOT_AN_ADDRESS)?;
    let is_authorization =
        asked.path().ends_with("/oauth2/v2.0/authorize") || asked.path().ends_with("/oauth2/authorize");
    if !is_authorization {
        return Err(NOT_AN_ADDRESS);
    }
    let pairs: Vec<(String, String)> =
        asked.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let redirect_uri =
        value("redirect_uri").ok_or("'authorize_url' has no redirect_uri, at which the lab would stop.")?;
    // A form that a script submits to the redirect URI carries the same parameters.
    let mode = if value("response_type").is_none_or(|kind| kind == "code") { "query" } else { "fragment" };
    let mut authorize = idp.clone();
    authorize.set_path(asked.path());
    authorize.query_pairs_mut().clear().extend_pairs(pairs.iter().map(|(name, value)| {
        let is_form = name == "response_mode" && value == "form_post";
        (name.as_str(), if is_form { mode } else { value.as_str() })
    }));
    Ok((authorize, redirect_uri))
}

/// The request with the values of a caller who redeems the code.
pub(super) fn with_caller_values(authorize: &Url, request: &SignInRequest) -> Url {
    let given = [
        ("nonce", &request.nonce),
        ("state", &request.state),
        ("code_challenge", if request.redeem { &None } else { &request.code_challenge }),
    ];
    let is_given = |name: &str| given.iter().any(|(key, value)| *key == name && value.is_some());
    // The caller does not know the verifier of the lab's challenge.
    let leaves = |name: &str| {
        is_given(name)
            || (!request.redeem && request.code_challenge.is_none() && name.starts_with("code_challenge"))
    };
    let kept: Vec<(String, String)> = authorize
        .query_pairs()
        .filter(|(name, _)| !leaves(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = authorize.clone();
    let mut pairs = url.query_pairs_mut();
    pairs.clear().extend_pairs(&kept);
    for (name, value) in given {
        pairs.extend_pairs(value.as_ref().map(|value| (name, value)));
    }
    drop(pairs);
    url
}

/// The response with its parameters in the query, wherever they were.
pub(super) fn to_query(back: &Url) -> Url {
    let mut url = back.clone();
    if let Some(fragment) = back.fragment() {
        url.set_query(Some(fragment));
    }
    url
}

/// The parameters of a response, by name.
pub(super) fn parameters_of(back: &Url) -> BTreeMap<String, String> {
    to_query(back).query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idp() -> Url {
        Url::parse("http://127.0.0.1:8701").expect("a URL")
    }

    #[test]
    fn a_request_is_sent_to_the_issuer_by_its_own_origin() {
        let asked = "https://localhost:8743/contoso.example/oauth2/v2.0/authorize?client_id=1&response_mode=form_post\
                     &redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fback&state=a%20b";
        let (url, redirect_uri) = to_issuer(asked, &idp()).expect("an authorization request");
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:8701/contoso.example/oauth2/v2.0/authorize?client_id=1&response_mode=query\
             &redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fback&state=a+b"
        );
        assert_eq!(redirect_uri, "http://localhost:5000/back");
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("https://x/t/oauth2/v2.0/authorize?redirect_uri=a&x={}", "a".repeat(LENGTH_MAX));
        for url in [
            "",
            "nothing",
            "http://127.0.0.1:8701/t/oauth2/v2.0/token?redirect_uri=http://x",
            "http://127.0.0.1:8701/t/oauth2/v2.0/authorize?client_id=1",
            &long,
        ] {
            to_issuer(url, &idp()).expect_err(url);
        }
    }

    #[test]
    fn the_caller_redeems_with_a_challenge_of_its_own_or_without_one() {
        let built = Url::parse("http://i/authorize?state=lab&code_challenge=lab&code_challenge_method=S256")
            .expect("a URL");
        let request = |challenge: Option<&str>, redeem| SignInRequest {
            code_challenge: challenge.map(str::to_owned),
            state: Some("mine".to_owned()),
            redeem,
            ..SignInRequest::default()
        };
        for (request, query) in [
            (request(None, false), "state=mine"),
            (request(Some("c"), false), "code_challenge_method=S256&state=mine&code_challenge=c"),
            (request(None, true), "code_challenge=lab&code_challenge_method=S256&state=mine"),
        ] {
            assert_eq!(with_caller_values(&built, &request).query(), Some(query));
        }
    }

    #[test]
    fn the_parameters_are_read_wherever_they_are() {
        for back in ["http://x/back?code=1&state=a", "http://x/back#code=1&state=a"] {
            let parameters = parameters_of(&Url::parse(back).expect("a URL"));
            assert_eq!(parameters["code"], "1", "{back}");
            assert_eq!(parameters["state"], "a", "{back}");
        }
    }
}
