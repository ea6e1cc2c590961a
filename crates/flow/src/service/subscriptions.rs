//! The subscriptions of webhook triggers. What has to be called is committed with the change of the
//! flow, and made up for with the tenant's due work after a crash: one call can be made twice.

use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Statement;
use outlive_wire::events::{FlowSubscribed, FlowSubscriptionFailed, FlowUnsubscribed};
use outlive_wire::{JournalEvent, Subject};

use super::access_keys::{CALLBACK_VERSION, KeyType, SIGNATURE_VERSION, SignedParts};
use super::execution::identity;
use super::programs::Program;
use super::state::Flows;
use crate::definition::TriggerKind;
use crate::engine::{self, Context, Failure, Outcome};
use crate::ids::{FlowId, run_name};
use crate::paths::workflow_path;
use crate::retry::RetryPolicy;
use crate::subscription::{self, Concluded, SubscriptionState};
use crate::tables::subscription_calls::{self, SUBSCRIBE, SubscriptionCall, UNSUBSCRIBE};
use crate::tables::subscriptions::{self, Subscription, Update};

impl Flows {
    /// Returns the subscription of a flow's trigger.
    pub(crate) async fn subscription(
        &self,
        tenant: TenantId,
        flow: FlowId,
    ) -> Result<Option<Subscription>, Problem> {
        let list = subscriptions::list(&self.chassis.store, tenant, flow).await?;
        Ok(list.into_iter().next_back())
    }

    /// Makes the calls for the subscriptions of a flow that are in this state and due. What goes
    /// wrong with a call is recorded.
    pub(super) async fn call_subscriptions(
        &self,
        (tenant, flow): (TenantId, FlowId),
        state: SubscriptionState,
        trace: &Trace,
        now: Instant,
    ) -> Result<(), Problem> {
        for one in subscriptions::list(&self.chassis.store, tenant, flow).await? {
            if one.state == state && one.due.is_some_and(|due| due <= now) {
                self.call_subscription((tenant, flow, one.number), trace, now).await?;
            }
        }
        Ok(())
    }

