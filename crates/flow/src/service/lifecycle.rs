//! Turns flows off by the rules of their lifecycle.

use outlive_chassis::{ClockReading, Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::{Change, Statement};
use outlive_wire::Subject;
use outlive_wire::events::{FlowExpiryAnnounced, FlowSuspended};

use super::state::Flows;
use crate::ids::FlowId;
use crate::lifecycle::Rule;
use crate::lifecycle::failing::Outcome;
use crate::lifecycle::idle::{self, IDLE_MAX, Idle, expires};
use crate::status::RunStatus;
use crate::subscription::SubscriptionState;
use crate::tables::flows::{self, FlowRow, FlowState};
use crate::tables::mails::{self, Mail};
use crate::tables::{lifecycle, permissions, plans, subscriptions};

impl Flows {
    /// Returns what the end of a run changes.
    pub(super) async fn after_run(
        &self,
        tenant: TenantId,
        flow: FlowId,
        status: RunStatus,
        now: Instant,
    ) -> Result<Change, Problem> {
        self.after(tenant, flow, (Rule::FailingActions, status.into()), now).await
    }

    /// Returns what it changes that a trigger looked for events.
    pub(super) async fn after_trigger(
        &self,
        tenant: TenantId,
        flow: FlowId,
        outcome: Outcome,
        now: Instant,
    ) -> Result<Change, Problem> {
        self.after(tenant, flow, (Rule::FailingTrigger, outcome), now).await
    }

    /// Returns what an outcome changes: a failure counts, a success ends the failures.
    async fn after(
        &self,
        tenant: TenantId,
        flow: FlowId,
        (rule, outcome): (Rule, Outcome),
        now: Instant,
    ) -> Result<Change, Problem> {
        Ok(match outcome {
            Outcome::Neither => Change::new(),
            Outcome::Succeeded => {
                if !self.streaks.may_contain(&self.chassis.store, tenant, flow, rule).await? {
                    return Ok(Change::new());
                }
                lifecycle::delete(tenant, flow, rule).into()
            }
            Outcome::Failed => {
                self.streaks.note(tenant, flow, rule);
                lifecycle::count_failure(tenant, flow, rule, now).into()
            }
        })
    }

    /// Does what a rule requires of a flow at `now`, if it is still due.
    pub(super) async fn apply_rule(
        &self,
        tenant: TenantId,
        flow: FlowId,
        rule: Rule,
        time: ClockReading,
    ) -> Result<(), Problem> {
        let now = time.now;
        let store = &self.chassis.store;
        let row = flows::find(store, tenant, flow).await?;
        let row = row.filter(|row| row.state == FlowState::Started);
        let warning = match rule {
            Rule::Idle => lifecycle::find_warning(store, tenant, flow, rule).await?,
            Rule::FailingTrigger | Rule::FailingActions => None,
        };
        let change = match (&row, warning) {
            (Some(row), Some(warning)) => self.check_idle(tenant, row, warning, now).await?,
            (row, _) => self.turn_off_due((tenant, flow), row.as_ref(), rule, now).await?,
        };
        match self.chassis.store.commit(change).await {
            Ok(()) => {
                let trace = self.chassis.begin_trace(tenant, time);
                let of = (tenant, flow);
                self.call_subscriptions(of, SubscriptionState::Unsubscribing, &trace, now).await
            }
            // The flow succeeded or was turned off, or another replica did it.
            Err(error) if error.is_conflict() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns what happens to a flow that may be idle, which counts since an instant and about
    /// which its owners may have been warned.
    async fn check_idle(
        &self,
        tenant: TenantId,
        flow: &FlowRow,
        (since, warned): (Instant, Option<Instant>),
        now: Instant,
    ) -> Result<Change, Problem> {
        let active = flow.triggered.map_or(since, |triggered| triggered.max(since));
        match idle::decide(active, warned, now) {
            Idle::Wait(until) => {
                let warned = warned.filter(|warned| active <= *warned);
                Ok(lifecycle::postpone(tenant, flow.id, Rule::Idle, (warned, until), now).into())
            }
            Idle::Warn(until) => {
                let postponed = lifecycle::postpone(tenant, flow.id, Rule::Idle, (Some(now), until), now);
                let mut change = Change::from(postponed);
                change.append(self.announce(tenant, flow, (active, until), now).await?);
                Ok(change)
            }
            Idle::TurnOff => self.turn_off_due((tenant, flow.id), Some(flow), Rule::Idle, now).await,
        }
    }

    /// Returns the change that ends what is due, and turns the flow off if it is on.
    async fn turn_off_due(
        &self,
        (tenant, flow): (TenantId, FlowId),
        row: Option<&FlowRow>,
        rule: Rule,
        now: Instant,
    ) -> Result<Change, Problem> {
        let mut change = Change::from(lifecycle::take_due(tenant, flow, rule, now));
        if let Some(row) = row {
            change.append(self.turn_off(tenant, row, rule, now).await?);
        }
        Ok(change)
    }

    /// Returns what it changes that a flow was turned on or off: if it is on, and its owner has a
    /// plan by which flows expire, it is checked later.
    pub(super) async fn after_turning_on(
        &self,
        tenant: TenantId,
        flow: &FlowRow,
        now: Instant,
    ) -> Result<Change, Problem> {
        let is_on = flow.state == FlowState::Started;
        if !is_on {
            return Ok(Change::new());
        }
        if plans::find(&self.chassis.store, tenant, flow.owner).await?.is_some_and(expires) {
            return Ok(lifecycle::insert(tenant, flow.id, Rule::Idle, (now, now + IDLE_MAX)).into());
        }
        Ok(Change::new())
    }

    /// Returns the change that warns the owners of a flow that is idle since an instant, and turned
    /// off at another.
    async fn announce(
        &self,
        tenant: TenantId,
        flow: &FlowRow,
        (idle_since, turns_off): (Instant, Instant),
        now: Instant,
    ) -> Result<Change, Problem> {
        let mut change = Change::new();
        let payload = FlowExpiryAnnounced { display_name: flow.display_name.clone(), idle_since, turns_off };
        let trace = Trace::begin(&self.chassis.random.of(tenant));
        let event = Event::new(tenant, now, Subject::flow(flow.id), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        let subject = format!("Your flow '{}' will be turned off", flow.display_name);
        let text = format!(
            "Your flow '{}' has not run since {idle_since}. It will be turned off at {turns_off} unless its trigger \
             starts a run before.",
            flow.display_name
        );
        for statement in self.mails_to_owners(tenant, flow.id, (&subject, &text), now).await? {
            change.add(statement);
        }
        Ok(change)
    }

    /// Returns the change that turns a flow off and notifies its owners.
    async fn turn_off(
        &self,
        tenant: TenantId,
        flow: &FlowRow,
        rule: Rule,
        now: Instant,
    ) -> Result<Change, Problem> {
        let mut change = Change::from(flows::turn_off(tenant, flow.id, rule.reason(), now));
        change.add(lifecycle::delete_all(tenant, flow.id));
        for statement in subscriptions::end(tenant, flow.id, now) {
            change.add(statement);
        }
        let payload = FlowSuspended {
            reason: Some(rule.explanation().to_owned()),
            suspension_reason: Some(rule.reason().to_owned()),
            display_name: Some(flow.display_name.clone()),
            state: Some(FlowState::Suspended.name().to_owned()),
            version: Some(flow.version),
            user: None,
            next_due: None,
        };
        let trace = Trace::begin(&self.chassis.random.of(tenant));
        let event = Event::new(tenant, now, Subject::flow(flow.id), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        let subject = format!("Your flow '{}' was turned off", flow.display_name);
        let text = format!(
            "Your flow '{}' was turned off because {}. {}",
            flow.display_name,
            rule.explanation(),
            rule.remedy()
        );
        for statement in self.mails_to_owners(tenant, flow.id, (&subject, &text), now).await? {
            change.add(statement);
        }
        Ok(change)
    }

    /// Returns the statements that send a mail to each owner of a flow.
    async fn mails_to_owners(
        &self,
        tenant: TenantId,
        flow: FlowId,
        (subject, text): (&str, &str),
        now: Instant,
    ) -> Result<Vec<Statement>, Problem> {
        let random = self.chassis.random.of(tenant);
        let users = permissions::list(&self.chassis.store, tenant, flow).await?;
        let owners = users.into_iter().filter(|user| user.role.owns());
        let statements = owners.flat_map(|owner| {
            let to = if owner.address.is_empty() { owner.principal.to_string() } else { owner.address };
            let mail = Mail { at: now, to, subject: subject.to_owned(), text: text.to_owned() };
            mails::insert(tenant, random.stream("mail-id").uuid().to_string(), &mail)
        });
        Ok(statements.collect())
    }
}
