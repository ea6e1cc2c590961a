//! Deletes flows.

use outlive_chassis::Problem;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;

use super::due_work::ended_early;
use super::manual_run::flow_not_found;
use super::saving::{Actor, FlowChange};
use super::state::Flows;
use crate::status::RunStatus;
use crate::subscription::SubscriptionState;
use crate::tables::flows::{self, FlowRow};
use crate::tables::{
    flow_ids, grants_due, lifecycle, permissions, run_lists, subscription_calls, subscriptions,
};

impl Flows {
    /// Deletes a flow with its runs. The journal records those that had not ended as cancelled.
    pub(crate) async fn delete(&self, actor: &Actor<'_>, flow: &FlowRow) -> Result<(), Problem> {
        // A flow whose document cannot be read can be deleted, too.
        if let Ok(document) = self.document(actor.tenant, flow).await {
            self.remove_identity(actor, flow.id, &document).await?;
        }
        let subscribed = self.subscribed_runs(actor.tenant, flow.id, actor.now).await?;
        let mut change = Change::new();
        for statement in subscriptions::end(actor.tenant, flow.id, actor.now) {
            change.add(statement);
        }
        for run in run_lists::list_active(&self.chassis.store, actor.tenant, flow.id).await? {
            let payload = ended_early(flow.id, run.due, RunStatus::Cancelled, "FlowDeleted".to_owned());
            let event = Event::new(actor.tenant, actor.now, Subject::run(&run.name), &run.trace, payload);
            change.append(self.chassis.journal.entry(&event));
        }
        for statement in flows::delete(actor.tenant, flow.id) {
            change.add(statement);
        }
        change.add(permissions::delete_all(actor.tenant, flow.id));
        change.add(lifecycle::delete_all(actor.tenant, flow.id));
        change.add(subscription_calls::delete_all(actor.tenant, flow.id));
        for statement in subscriptions::delete_remains(actor.tenant, flow.id) {
            change.add(statement);
        }
        change.add(flow_ids::mark_deleted(actor.tenant, flow.id));
        change.add(grants_due::delete_all(actor.tenant, flow.id));
        change.append(self.entry(actor, FlowChange::Deleted, flow));
        self.chassis.store.commit(change).await.map_err(|error| {
            if error.is_conflict() { flow_not_found(flow.id) } else { Problem::from(error) }
        })?;
        for (run, program, mut state) in subscribed {
            self.unsubscribe(actor.tenant, &run, &program, &mut state, actor.trace, actor.now).await?;
        }
        let of = (actor.tenant, flow.id);
        self.call_subscriptions(of, SubscriptionState::Unsubscribing, actor.trace, actor.now).await?;
        self.report_all(actor.tenant, actor.trace, actor.now).await;
        Ok(())
    }
}
