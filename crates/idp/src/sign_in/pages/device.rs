//! The pages of the device authorization grant.

use axum::response::Response;
use qrcode::QrCode;
use qrcode::render::svg;

use super::respond::form_page;
use super::state::PageState;
use super::templates::{ApproveDevice, Permission, UserCode, Wrong};
use crate::directory::{Application, User};
use crate::protocol::refusal::Refusal;
use crate::sign_in::consents::Consent;
use crate::visit::Visit;

/// Width of the QR code, in pixels.
const QR_PIXELS: u32 = 160;

/// Renders the page for entering a user code, with its own `address` as a QR code.
pub(crate) fn user_code(
    visit: &Visit,
    state: PageState,
    typed: &str,
    address: &str,
    wrong: Option<&Refusal>,
) -> Response {
    form_page(visit, state, "oauth2/deviceauth", |form| UserCode {
        form,
        user_code: typed,
        wrong: wrong.map(Wrong::of),
        qr: qr(address),
    })
}

/// Renders the page for approving a device, with the permissions that are not granted yet.
pub(crate) fn approve_device(
    visit: &Visit,
    state: PageState,
    client: &Application,
    user: &User,
    missing: &[Consent],
) -> Response {
    let permissions = missing
        .iter()
        .flat_map(|Consent { api, scopes, .. }| scopes.iter().map(|name| Permission::delegated(api, name)));
    form_page(visit, state, "deviceauth", |form| ApproveDevice {
        form,
        application: &client.name,
        user_name: &user.upn,
        permissions: permissions.collect(),
    })
}

/// Returns an address as a QR code: SVG that consists of squares only.
pub(super) fn qr(address: &str) -> Option<String> {
    let code = QrCode::new(address.as_bytes()).ok()?;
    let picture = code
        .render()
        .min_dimensions(QR_PIXELS, QR_PIXELS)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    // Inline SVG has no XML declaration.
    let start = picture.find("<svg")?;
    Some(picture[start..].replacen(
        "<svg",
        "<svg role=\"img\" aria-label=\"QR code with the address of this page\"",
        1,
    ))
}

#[cfg(test)]
mod tests {
    use super::qr;

    #[test]
    fn an_address_becomes_a_picture_and_nothing_of_it_becomes_markup() {
        let picture = qr("https://login.example/common/oauth2/deviceauth?otc=\"><script>").unwrap();
        assert!(picture.starts_with("<svg role=\"img\"") && picture.ends_with("</svg>"), "{picture}");
        assert!(!picture.contains("script") && !picture.contains("style="), "{picture}");
        assert_eq!(qr(&"x".repeat(10_000)), None);
    }
}
