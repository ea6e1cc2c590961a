//! Consent: the permissions that are missing, and the form on which a user grants them.

use axum::response::Response;
use outlive_rules::aadsts;
use outlive_store::Change;

use super::request::{AuthorizeRequest, Prompt, validate};
use super::signed_in::SignedIn;
use crate::protocol::refusal::Refusal;
use crate::sign_in::consents::Consent;
use crate::sign_in::pages::{Next, PageState, Permission};
use crate::visit::Visit;

/// `POST /{tenant}/consent`: `consent=accept` or another value, with `ctx` and `canary` of the
/// form.
pub(crate) async fn submit_consent_form(visit: Visit) -> Response {
    let result = visit.handle_consent_form().await;
    visit.page(result).await
}

impl AuthorizeRequest {
    /// Returns the permissions that the consent page lists.
    pub(super) fn listed_permissions(&self) -> Vec<Permission> {
        let permissions = self.resources.iter().flat_map(|resource| {
            let scopes = resource.scopes_for(&self.application, &self.scopes.oidc);
            scopes.into_iter().map(|name| Permission::delegated(&resource.application, &name))
        });
        let mut permissions: Vec<Permission> = permissions.collect();
        let is_listed = permissions.iter().any(|permission| permission.name == "offline_access");
        if self.scopes.is_offline() && !is_listed {
            permissions.push(Permission {
                resource: "Microsoft Graph".to_owned(),
                name: "offline_access".to_owned(),
                description: "Maintain access to data you have given it access to".to_owned(),
            });
        }
        permissions
    }
}

impl Visit {
    async fn handle_consent_form(&self) -> Result<Response, Refusal> {
        let form = &self.parameters;
        let state = PageState::of_form(self)?;
        if matches!(state.next, Next::AdminConsent { .. }) {
            return self.handle_admin_consent_form(state).await;
        }
        let Next::Authorize { version, parameters, .. } = state.next.clone() else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
        let request = match validate(&self.idp, &self.segment, version, &parameters).await {
            Ok(request) => request,
            Err(refusal) => return Ok(self.authorize_refusal(refusal).await),
        };
        let tenant = request.tenant.id;
        let now = self.idp.now(tenant).await?;
        let (session, user) = self.submitter(tenant, &state).await?;
        if !session.signs_in(&user, &request.tenant.rules, now) {
            return Ok(self.sign_in_page(&request, state.next, None));
        }
        if form.get("consent") != Some("accept") {
            let asked = self.idp.request_details(&self.trace, &self.origin, Some(tenant)).await;
            return Ok(request.reply_to.refuse(&Refusal::new(aadsts::CONSENT_DECLINED), &asked));
        }
        if request.prompt == Prompt::AdminConsent {
            if let Err(refusal) = self.grant_registered_permissions(&request, &user, now).await {
                let asked = self.idp.request_details(&self.trace, &self.origin, Some(tenant)).await;
                return Ok(request.reply_to.refuse(&refusal, &asked));
            }
        } else {
            let client = &request.application;
            let consents: Vec<_> = request
                .resources
                .iter()
                .map(|resource| Consent {
                    api: resource.application.clone(),
                    resource: resource.audience().to_owned(),
                    scopes: resource.scopes_for(client, &request.scopes.oidc),
                })
                .collect();
            self.record_consents(client, &user, false, &consents, &Change::new(), now).await?;
        }
        let signed_in = SignedIn { user, session, just_now: true, set_cookies: Vec::new() };
        Ok(self.go_on(state.next.after_consent(), signed_in).await)
    }
}
