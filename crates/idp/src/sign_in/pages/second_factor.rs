//! The MFA page.

use axum::response::Response;
use url::Url;

use super::device::qr;
use super::respond::form_page;
use super::state::PageState;
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
    form_page(visit, state, "secondfactor", |form| SecondFactor {
        form,
        user_name: &user.upn,
        new_secret,
        qr: new_secret.and_then(|secret| address(&user.upn, secret)).and_then(|address| {
            qr(&address).map(|svg| svg.replace("with the address of this page", "for an authenticator"))
        }),
        wrong,
    })
}

/// Returns the `otpauth:` URL for authenticator apps.
fn address(upn: &str, secret: &str) -> Option<String> {
    let mut url = Url::parse("otpauth://totp/").ok()?;
    url.set_path(&format!("Outlive:{upn}"));
    url.query_pairs_mut().append_pair("secret", secret).append_pair("issuer", "Outlive");
    Some(url.into())
}
