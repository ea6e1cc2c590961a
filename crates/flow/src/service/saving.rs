//! Creating, changing, turning on and off, and deleting flows.

use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId, UserId};
use outlive_journal::Event;
use outlive_store::{Change, StoreError};
use outlive_wire::events::{FlowChanged, FlowCreated, FlowDeleted, FlowStarted, FlowStopped, FlowSuspended};
use outlive_wire::{JournalEvent, Subject};
use serde_json::{Value, json};

use super::due_work::cut_short;
use super::manual_run::gone;
use super::{Flows, Program, SELECTIONS, selections_of};
use crate::connector::{Occasion, Selections};
use crate::definition::{Definition, DefinitionError, TriggerKind};
use crate::ids::FlowId;
use crate::status::RunStatus;
use crate::tables::flows::{self, FlowRow, FlowState};
use crate::tables::{flow_ids, runs};

/// Most flows one user may own.
pub(crate) const FLOWS_PER_OWNER_MAX: i64 = 600;

/// What a caller wants a flow to be; what is `None` stays as it is.
#[derive(Debug, Default)]
pub(crate) struct FlowEdit {
    pub(crate) display_name: Option<String>,
    pub(crate) definition: Option<Value>,
    pub(crate) references: Option<Value>,
    pub(crate) state: Option<FlowState>,
}

/// A flow as it was saved.
pub(crate) struct Saved {
    pub(crate) flow: FlowRow,
    pub(crate) document: Value,
    pub(crate) created: bool,
}

impl From<DefinitionError> for Problem {
    fn from(error: DefinitionError) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidTemplate",
            format!("The flow's definition is not valid. {error}"),
        )
    }
}

/// Who asks, for what, when.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) trace: &'a Trace,
    pub(crate) now: Instant,
}

impl Flows {
    /// A flow of the asker's own; anybody else's is not there.
    pub(crate) async fn owned(&self, asker: &Asker<'_>, id: FlowId) -> Result<FlowRow, Problem> {
        let flow = flows::read(&self.chassis.store, asker.tenant, id).await?;
        flow.filter(|flow| flow.owner == asker.user).ok_or_else(|| gone(id))
    }

    /// What a flow does, as it was written.
    pub(crate) async fn document(&self, tenant: TenantId, flow: &FlowRow) -> Result<Value, Problem> {
        flows::document(&self.chassis.store, tenant, flow.id, flow.version)
            .await?
            .ok_or_else(|| gone(flow.id))
    }

