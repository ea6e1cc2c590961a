//! The lab events that set a sign-in frequency (one Conditional Access policy for all users and
//! applications) and that begin an outage of the token endpoint.

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, Span};
use outlive_journal::Event;
use outlive_rules::conditional_access::{
    ApplicationCondition, Conditions, FrequencyUnit, Policy, PolicyState, SessionControls, SignInFrequency,
    UserCondition,
};
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{OutageBegan, PolicyChanged};

use crate::directory::{Kept, LASTS_MAX, Outage, OutageKind, Policies, Tenant};
use crate::idp::Idp;

const NAME: &str = "Sign-in frequency of the lab";

/// Replaces the policy by one with this frequency, or removes it if the time is zero.
pub(crate) async fn sign_in_frequency(
    idp: &Idp,
    tenant: &Tenant,
    every: Span,
    now: Instant,
    trace: &Trace,
) -> Result<&'static str, Problem> {
    let mut after = Policies::clone(&tenant.policies);
    after.conditional_access.retain(|policy| policy.says.display_name != NAME);
    if every != Span::from_seconds(0) {
        let says = policy(every)?;
        let id = idp.chassis.random.of(tenant.id).stream("policy-id").uuid();
        after.conditional_access.push(Kept { id, created_at: now, modified_at: None, says });
    }
    let mut change = Change::from(after.replace(&tenant.policies, tenant.id));
    let changed = PolicyChanged {
        policy: None,
        name: NAME.to_owned(),
        state: None,
        sign_in_frequency: Some(every.to_string()),
        actor: None,
    };
    let event = Event::new(tenant.id, now, Subject::tenant(tenant.id), trace, changed);
    change.append(idp.chassis.journal.entry(&event));
    idp.directory.commit(tenant.id, change).await?;
    Ok("sign_in_frequency")
}

/// Begins an outage of the token endpoint, or ends it if the time is zero.
pub(crate) async fn outage(
    idp: &Idp,
    tenant: &Tenant,
    kind: OutageKind,
    lasts: Span,
    now: Instant,
    trace: &Trace,
) -> Result<&'static str, Problem> {
    if !(Span::ZERO..=LASTS_MAX).contains(&lasts) {
        return Err(Problem::bad_request(format!("lasts must be between PT0S and {LASTS_MAX}.")));
    }
    let until = now + lasts;
    let mut after = Policies::clone(&tenant.policies);
    after.outage = (lasts != Span::ZERO).then_some(Outage { kind, until });
    let mut change = Change::from(after.replace(&tenant.policies, tenant.id));
    let error = kind.error();
    let began = OutageBegan { status: error.status, until };
    let event = Event::new(tenant.id, now, Subject::tenant(tenant.id), trace, began);
    change.append(idp.chassis.journal.entry(&event));
    idp.directory.commit(tenant.id, change).await?;
    Ok("token_endpoint_outage")
}

fn policy(every: Span) -> Result<Policy, Problem> {
    let seconds = every.as_seconds();
    let (value, unit) = if seconds % 86_400 == 0 {
        (seconds / 86_400, FrequencyUnit::Days)
    } else {
        (seconds / 3_600, FrequencyUnit::Hours)
    };
    let frequency = SignInFrequency {
        value: u32::try_from(value).ok().filter(|_| seconds % 3_600 == 0),
        unit: Some(unit),
        frequency_interval: None,
        authentication_type: None,
        is_enabled: true,
    };
    let all = || vec!["All".to_owned()];
    let policy = Policy {
        display_name: NAME.to_owned(),
        state: PolicyState::Enabled,
        conditions: Conditions {
            users: UserCondition { include_users: all(), ..UserCondition::default() },
            applications: ApplicationCondition {
                include_applications: all(),
                ..ApplicationCondition::default()
            },
            ..Conditions::default()
        },
        grant_controls: None,
        session_controls: Some(SessionControls {
            sign_in_frequency: Some(frequency),
            persistent_browser: None,
        }),
    };
    match policy.fault() {
        Some(fault) => Err(Problem::bad_request(fault)),
        None => Ok(policy),
    }
}
