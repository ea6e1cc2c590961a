//! Creates, updates, turns on and off, and deletes flows.

use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId, UserId};
use outlive_journal::Event;
use outlive_store::{Change, StoreError};
use outlive_wire::events::{FlowChanged, FlowCreated, FlowDeleted, FlowStarted, FlowStopped, FlowSuspended};
use outlive_wire::{JournalEvent, Subject};
use serde_json::{Value, json};

use super::definition_secrets::{self, unreadable};
use super::manual_run::flow_not_found;
use super::mistakes::{Mistake, SaveError};
use super::programs::ACCESS_CONTROL;
use super::selected::Selected;
use super::state::Flows;
use super::subscription_changes::SubscriptionChange;
use super::wanted_identity::WantedIdentity;
use crate::definition::{AccessControl, Definition, Reading};
use crate::ids::FlowId;
use crate::subscription::SubscriptionState;
use crate::tables::flows::{self, FlowRow, FlowState};
use crate::tables::permissions::{self, Permission, Role};
use crate::tables::subscriptions::Subscription;
use crate::tables::{flow_ids, grants_due, lifecycle};

/// The maximum number of flows of an owner.
pub(crate) const FLOWS_PER_OWNER_MAX: i64 = 600;

/// What the call that subscribes to the events of a trigger depends on, in a document.
const TRIGGERS: &str = "/definition/triggers";
const PARAMETERS: &str = "/definition/parameters";
const REFERENCES: &str = "/connectionReferences";

/// A change of a flow; members that are `None` stay as they are.
#[derive(Debug, Default)]
pub(crate) struct FlowEdit {
    pub(crate) display_name: Option<String>,
    pub(crate) definition: Option<Value>,
    pub(crate) references: Option<Value>,
    pub(crate) access_control: Option<Value>,
    pub(crate) state: Option<FlowState>,
    pub(crate) identity: Option<WantedIdentity>,
    /// What is wrong with the other members.
    pub(crate) mistakes: Vec<Mistake>,
}

pub(crate) struct Saved {
    pub(crate) flow: FlowRow,
    pub(crate) document: Value,
    pub(crate) subscription: Option<Subscription>,
    pub(crate) created: bool,
}

/// The user who calls, with trace and time.
#[derive(Clone, Copy)]
pub(crate) struct Actor<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    /// The sign-in name and the display name; empty if the token does not contain them.
    pub(crate) address: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) trace: &'a Trace,
    pub(crate) now: Instant,
}

impl Actor<'_> {
    /// Returns the permission that gives the caller a role.
    fn permission(&self, role: Role) -> Permission {
        let (address, display_name) = (self.address.to_owned(), self.display_name.to_owned());
        Permission { principal: self.user, role, address, display_name }
    }
}

impl Flows {
    /// Reads the document of a flow, as saved.
    pub(crate) async fn document(&self, tenant: TenantId, flow: &FlowRow) -> Result<Value, Problem> {
        let stored = flows::find_document(&self.chassis.store, tenant, flow.id, flow.version).await?;
        let stored = stored.ok_or_else(|| flow_not_found(flow.id))?;
        self.open_document(tenant, stored).map_err(|_| unreadable(flow.id))
    }