    /// Makes the call for a subscription, if it is still due.
    pub(super) async fn call_subscription(
        &self,
        (tenant, flow, number): (TenantId, FlowId, i64),
        trace: &Trace,
        now: Instant,
    ) -> Result<(), Problem> {
        let _one_at_a_time = self.executing.lock((tenant, flow, format!("subscription/{number}"))).await;
        let store = &self.chassis.store;
        let found = subscriptions::find(store, tenant, flow, number).await?;
        let is_due = |one: &Subscription| one.due.is_some_and(|due| due <= now);
        let Some(one) = found.filter(is_due) else { return Ok(()) };
        match store.commit(subscriptions::claim(tenant, &one, &self.claimant())).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let program = self.definition(tenant, flow, one.version).await?;
        let (concluded, location, has_answered) = match &program {
            Some(program) => self.conclude_call(tenant, &one, program, trace, now).await?,
            None => {
                let failure = Failure::new("TriggerNotAvailable", "The definition cannot be read.");
                let ended = one.state == SubscriptionState::Unsubscribing;
                let concluded =
                    if ended { Concluded::Ended(Some(failure)) } else { Concluded::Refused(failure) };
                (concluded, None, true)
            }
        };
        let location = location.or_else(|| one.location.clone());
        let mut update = Update {
            state: one.state,
            is_open: !has_answered || concluded.failure().is_none(),
            location: location.as_deref(),
            error: concluded.failure(),
            due: concluded.due(now),
        };
        let mut change = match &concluded {
            Concluded::Ended(_) => subscriptions::delete(tenant, &one),
            Concluded::Subscribed => {
                update.state = SubscriptionState::Subscribed;
                subscriptions::update(tenant, &one, update).into()
            }
            Concluded::Refused(_) => {
                update.state = SubscriptionState::Failed;
                subscriptions::update(tenant, &one, update).into()
            }
            Concluded::Again(..) => subscriptions::update(tenant, &one, update).into(),
        };
        let trigger = program.map_or_else(String::new, |program| program.trigger.name.clone());
        for statement in self.record_call(tenant, &one, &trigger, &concluded, (trace, now)) {
            change.add(statement);
        }
        let event = Event::new(
            tenant,
            now,
            Subject::flow(flow),
            trace,
            payload(trigger, one.state, &concluded, concluded.due(now)),
        );
        change.append(self.chassis.journal.entry(&event));
        // The access of a deleted flow is withdrawn after its last call.
        self.reported.lock().remove(&tenant);
        match store.commit(change).await {
            Ok(()) => Ok(()),
            // Another replica took over, and records what comes of its call.
            Err(error) if error.is_conflict() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the call. Returns what it changes, the address that the service gave, and whether the
    /// service has answered.
    async fn conclude_call(
        &self,
        tenant: TenantId,
        one: &Subscription,
        program: &Program,
        trace: &Trace,
        now: Instant,
    ) -> Result<(Concluded, Option<String>, bool), Problem> {
        let flow = one.flow;
        let url = match self.trigger_url(tenant, flow, &program.trigger.name).await {
            Ok(url) => url,
            // The keys cannot be read. What the service located can still be deleted.
            Err(lost) if lost.status == StatusCode::CONFLICT => {
                if one.state != SubscriptionState::Unsubscribing {
                    let failure = Failure::new("CallbackUrlNotAvailable", lost.message);
                    return Ok((Concluded::Refused(failure), None, true));
                }
                String::new()
            }
            Err(problem) => return Err(problem),
        };
        let random = self.chassis.random.of(tenant);
        let run = identity(tenant, flow, "");
        let draw = || random.stream("expression").next_u64();
        let evaluated = {
            let context = Context::new(now, &run, &draw);
            match one.state {
                SubscriptionState::Unsubscribing => {
                    let location = one.location.as_deref();
                    engine::end_subscription(program, &url, location, &context).map(Ok)
                }
                _ => Some(engine::subscribe(program, &url, &context)),
            }
        };
        let inputs = match evaluated {
            // Nothing has to be called.
            None => return Ok((Concluded::Ended(None), None, true)),
            Some(Err(failure)) => return Ok((Concluded::Refused(failure), None, true)),
            Some(Ok(inputs)) => inputs,
        };
        let maker = self.maker_for_lookup(tenant, flow, program).await?;
        let workflow = program.workflow((tenant, flow), maker, None, (trace, now));
        let mut outcome: Outcome = self.hub.call(&workflow, self, &inputs).await;
        let location = engine::shown_outcome(program, &mut outcome);
        let has_answered = outcome.outputs.is_some();
        let policy = match &program.trigger.kind {
            TriggerKind::Webhook(Some(call)) => *call.retry(),
            _ => RetryPolicy::default(),
        };
        let policy = policy.in_profile(self.retry_profile(tenant, flow).await?);
        let mut draw = random.stream("retry");
        let concluded = subscription::conclude(one.state, outcome, one.retries, &policy, &mut draw);
        Ok((concluded, location, has_answered))
    }

    /// Returns the signed address to which a service posts the events of a trigger.
    async fn trigger_url(&self, tenant: TenantId, flow: FlowId, trigger: &str) -> Result<String, Problem> {
        let permission = format!("/triggers/{trigger}/run");
        let keys = self.access_keys_or_new(tenant, flow).await?;
        let parts = SignedParts { permission: &permission, expiry: None };
        let signature = keys.sign((tenant, flow), parts, KeyType::Primary);
        let queries = [
            ("api-version", CALLBACK_VERSION),
            ("sp", &permission),
            ("sv", SIGNATURE_VERSION),
            ("sig", &signature),
        ];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(queries).finish();
        let path = workflow_path(tenant, flow, trigger);
        Ok(format!("{}{path}?{query}", self.chassis.origins.public()))
    }

    /// Returns the statements that record a call in the history of the trigger.
    fn record_call(
        &self,
        tenant: TenantId,
        one: &Subscription,
        trigger: &str,
        concluded: &Concluded,
        (trace, now): (&Trace, Instant),
    ) -> [Statement; 2] {
        let is_ending = one.state == SubscriptionState::Unsubscribing;
        let call = SubscriptionCall {
            name: run_name(now, &mut self.chassis.random.of(tenant).stream("run-name")),
            runs: 0,
            trigger: trigger.to_owned(),
            operation: if is_ending { UNSUBSCRIBE } else { SUBSCRIBE }.to_owned(),
            at: now,
            error: concluded.failure().cloned(),
            trace: trace.trace_id.to_string(),
        };
        subscription_calls::insert(tenant, one.flow, &call)
    }
}

/// Returns the event of a call.
fn payload(
    trigger: String,
    state: SubscriptionState,
    concluded: &Concluded,
    retry_due: Option<Instant>,
) -> JournalEvent {
    let is_ending = state == SubscriptionState::Unsubscribing;
    match concluded.failure() {
        None if is_ending => FlowUnsubscribed { trigger }.into(),
        None => FlowSubscribed { trigger }.into(),
        Some(failure) => FlowSubscriptionFailed {
            trigger,
            is_ending,
            code: failure.code.clone(),
            message: failure.message.clone(),
            retry_due,
        }
        .into(),
    }
}
