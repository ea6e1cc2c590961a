//! The lab event that sets a sign-in frequency: one Conditional Access policy for all users and
//! applications.

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, Span};
use outlive_journal::Event;
use outlive_rules::conditional_access::{
    ApplicationCondition, Conditions, FrequencyUnit, Policy, PolicyState, SessionControls, SignInFrequency,
    UserCondition,
};
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::PolicyChanged;

use crate::directory::{Kept, Policies, Tenant};
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
