//! The MFA page.

use axum::response::Response;
use http::StatusCode;
use url::Url;

use super::device::qr;
use super::respond::{leads, page_response, with_cookie};
use super::state::{FormFields, PageState};
use super::templates::{SecondFactor, Wrong};
use crate::directory::User;
use crate::visit::Visit;

/// Renders the page. `new_secret` is the authenticator secret to register, if none is registered.
pub(crate) fn second_factor(
    visit: &Visit,
    state: PageState,
    user: &User,
    new_secret: Option<&str>,
    wrong: Option<Wrong>,
) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let page = SecondFactor {
        action: format!("/{segment}/secondfactor"),
        ctx: &ctx,
        canary: &canary,
        user_name: &user.upn,
        new_secret,
        qr: new_secret.and_then(|secret| address(&user.upn, secret)).and_then(|address| {
            qr(&address).map(|svg| svg.replace("with the address of this page", "for an authenticator"))
        }),
        wrong,
    };
    with_cookie(page_response(StatusCode::OK, &page, &leads_to), set_cookie)
}

/// Returns the `otpauth:` URL for authenticator apps.
fn address(upn: &str, secret: &str) -> Option<String> {
    let mut url = Url::parse("otpauth://totp/").ok()?;
    url.set_path(&format!("Outlive:{upn}"));
    url.query_pairs_mut().append_pair("secret", secret).append_pair("issuer", "Outlive");
    Some(url.into())
}