    pub(crate) async fn create(
        &self,
        actor: &Actor<'_>,
        id: FlowId,
        edit: FlowEdit,
    ) -> Result<Saved, SaveError> {
        if flows::count(&self.chassis.store, actor.tenant, actor.user).await? >= FLOWS_PER_OWNER_MAX {
            let message = format!("You already own {FLOWS_PER_OWNER_MAX} flows. Delete one first.");
            return Err(Problem::new(StatusCode::CONFLICT, "FlowLimitReached", message).into());
        }
        let Some(definition) = edit.definition else {
            return Err(Problem::bad_request("properties.definition is required.").into());
        };
        if flow_ids::exists(&self.chassis.store, actor.tenant, id).await? {
            return Err(id_already_used(id).into());
        }
        let mut document = json!({"definition": definition, "connectionReferences": edit.references.unwrap_or_else(|| json!({}))});
        if let Some(access) = edit.access_control {
            document[ACCESS_CONTROL] = access;
        }
        let mut mistakes = edit.mistakes;
        mistakes.extend(definition_secrets::restore(&mut document["definition"], &Value::Null));
        let access = self.check_access_control(&document, &mut mistakes);
        let reading = Reading::of(&document["definition"], &document["connectionReferences"]);
        let (selected, found) = self.check(actor, &reading, &Selected::default(), &[actor.user]).await;
        mistakes.extend(found);
        let parsed = valid(reading, mistakes)?;
        selected.write(&mut document);
        let display_name = edit.display_name.unwrap_or_else(|| "Untitled".to_owned());
        if let Some(wanted) = &edit.identity {
            self.set_identity(actor, (id, &display_name), wanted, &mut document).await?;
        }
        let mut flow = FlowRow {
            id,
            owner: actor.user,
            display_name,
            state: edit.state.unwrap_or(FlowState::Started),
            version: 1,
            created: actor.now,
            changed: actor.now,
            anchor: actor.now,
            next_due: None,
            revision: 1,
            suspension: None,
            triggered: None,
        };
        schedule(&mut flow, &parsed, actor.now);
        let mut change = Change::from(flow_ids::insert(actor.tenant, id));
        change.add(flows::insert(actor.tenant, &flow));
        change.add(permissions::upsert(actor.tenant, id, flow.created, &actor.permission(Role::Owner)));
        let stored = self.seal_document(actor.tenant, &document);
        change.add(flows::insert_document(actor.tenant, id, 1, stored));
        change.add(grants_due::insert(actor.tenant, id, 1));
        change.append(self.after_turning_on(actor.tenant, &flow, actor.now).await?);
        let change_of = SubscriptionChange::of(None, &flow, &parsed, true);
        for statement in change_of.statements(actor.tenant, &flow, flow.revision, actor.now) {
            change.add(statement);
        }
        change.append(self.entry(actor, FlowChange::Created, &flow));
        self.chassis.store.commit(change).await.map_err(|error| match error {
            StoreError::Conflict { statement: 0 } => id_already_used(id),
            error => error.into(),
        })?;
        self.programs.keep((actor.tenant, id, 1), parsed, selected, access, &document);
        self.grant_access(&actor.context(), id).await;
        self.call_subscriptions((actor.tenant, id), SubscriptionState::Subscribing, actor.trace, actor.now)
            .await?;
        let subscription = self.subscription(actor.tenant, id).await?;
        Ok(Saved { flow, document, subscription, created: true })
    }