    /// Creates a flow.
    pub(crate) async fn create(
        &self,
        asker: &Asker<'_>,
        id: FlowId,
        edit: FlowEdit,
    ) -> Result<Saved, Problem> {
        if flows::count(&self.chassis.store, asker.tenant, asker.user).await? >= FLOWS_PER_OWNER_MAX {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "FlowLimitReached",
                format!("You own {FLOWS_PER_OWNER_MAX} flows already; delete one first."),
            ));
        }
        let Some(definition) = edit.definition else {
            return Err(Problem::bad_request(
                "properties.definition is missing; give the flow's definition.",
            ));
        };
        let mut document = json!({"definition": definition, "connectionReferences": edit.references.unwrap_or_else(|| json!({}))});
        let parsed = Definition::read(&document["definition"], &document["connectionReferences"])?;
        let selections = self.select(asker, &parsed, &Selections::new()).await;
        document[SELECTIONS] = json!(selections);
        let mut flow = FlowRow {
            id,
            owner: asker.user,
            display_name: edit.display_name.unwrap_or_else(|| "Untitled".to_owned()),
            state: edit.state.unwrap_or(FlowState::Started),
            version: 1,
            created: asker.now,
            changed: asker.now,
            anchor: asker.now,
            next_due: None,
            revision: 1,
        };
        schedule(&mut flow, &parsed, asker.now);
        let mut change = Change::from(flow_ids::insertion(asker.tenant, id));
        change.add(flows::insertion(asker.tenant, &flow));
        change.add(flows::document_insertion(asker.tenant, id, 1, document.clone()));
        change.append(self.entry(asker, FlowChange::Created, &flow));
        self.chassis.store.commit(change).await.map_err(|error| match error {
            StoreError::Conflict { statement: 0 } => id_was_used(id),
            error => error.into(),
        })?;
        self.keep((asker.tenant, id, 1), Program { definition: parsed, selections });
        Ok(Saved { flow, document, created: true })
    }

    /// Changes a flow. A new definition, or turning it on, begins its recurrence anew.
    pub(crate) async fn change(
        &self,
        asker: &Asker<'_>,
        before: FlowRow,
        edit: FlowEdit,
    ) -> Result<Saved, Problem> {
        let written = self.document(asker.tenant, &before).await?;
        let mut document = written.clone();
        let selects_anew = edit.references.is_some();
        for (member, value) in [("definition", edit.definition), ("connectionReferences", edit.references)] {
            if let Some(value) = value {
                document[member] = value;
            }
        }
        let parsed = Definition::read(&document["definition"], &document["connectionReferences"])?;
        let mut selections = selections_of(&written);
        if selects_anew {
            selections = self.select(asker, &parsed, &selections).await;
            document[SELECTIONS] = json!(selections);
        }
        let rewritten = document != written;
        let mut flow = before.clone();
        flow.display_name = edit.display_name.unwrap_or(flow.display_name);
        flow.state = edit.state.unwrap_or(flow.state);
        let renamed = flow.display_name != before.display_name;
        if !rewritten && !renamed && flow.state == before.state {
            return Ok(Saved { flow, document, created: false });
        }
        flow.version += i64::from(rewritten);
        flow.changed = asker.now;
        let rescheduled = rewritten || flow.state != before.state;
        if rescheduled {
            schedule(&mut flow, &parsed, asker.now);
        }
        let mut change = Change::from(flows::update(asker.tenant, &flow, rescheduled));
        if rewritten {
            change.add(flows::document_insertion(asker.tenant, flow.id, flow.version, document.clone()));
            change.add(flows::documents_tidied(asker.tenant, flow.id, flow.version));
        }
        let kind = match (flow.state == before.state, flow.state) {
            (true, _) => FlowChange::Changed,
            (false, FlowState::Started) => FlowChange::Started,
            (false, FlowState::Stopped) => FlowChange::Stopped,
            (false, FlowState::Suspended) => FlowChange::Suspended,
        };
        change.append(self.entry(asker, kind, &flow));
        self.chassis.store.commit(change).await?;
        if rewritten {
            let program = Program { definition: parsed, selections };
            self.keep((asker.tenant, flow.id, flow.version), program);
        }
        Ok(Saved { flow, document, created: false })
    }

    /// Deletes a flow. Its runs go with it; those that have not ended are cancelled, as the journal remembers.
    pub(crate) async fn delete(&self, asker: &Asker<'_>, flow: &FlowRow) -> Result<(), Problem> {
        let mut change = Change::new();
        for run in runs::unfinished(&self.chassis.store, asker.tenant, flow.id).await? {
            let payload = cut_short(flow.id, run.due, RunStatus::Cancelled, "FlowDeleted".to_owned());
            let event = Event::new(asker.tenant, asker.now, Subject::run(&run.name), &run.trace, payload);
            change.append(self.chassis.journal.entry(&event));
        }
        for statement in flows::removal(asker.tenant, flow.id) {
            change.add(statement);
        }
        change.add(flow_ids::deleted(asker.tenant, flow.id));
        change.append(self.entry(asker, FlowChange::Deleted, flow));
        self.chassis
            .store
            .commit(change)
            .await
            .map_err(|error| if error.is_conflict() { gone(flow.id) } else { Problem::from(error) })?;
        self.report_deleted_flows(asker.tenant, Some(asker.trace), asker.now).await;
        Ok(())
    }

    /// The connections that a flow's maker selects by saving it.
    async fn select(&self, asker: &Asker<'_>, definition: &Definition, before: &Selections) -> Selections {
        let occasion = Occasion { tenant: asker.tenant, trace: asker.trace, now: asker.now };
        self.hub.selections(&occasion, self, asker.user, definition.connection_names(), before).await
    }

    fn entry(&self, asker: &Asker<'_>, kind: FlowChange, flow: &FlowRow) -> Change {
        let payload = kind.payload(flow, asker.user);
        let event = Event::new(asker.tenant, asker.now, Subject::flow(flow.id), asker.trace, payload);
        self.chassis.journal.entry(&event)
    }
}

/// What a user did with a flow.
#[derive(Clone, Copy)]
enum FlowChange {
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

fn id_was_used(id: FlowId) -> Problem {
    Problem::conflict(format!(
        "The id '{id}' is or was the id of another flow, and is not used again. Choose a new one, or POST to …/flows."
    ))
}

/// Sets when the flow is next due, counting from now.
fn schedule(flow: &mut FlowRow, definition: &Definition, now: Instant) {
    flow.anchor = now;
    flow.next_due = None;
    if let (FlowState::Started, TriggerKind::Recurrence(recurrence)) = (flow.state, &definition.trigger.kind)
    {
        flow.anchor = recurrence.anchor(now);
        flow.next_due = Some(recurrence.first_at_or_after(flow.anchor, now));
    }
}
