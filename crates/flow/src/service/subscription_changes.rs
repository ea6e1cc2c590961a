//! What a change of a flow does to the subscription of its trigger: statements that are committed
//! with it.

use outlive_clock::{Instant, TenantId};
use outlive_store::Statement;

use crate::definition::{Definition, TriggerKind};
use crate::tables::flows::{FlowRow, FlowState};
use crate::tables::subscriptions;

/// What a change of a flow does to the subscription of its trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubscriptionChange {
    /// It stays, and is tried again if it failed.
    Keep,
    /// A new one replaces it.
    Replace,
    End,
}

impl SubscriptionChange {
    /// Decides by the flow before and after the change, and by whether the change affects the call
    /// that subscribes.
    pub(super) fn of(before: Option<FlowState>, flow: &FlowRow, of: &Definition, is_affected: bool) -> Self {
        let is_wanted =
            flow.state == FlowState::Started && matches!(of.trigger.kind, TriggerKind::Webhook(_));
        match before {
            _ if !is_wanted => Self::End,
            Some(FlowState::Started) if !is_affected => Self::Keep,
            _ => Self::Replace,
        }
    }

    /// Returns the statements that follow the one that saves the flow with this revision.
    pub(super) fn statements(
        self,
        tenant: TenantId,
        flow: &FlowRow,
        revision: i64,
        now: Instant,
    ) -> Vec<Statement> {
        let mut statements = match self {
            Self::Keep => subscriptions::keep(tenant, flow, now).to_vec(),
            Self::Replace | Self::End => subscriptions::end(tenant, flow.id, now).to_vec(),
        };
        if self != Self::End {
            statements.push(subscriptions::insert(tenant, flow, revision, now));
        }
        statements
    }
}
