//! Consent: the permissions that are missing, and the form on which a user grants them.

use std::collections::BTreeSet;

use axum::response::Response;
use outlive_clock::UserId;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::ConsentGranted;

use super::request::{AuthorizeRefusal, AuthorizeRequest, Prompt, validate};
use super::signed_in::SignedIn;
use crate::access::scopes::ResolvedResource;
use crate::directory::{Application, User};
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;
use crate::sign_in::pages::{Next, PageState, Permission};
use crate::visit::Visit;

/// The requested scopes that are not granted yet, by resource.
pub(crate) async fn missing_consent(
    idp: &Idp,
    request: &AuthorizeRequest,
    user: UserId,
) -> Result<Vec<(ResolvedResource, BTreeSet<String>)>, Refusal> {
    let mut missing = Vec::new();
    for resource in &request.resources {
        let granted = granted_scopes(idp, request, resource, user).await?;
        let lacking = resource.lacking(&request.application, &request.scopes.oidc, &granted)?;
        if !lacking.is_empty() {
            missing.push((resource.clone(), lacking));
        }
    }
    Ok(missing)
}

async fn granted_scopes(
    idp: &Idp,
    request: &AuthorizeRequest,
    resource: &ResolvedResource,
    user: UserId,
) -> Result<BTreeSet<String>, Refusal> {
    let (client, resource) = (request.application.client_id, resource.application.client_id);
    Ok(idp.directory.granted_scopes(request.tenant.id, client, resource, user).await?)
}

/// `POST /{tenant}/consent`: `consent=accept` or another value, with `ctx` and `canary` of the
/// form.
pub(crate) async fn consent(visit: Visit) -> Response {
    let result = visit.answer_consent().await;
    visit.page(result).await
}

impl AuthorizeRequest {
    /// Returns the permissions that the consent page lists.
    pub(super) fn listed_permissions(&self) -> Vec<Permission> {
        let permissions = self.resources.iter().flat_map(|resource| {
            let describe = |name: &String| {
                let known = resource.application.document.scopes.iter().find(|scope| scope.value == *name);
                known.map(|scope| scope.description.clone()).unwrap_or_default()
            };
            let permission = |name: String| Permission {
                resource: resource.application.name.clone(),
                description: describe(&name),
                name,
            };
            let scopes = resource.scopes_for(&self.application, &self.scopes.oidc).into_iter();
            scopes.map(permission).collect::<Vec<_>>()
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
    async fn answer_consent(&self) -> Result<Response, Refusal> {
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
            Err(AuthorizeRefusal::Page(refusal)) => return Err(refusal),
            Err(AuthorizeRefusal::Reply(to, refusal)) => {
                return Ok(to.refuse(&refusal, &self.request_details().await));
            }
        };
        let tenant = request.tenant.id;
        let now = self.idp.now(tenant).await?;
        // Only the user to whom the page was shown can submit it, and only while signed in.
        let found = self.session_of(tenant, state.user).await?;
        let Some((session, Some(user))) = found.filter(|(session, _)| Some(session.user_id) == state.user)
        else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
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
            self.grant(&request, &user, now).await?;
        }
        let signed_in = SignedIn { user, session, just_now: true, set_cookies: Vec::new() };
        Ok(self.go_on(state.next.after_consent(), signed_in).await)
    }

    /// Records that the user granted the requested scopes.
    async fn grant(
        &self,
        request: &AuthorizeRequest,
        user: &User,
        now: outlive_clock::Instant,
    ) -> Result<(), Refusal> {
        let (tenant, client) = (request.tenant.id, &request.application);
        for attempt in 1.. {
            let mut change = Change::new();
            for resource in &request.resources {
                let asked = resource.scopes_for(client, &request.scopes.oidc);
                let api = (client.client_id, resource.application.client_id);
                change.add(self.idp.directory.add_to_grant(tenant, api, Some(user.id), &asked).await?);
                let granted = consent_granted(user, client, resource.audience(), &asked);
                let event = Event::new(tenant, now, Subject::user(user.id), &self.trace, granted);
                change.append(self.idp.chassis.journal.entry(&event));
            }
            match self.idp.directory.commit(tenant, change).await {
                // Another consent to the same API was recorded at the same time.
                Err(error) if error.is_conflict() && attempt < CONSENT_ATTEMPTS => {}
                other => return Ok(other?),
            }
        }
        Ok(())
    }
}

/// Attempts to record a consent while others to the same API are recorded.
pub(crate) const CONSENT_ATTEMPTS: u32 = 5;

/// Returns the event for delegated permissions of an API that a user granted to a client.
pub(crate) fn consent_granted(
    user: &User,
    client: &Application,
    resource: &str,
    scopes: &BTreeSet<String>,
) -> ConsentGranted {
    ConsentGranted {
        upn: Some(user.upn.clone()),
        client_id: Some(client.client_id),
        client_name: Some(client.name.clone()),
        resource: Some(resource.to_owned()),
        scope: Some(scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
        consent_type: None,
        grant: None,
        actor: None,
    }
}
