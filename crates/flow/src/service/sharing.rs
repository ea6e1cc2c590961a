//! Who may use a flow: owners, co-owners and run-only users.

use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{TenantId, UserId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{FlowShared, FlowUnshared};

use super::manual_run::flow_not_found;
use super::saving::Actor;
use super::state::Flows;
use crate::ids::FlowId;
use crate::tables::flows::{self, FlowRow};
use crate::tables::grants_due;
use crate::tables::permissions::{self, Permission, Role};

/// The maximum number of users of a flow.
const USERS_MAX: usize = 100;

/// A change of who may use a flow.
#[derive(Debug, Default)]
pub(crate) struct SharingEdit {
    /// Permissions to add or replace.
    pub(crate) put: Vec<Permission>,
    /// The users whose permissions end.
    pub(crate) delete: Vec<UserId>,
}

impl Flows {
    /// Reads a flow of which the caller is owner or co-owner. Other flows are reported as not
    /// found.
    pub(crate) async fn find_own(&self, actor: &Actor<'_>, id: FlowId) -> Result<FlowRow, Problem> {
        let (flow, role) = self.find_usable(actor, id).await?;
        if role.owns() { Ok(flow) } else { Err(only_to_run()) }
    }

    /// Reads a flow that the caller may at least run, and the caller's role.
    pub(crate) async fn find_usable(
        &self,
        actor: &Actor<'_>,
        id: FlowId,
    ) -> Result<(FlowRow, Role), Problem> {
        let found = flows::find_with_role(&self.chassis.store, actor.tenant, id, actor.user).await?;
        let found = found.and_then(|(flow, role)| Some((flow, role?)));
        found.ok_or_else(|| flow_not_found(id))
    }

    /// Returns the owners of a flow; the first created it.
    pub(super) async fn owners(&self, tenant: TenantId, flow: &FlowRow) -> Result<Vec<UserId>, Problem> {
        let users = permissions::list(&self.chassis.store, tenant, flow.id).await?;
        let co_owners = users.into_iter().filter(|user| user.role == Role::CanEdit);
        Ok(std::iter::once(flow.owner).chain(co_owners.map(|user| user.principal)).collect())
    }

    /// Adds and removes users of a flow. Its access to connections follows.
    pub(crate) async fn share(
        &self,
        actor: &Actor<'_>,
        flow: &FlowRow,
        edit: SharingEdit,
    ) -> Result<Vec<Permission>, Problem> {
        let tenant = actor.tenant;
        let SharingEdit { put, delete } = edit;
        if put
            .iter()
            .map(|permission| permission.principal)
            .chain(delete.iter().copied())
            .any(|user| user == flow.owner)
        {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "FlowOwnerCannotBeChanged",
                "The user who created the flow remains its owner. Change the other users.",
            ));
        }
        let before = permissions::list(&self.chassis.store, tenant, flow.id).await?;
        let mut after = before.clone();
        after.retain(|known| !delete.contains(&known.principal));
        for permission in put {
            match after.iter_mut().find(|known| known.principal == permission.principal) {
                Some(known) => *known = permission,
                None => after.push(permission),
            }
        }
        if after.len() > USERS_MAX {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "FlowUserLimitReached",
                format!("A flow has at most {USERS_MAX} owners and run-only users. Remove some first."),
            ));
        }
        if after == before {
            return Ok(after);
        }
        let mut change = Change::from(flows::share(tenant, flow));
        for known in before.iter().filter(|known| !after.iter().any(|user| user.principal == known.principal))
        {
            change.add(permissions::delete(tenant, flow.id, known.principal));
            let payload = FlowUnshared {
                principal: known.principal,
                role: known.role.name().to_owned(),
                user: actor.user,
            };
            let event = Event::new(tenant, actor.now, Subject::flow(flow.id), actor.trace, payload);
            change.append(self.chassis.journal.entry(&event));
        }
        for permission in after.iter().filter(|permission| !before.contains(permission)) {
            change.add(permissions::upsert(tenant, flow.id, flow.created, permission));
            let payload = FlowShared {
                principal: permission.principal,
                role: permission.role.name().to_owned(),
                user: actor.user,
            };
            let event = Event::new(tenant, actor.now, Subject::flow(flow.id), actor.trace, payload);
            change.append(self.chassis.journal.entry(&event));
        }
        change.add(grants_due::insert(tenant, flow.id, flow.version));
        self.chassis.store.commit(change).await?;
        self.grant_access(&actor.context(), flow.id).await;
        Ok(permissions::list(&self.chassis.store, tenant, flow.id).await?)
    }
}

fn only_to_run() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "FlowAccessForbidden",
        "You can run this flow, but only its owners can see or change what it does.",
    )
}
