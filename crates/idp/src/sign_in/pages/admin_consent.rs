//! The admin consent page.

use axum::response::Response;
use http::StatusCode;

use super::respond::{leads, page_response, with_cookie};
use super::state::{FormFields, PageState};
use super::templates::{AdminConsent, Permission};
use crate::directory::User;
use crate::sign_in::admin_consent::AdminConsentRequest;
use crate::visit::Visit;

/// Renders the page.
pub(crate) fn admin_consent(
    visit: &Visit,
    state: PageState,
    request: &AdminConsentRequest,
    user: &User,
) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let (mut permissions, mut own) = (Vec::new(), Vec::new());
    for requested in &request.permissions {
        let permission = |name: &String, description: String| Permission {
            resource: requested.resource.name.clone(),
            name: name.clone(),
            description,
        };
        let described = |name: &String| {
            let known = requested.resource.document.scopes.iter().find(|scope| scope.value == *name);
            known.map(|scope| scope.description.clone()).unwrap_or_default()
        };
        permissions.extend(requested.scopes.iter().map(|name| permission(name, described(name))));
        own.extend(requested.roles.iter().map(|name| permission(name, String::new())));
    }
    let page = AdminConsent {
        action: format!("/{segment}/consent"),
        ctx: &ctx,
        canary: &canary,
        application: &request.application.name,
        organization: &request.tenant.display_name,
        user_name: &user.upn,
        permissions,
        own,
    };
    with_cookie(page_response(StatusCode::OK, &page, &leads_to), set_cookie)
}
