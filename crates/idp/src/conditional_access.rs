//! What the tenant's Conditional Access policies ask of somebody who wants something, gathered for the rules.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use http::HeaderMap;
use outlive_chassis::Trace;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::SecondFactorFacts;
use outlive_rules::conditional_access::{AccessFacts, AccessRequest, Demands, evaluate};
use outlive_rules::scopes::ScopeRequest;
use outlive_store::StoreError;
use serde_json::json;

use crate::directory::{Application, Tenant, User};
use crate::idp::Idp;

/// Who wants what from where.
pub(crate) struct AccessContext<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) user: Option<&'a User>,
    /// The application that asks, if one does.
    pub(crate) client: Option<&'a Application>,
    /// What it asks for, as far as that is known.
    pub(crate) asked: Option<&'a ScopeRequest>,
    /// The authentication contexts that the token is to meet.
    pub(crate) contexts: &'a BTreeSet<String>,
    pub(crate) address: IpAddr,
    /// When the user last signed in on a page, where that is known.
    pub(crate) authenticated_at: Option<Instant>,
    /// When it is asked, and by which request; nothing if nobody asks in earnest, and nothing is reported then.
    pub(crate) request: Option<(Instant, &'a Trace)>,
}

/// Where no authentication context is asked for.
pub(crate) static NO_CONTEXTS: BTreeSet<String> = BTreeSet::new();

/// What is asked of them.
#[derive(Debug, Default)]
pub(crate) struct Access {
    pub(crate) facts: AccessFacts,
    second_factor: bool,
    /// Whether the browser stays signed in, if that is not the person's choice.
    pub(crate) stays_signed_in: Option<bool>,
}

impl Access {
    fn of(demands: Demands, authenticated_at: Option<Instant>) -> Self {
        Self {
            facts: AccessFacts {
                blocked_by: demands.blocked_by,
                authenticated_at: authenticated_at.filter(|_| demands.sign_in_frequency.is_some()),
                sign_in_frequency: demands.sign_in_frequency,
            },
            second_factor: demands.second_factor_by.is_some(),
            stays_signed_in: demands.stays_signed_in,
        }
    }

    /// A second factor is required for these reasons or by a policy.
    pub(crate) fn also(&self, facts: SecondFactorFacts) -> SecondFactorFacts {
        SecondFactorFacts { required: facts.required || self.second_factor, ..facts }
    }
}

impl Idp {
    /// What the policies in force ask. Where a tenant has none this reads nothing.
    pub(crate) async fn access(&self, asking: &AccessContext<'_>) -> Result<Access, StoreError> {
        let Some((user, demands)) = self.demands(asking).await? else { return Ok(Access::default()) };
        self.report(asking, user, &demands).await?;
        Ok(Access::of(demands, asking.authenticated_at))
    }

    async fn demands<'a>(
        &self,
        asking: &AccessContext<'a>,
    ) -> Result<Option<(&'a User, Demands)>, StoreError> {
        let policies = &asking.tenant.policies;
        let Some(user) = asking.user.filter(|_| !policies.conditional_access.is_empty()) else {
            return Ok(None);
        };
        let mut applications: Vec<_> =
            asking.client.iter().map(|client| client.client_id.to_string()).collect();
        let first = asking.asked.and_then(|asked| asked.resources.first());
        if let Some(resource) = first
            && let Some(resource) = self.directory.resource(asking.tenant.id, resource.audience()).await?
        {
            applications.push(resource.client_id.to_string());
        }
        let request = AccessRequest {
            user: &user.id.to_string(),
            guest: user.profile.guest,
            applications: &applications,
            contexts: asking.contexts,
            address: asking.address,
        };
        let in_force = policies.conditional_access.iter().map(|kept| &kept.says);
        Ok(Some((user, evaluate(in_force, &policies.places(), &request))))
    }

    /// Policies that only report are told to the journal.
    async fn report(
        &self,
        asking: &AccessContext<'_>,
        user: &User,
        demands: &Demands,
    ) -> Result<(), StoreError> {
        let Some((now, trace)) = asking.request.filter(|_| !demands.reported.is_empty()) else {
            return Ok(());
        };
        let subject = format!("user:{}", user.id);
        let kind = "conditional_access.reported";
        let event = Event::new(asking.tenant.id, now, kind, subject, trace).with(json!({
            "upn": user.upn,
            "client_id": asking.client.map(|client| client.client_id),
            "address": asking.address,
            "policies": demands.reported,
        }));
        self.chassis.journal.append(&event).await
    }
}

/// This machine.
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where a request comes from: as its first `X-Forwarded-For` says, so that a lab can be anywhere, or else from this machine.
pub(crate) fn address(headers: &HeaderMap) -> IpAddr {
    let named = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let first = named.and_then(|addresses| addresses.split(',').next());
    first.and_then(|address| address.trim().parse().ok()).unwrap_or(HERE)
}
