//! The admin consent page.

use axum::response::Response;

use super::respond::form_page;
use super::state::PageState;
use super::templates::{AdminConsent, Permission};
use crate::directory::User;
use crate::sign_in::admin_consent::AdminConsentRequest;
use crate::visit::Visit;

pub(crate) fn admin_consent(
    visit: &Visit,
    state: PageState,
    request: &AdminConsentRequest,
    user: &User,
) -> Response {
    let (mut permissions, mut own) = (Vec::new(), Vec::new());
    for requested in &request.permissions {
        let api = &requested.resource;
        permissions.extend(requested.scopes.iter().map(|name| Permission::delegated(api, name)));
        own.extend(requested.roles.iter().map(|name| Permission {
            resource: api.name.clone(),
            name: name.clone(),
            description: String::new(),
        }));
    }
    form_page(visit, state, "consent", |form| AdminConsent {
        form,
        application: &request.application.name,
        organization: &request.tenant.display_name,
        user_name: &user.upn,
        permissions,
        own,
    })
}
