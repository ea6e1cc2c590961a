//! The steps from an authenticated request to tokens, in their order: scopes, user, access,
//! verdict, consent; then [`Authorized::mint`](Authorized), `record`, and the response. Each step
//! takes what the one before it returned, and only this module creates it, so a grant that skips a
//! step does not compile.

use std::collections::BTreeSet;

use outlive_clock::Instant;
use outlive_rules::scopes::{RequestedResource, ScopeRequest};
use outlive_rules::{Presented, SecondFactorFacts, aadsts};

use super::request::TokenRequest;
use super::resource_grant::{ResourceGrant, ResourceRequest, resolve_grant};
use crate::access::assignment::check_application;
use crate::access::conditional_access::{Access, AccessContext};
use crate::access::scopes::ResolvedResource;
use crate::access::second_factor;
use crate::directory::User;
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;

/// A request and its scopes.
pub(super) struct WithScopes<'a> {
    request: &'a TokenRequest<'a>,
    asked: Option<ScopeRequest>,
    fallback: &'a str,
    wanted: Result<ResourceRequest, Refusal>,
}

impl<'a> TokenRequest<'a> {
    /// Sets the scopes. Policies are evaluated for `asked`, tokens are issued for `wanted`, whose
    /// error is returned after the verdict. Errors name the resource `fallback` if none is asked
    /// for.
    pub(super) const fn with_scopes(
        &'a self,
        asked: Option<ScopeRequest>,
        fallback: &'a str,
        wanted: Result<ResourceRequest, Refusal>,
    ) -> WithScopes<'a> {
        WithScopes { request: self, asked, fallback, wanted }
    }

    /// Checks that a client may use a resource without a user.
    pub(super) async fn for_application(
        &'a self,
        resource: ResolvedResource,
    ) -> Result<AuthorizedApplication<'a>, Refusal> {
        let client = &self.client.application;
        let api = resource.application.client_id;
        let roles = self.idp.directory.assigned_roles(self.tenant.id, client.client_id, api).await?;
        check_application(client, &resource.application, &roles)?;
        Ok(AuthorizedApplication { request: self, resource, roles, _checked: () })
    }
}

impl<'a> WithScopes<'a> {
    /// Sets the user; `None` if the directory has no such user.
    pub(super) fn with_user(self, user: Option<User>) -> WithUser<'a> {
        WithUser { scopes: self, user }
    }
}

/// A request, its scopes and its user.
pub(super) struct WithUser<'a> {
    scopes: WithScopes<'a>,
    user: Option<User>,
}

impl<'a> WithUser<'a> {
    /// Evaluates Conditional Access.
    pub(super) async fn with_access(
        self,
        contexts: &BTreeSet<String>,
        authenticated_at: Option<Instant>,
    ) -> Result<WithAccess<'a>, Refusal> {
        let Self { scopes, user } = self;
        let request = scopes.request;
        let asking = AccessContext {
            tenant: &request.tenant,
            user: user.as_ref(),
            client: Some(&request.client.application),
            asked: scopes.asked.as_ref(),
            contexts,
            address: request.address,
            authenticated_at,
            request: Some((request.now, request.trace)),
        };
        let access = request.idp.access(&asking).await?;
        Ok(WithAccess { scopes, user, access })
    }
}

/// A request with all the facts but those of the credential.
pub(super) struct WithAccess<'a> {
    scopes: WithScopes<'a>,
    user: Option<User>,
    access: Access,
}

impl<'a> WithAccess<'a> {
    pub(super) const fn access(&self) -> &Access {
        &self.access
    }

    pub(super) const fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Returns the MFA facts of a user who signed in by the methods `amr`.
    pub(super) fn second_factor(&self, amr: &[String]) -> SecondFactorFacts {
        let request = self.scopes.request;
        self.user.as_ref().map_or_else(SecondFactorFacts::default, |user| {
            let client = Some(&request.client.application);
            self.access.also(second_factor::facts(&request.tenant, user, client, amr))
        })
    }

    /// Decides by the rules whether the presented credential is accepted.
    pub(super) async fn decide(self, presented: Presented) -> Result<Accepted<'a>, Refusal> {
        let WithScopes { request, asked, fallback, wanted } = self.scopes;
        let facts = self.user.as_ref().map(User::facts);
        let decision = Decision::on(presented, facts, &request.tenant.rules, request.now);
        if let Some(refusal) = Refusal::of_decision(&decision) {
            let first = asked.as_ref().and_then(|asked| asked.resources.first());
            let resource = first.map_or(fallback, RequestedResource::audience);
            let directory = &request.idp.directory;
            let policies = self.access.policies;
            return Err(
                second_factor::complete(refusal, directory, &request.tenant, resource, policies).await?
            );
        }
        let user = self.user.ok_or_else(|| Refusal::new(aadsts::USER_NOT_FOUND))?;
        Ok(Accepted { request, user, wanted, decision })
    }
}

/// A request whose credential is accepted.
pub(super) struct Accepted<'a> {
    request: &'a TokenRequest<'a>,
    user: User,
    wanted: Result<ResourceRequest, Refusal>,
    decision: Decision,
}

impl<'a> Accepted<'a> {
    /// Checks assignment and consent for the resource.
    pub(super) async fn authorize(self) -> Result<Authorized<'a>, Refusal> {
        let Self { request, user, wanted, decision } = self;
        let resource = resolve_grant(request, user.id, wanted?).await?;
        Ok(Authorized { request, user, decision, resource, _checked: () })
    }
}

/// A request that may have tokens.
pub(super) struct Authorized<'a> {
    pub(super) request: &'a TokenRequest<'a>,
    pub(super) user: User,
    pub(super) decision: Decision,
    pub(super) resource: ResourceGrant,
    /// Private: only the steps of this module create the value.
    _checked: (),
}

/// A request of a client that may have a token for itself.
pub(super) struct AuthorizedApplication<'a> {
    pub(super) request: &'a TokenRequest<'a>,
    pub(super) resource: ResolvedResource,
    pub(super) roles: Vec<String>,
    /// Private: only the steps of this module create the value.
    _checked: (),
}
