//! Evaluates the tenant's Conditional Access policies for a request.

use std::collections::BTreeSet;
use std::net::IpAddr;

use outlive_chassis::Trace;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::SecondFactorFacts;
use outlive_rules::conditional_access::{AccessFacts, AccessRequest, Demands, Policy, evaluate};
use outlive_rules::scopes::ScopeRequest;
use outlive_store::StoreError;
use outlive_wire::Subject;
use outlive_wire::events::ConditionalAccessReported;
use uuid::Uuid;

use crate::directory::{Application, Kept, Tenant, User};
use crate::idp::Idp;

/// A request for access: by which user and client, to which resource, from which address.
pub(crate) struct AccessContext<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) user: Option<&'a User>,
    pub(crate) client: Option<&'a Application>,
    /// The requested scopes, as far as they are known.
    pub(crate) asked: Option<&'a ScopeRequest>,
    /// The authentication contexts that the token has to satisfy.
    pub(crate) contexts: &'a BTreeSet<String>,
    pub(crate) address: IpAddr,
    /// When the user last authenticated interactively, if it is known.
    pub(crate) authenticated_at: Option<Instant>,
    /// The time and the trace of the request. Without it, report-only policies are not reported.
    pub(crate) request: Option<(Instant, &'a Trace)>,
}

/// No authentication contexts.
pub(crate) static NO_CONTEXTS: BTreeSet<String> = BTreeSet::new();

/// The requirements of the policies.
#[derive(Debug, Default)]
pub(crate) struct Access {
    pub(crate) facts: AccessFacts,
    pub(crate) policies: RefusingPolicies,
    /// Whether the browser stays signed in, if a policy decides it.
    pub(crate) stays_signed_in: Option<bool>,
}

/// The ids of the policies that refuse the request.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RefusingPolicies {
    /// The first policy that blocks access.
    pub(crate) block: Option<Uuid>,
    /// The first policy that requires multifactor authentication.
    pub(crate) second_factor: Option<Uuid>,
}

impl Access {
    fn of(demands: Demands<Uuid>, authenticated_at: Option<Instant>) -> Self {
        let (block, blocked_by) = demands.blocked_by.unzip();
        Self {
            facts: AccessFacts {
                blocked_by,
                authenticated_at: authenticated_at.filter(|_| demands.sign_in_frequency.is_some()),
                sign_in_frequency: demands.sign_in_frequency,
            },
            policies: RefusingPolicies { block, second_factor: demands.second_factor_by },
            stays_signed_in: demands.stays_signed_in,
        }
    }

    /// Adds the policies' requirement to the other reasons for multifactor authentication.
    pub(crate) fn also(&self, facts: SecondFactorFacts) -> SecondFactorFacts {
        SecondFactorFacts { required: facts.required || self.policies.second_factor.is_some(), ..facts }
    }
}

impl Idp {
    /// Evaluates the policies in force. Reads nothing if the tenant has none.
    pub(crate) async fn access(&self, asking: &AccessContext<'_>) -> Result<Access, StoreError> {
        let Some((user, demands)) = self.demands(asking).await? else { return Ok(Access::default()) };
        self.report(asking, user, &demands).await?;
        Ok(Access::of(demands, asking.authenticated_at))
    }

    async fn demands<'a>(
        &self,
        asking: &AccessContext<'a>,
    ) -> Result<Option<(&'a User, Demands<Uuid>)>, StoreError> {
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
        let by_group = |kept: &Kept<Policy>| kept.says.conditions.users.names_groups();
        let groups = if policies.conditional_access.iter().any(by_group) {
            self.directory.groups_of(asking.tenant.id, user.id).await?
        } else {
            Vec::new()
        };
        let request = AccessRequest {
            user: &user.id.to_string(),
            guest: user.profile.guest,
            groups: &groups,
            applications: &applications,
            contexts: asking.contexts,
            address: asking.address,
        };
        let in_force = policies.conditional_access.iter().map(|kept| (kept.id, &kept.says));
        Ok(Some((user, evaluate(in_force, &policies.places(), &request))))
    }

    /// Records the policies that only report.
    async fn report(
        &self,
        asking: &AccessContext<'_>,
        user: &User,
        demands: &Demands<Uuid>,
    ) -> Result<(), StoreError> {
        let Some((now, trace)) = asking.request.filter(|_| !demands.reported.is_empty()) else {
            return Ok(());
        };
        let reported = ConditionalAccessReported {
            upn: user.upn.clone(),
            client_id: asking.client.map(|client| client.client_id),
            address: asking.address,
            policies: demands.reported.clone(),
        };
        let event = Event::new(asking.tenant.id, now, Subject::user(user.id), trace, reported);
        self.chassis.journal.append(&event).await
    }
}