    /// Updates a flow. A new definition, or turning the flow on, restarts its recurrence. Both
    /// grant the flow access to its connections, also if nothing changes.
    pub(crate) async fn update(
        &self,
        actor: &Actor<'_>,
        before: FlowRow,
        edit: FlowEdit,
    ) -> Result<Saved, SaveError> {
        let written = match self.document(actor.tenant, &before).await {
            // A whole definition replaces one that cannot be read.
            Err(problem) if problem.status == StatusCode::CONFLICT && edit.definition.is_some() => json!({}),
            read => read?,
        };
        let mut document = written.clone();
        let grants =
            edit.references.is_some() || edit.definition.is_some() || edit.state == Some(FlowState::Started);
        let sets_access = edit.access_control.is_some();
        for (member, value) in [
            ("definition", edit.definition),
            ("connectionReferences", edit.references),
            (ACCESS_CONTROL, edit.access_control),
        ] {
            if let Some(value) = value {
                document[member] = value;
            }
        }
        // A flow that never had one stays as it was saved.
        if let Some(map) =
            document.as_object_mut().filter(|map| map.get(ACCESS_CONTROL) == Some(&Value::Null))
        {
            map.remove(ACCESS_CONTROL);
        }
        let mut mistakes = edit.mistakes;
        mistakes.extend(definition_secrets::restore(&mut document["definition"], &written["definition"]));
        // What was saved stays valid if the addresses of the identity provider change.
        let access = if sets_access {
            self.check_access_control(&document, &mut mistakes)
        } else {
            AccessControl::restore(&document[ACCESS_CONTROL])
        };
        let reading = Reading::of(&document["definition"], &document["connectionReferences"]);
        let mut selected = Selected::of(&written);
        if grants {
            let owners = self.owners(actor.tenant, &before).await?;
            let found;
            (selected, found) = self.check(actor, &reading, &selected, &owners).await;
            mistakes.extend(found);
            selected.write(&mut document);
        }
        let parsed = valid(reading, mistakes)?;
        if let Some(wanted) = &edit.identity {
            let name = edit.display_name.as_deref().unwrap_or(&before.display_name);
            self.set_identity(actor, (before.id, name), wanted, &mut document).await?;
        }
        let rewritten = document != written;
        let mut flow = before.clone();
        flow.display_name = edit.display_name.unwrap_or(flow.display_name);
        flow.state = edit.state.unwrap_or(flow.state);
        let renamed = flow.display_name != before.display_name;
        let of = (actor.tenant, flow.id);
        let is_affected = [TRIGGERS, PARAMETERS, REFERENCES].into_iter().any(|member| {
            let (written, now) = (written.pointer(member), document.pointer(member));
            written.unwrap_or(&Value::Null) != now.unwrap_or(&Value::Null)
        });
        let change_of = SubscriptionChange::of(Some(before.state), &flow, &parsed, is_affected);
        if !rewritten && !renamed && flow.state == before.state {
            if grants {
                // Recorded as due first, as with a change: so a save or a deletion at the same time
                // is noticed, and the report is made up for after a crash.
                let mut change = Change::from(grants_due::insert(actor.tenant, flow.id, flow.version));
                if change_of == SubscriptionChange::Keep {
                    for statement in change_of.statements(actor.tenant, &flow, flow.revision, actor.now) {
                        change.add(statement);
                    }
                }
                self.chassis.store.commit(change).await?;
                self.grant_access(&actor.context(), flow.id).await;
                self.call_subscriptions(of, SubscriptionState::Subscribing, actor.trace, actor.now).await?;
            }
            let subscription = self.subscription(actor.tenant, flow.id).await?;
            return Ok(Saved { flow, document, subscription, created: false });
        }
        flow.version += i64::from(rewritten);
        flow.changed = actor.now;
        let rescheduled = rewritten || flow.state != before.state;
        if rescheduled {
            schedule(&mut flow, &parsed, actor.now);
        }
        let mut change = Change::from(flows::update(actor.tenant, &flow, rescheduled));
        if flow.state != before.state {
            flow.suspension = None;
            change.add(lifecycle::delete_all(actor.tenant, flow.id));
            change.append(self.after_turning_on(actor.tenant, &flow, actor.now).await?);
        }
        if rewritten {
            let stored = self.seal_document(actor.tenant, &document);
            change.add(flows::insert_document(actor.tenant, flow.id, flow.version, stored));
            change.add(flows::delete_unused_documents(actor.tenant, flow.id, flow.version));
        }
        if grants {
            change.add(grants_due::insert(actor.tenant, flow.id, flow.version));
        }
        for statement in change_of.statements(actor.tenant, &flow, flow.revision + 1, actor.now) {
            change.add(statement);
        }
        let kind = match (flow.state == before.state, flow.state) {
            (true, _) => FlowChange::Changed,
            (false, FlowState::Started) => FlowChange::Started,
            (false, FlowState::Stopped) => FlowChange::Stopped,
            (false, FlowState::Suspended) => FlowChange::Suspended,
        };
        change.append(self.entry(actor, kind, &flow));
        self.chassis.store.commit(change).await?;
        if rewritten {
            let key = (actor.tenant, flow.id, flow.version);
            self.programs.keep(key, parsed, selected, access, &document);
        }
        // The connection of the subscription before may be one that the flow loses.
        self.call_subscriptions(of, SubscriptionState::Unsubscribing, actor.trace, actor.now).await?;
        if grants {
            self.grant_access(&actor.context(), flow.id).await;
        }
        self.call_subscriptions(of, SubscriptionState::Subscribing, actor.trace, actor.now).await?;
        let subscription = self.subscription(actor.tenant, flow.id).await?;
        Ok(Saved { flow, document, subscription, created: false })
    }

    /// Returns who may call the trigger, and records what is wrong with `accessControl`.
    fn check_access_control(&self, document: &Value, mistakes: &mut Vec<Mistake>) -> AccessControl {
        match AccessControl::read(&document[ACCESS_CONTROL], &self.config.issuer_origins) {
            Ok(access) => access,
            Err(errors) => {
                mistakes.extend(errors.into_property_mistakes());
                AccessControl::default()
            }
        }
    }

    pub(super) fn entry(&self, actor: &Actor<'_>, kind: FlowChange, flow: &FlowRow) -> Change {
        let payload = kind.payload(flow, actor.user);
        let event = Event::new(actor.tenant, actor.now, Subject::flow(flow.id), actor.trace, payload);
        self.chassis.journal.entry(&event)
    }
}

/// The change that a user made.
#[derive(Clone, Copy)]
pub(super) enum FlowChange {
    Created,
    Changed,
    Started,
    Stopped,
    Suspended,
    Deleted,
}

impl FlowChange {
    fn payload(self, flow: &FlowRow, user: UserId) -> JournalEvent {
        let (display_name, state) = (flow.display_name.clone(), flow.state.name().to_owned());
        let (version, next_due) = (flow.version, flow.next_due);
        match self {
            Self::Created => FlowCreated { display_name, state, version, user, next_due }.into(),
            Self::Changed => FlowChanged { display_name, state, version, user, next_due }.into(),
            Self::Started => FlowStarted { display_name, state, version, user, next_due }.into(),
            Self::Stopped => FlowStopped { display_name, state, version, user, next_due }.into(),
            Self::Deleted => FlowDeleted { display_name, state, version, user, next_due }.into(),
            Self::Suspended => FlowSuspended {
                reason: None,
                suspension_reason: None,
                display_name: Some(display_name),
                state: Some(state),
                version: Some(version),
                user: Some(user),
                next_due,
            }
            .into(),
        }
    }
}

/// Returns the definition, if there are no mistakes.
fn valid(reading: Reading, others: Vec<Mistake>) -> Result<Definition, SaveError> {
    match reading.definition {
        Ok(definition) if others.is_empty() => Ok(definition),
        Ok(_) => Err(SaveError::Mistakes(others)),
        Err(errors) => {
            let mut all: Vec<_> = errors.into_mistakes().chain(others).collect();
            all.sort_by_key(Mistake::rank);
            Err(SaveError::Mistakes(all))
        }
    }
}

fn id_already_used(id: FlowId) -> Problem {
    Problem::conflict(format!(
        "The id '{id}' is or was the id of another flow and cannot be reused. Choose another id, or POST to …/flows."
    ))
}

/// Sets when the flow is next due, from `now`.
fn schedule(flow: &mut FlowRow, definition: &Definition, now: Instant) {
    flow.anchor = now;
    flow.next_due = None;
    if let (FlowState::Started, Some(recurrence)) = (flow.state, definition.trigger.recurrence()) {
        flow.anchor = recurrence.anchor(now);
        flow.next_due =
            Some(recurrence.first_at_or_after(flow.anchor, now)).filter(|due| *due < Instant::MAX);
    }
}
