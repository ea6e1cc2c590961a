//! Acting on a flow as its owner, at the portal: turning it on or off, running it, sharing it.

use outlive_clock::{Instant, TenantId};
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::{FlowDetails, FlowShare, RunDetails};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fix_connection::{account_of, boxed};
use super::layout::endpoints_of;
use super::{TenantError, Tenants};
use crate::maker::Maker;

/// What the owner does with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnersAction {
    /// Turns it on.
    Start,
    /// Turns it off.
    Stop,
    /// Runs it, whatever its trigger is.
    Run,
}

impl Tenants {
    /// Returns a flow with a page of its run history, by the query parameters of the flow service.
    ///
    /// # Errors
    /// An unknown tenant or flow, or a flow service that does not answer.
    pub async fn flow(
        &self,
        tenant: TenantId,
        flow: Uuid,
        history: &[(&str, String)],
    ) -> Result<FlowDetails, TenantError> {
        self.credentials(tenant).await?;
        Ok(self.surface().flow(tenant, flow, history).await?)
    }

    /// Returns a run of a flow with the inputs and outputs of its actions.
    ///
    /// # Errors
    /// As [`Self::flow`].
    pub async fn flow_run(&self, tenant: TenantId, flow: Uuid, run: &str) -> Result<RunDetails, TenantError> {
        self.credentials(tenant).await?;
        Ok(self.surface().flow_run(tenant, flow, run).await?)
    }

    /// Acts on a flow as its owner.
    ///
    /// # Errors
    /// An unknown tenant or flow, a password that the lab does not know, or a flow service that
    /// refused.
    pub async fn act_on_flow(
        &self,
        tenant: TenantId,
        flow: Uuid,
        action: OwnersAction,
        password: Option<&str>,
    ) -> Result<(), TenantError> {
        let (details, mut maker, now, _) = self.owner_of_flow(tenant, flow, password).await?;
        let verb = match action {
            OwnersAction::Start => "start".to_owned(),
            OwnersAction::Stop => "stop".to_owned(),
            OwnersAction::Run => format!("triggers/{}/run", segment(&details.trigger)),
        };
        maker.post_flow_action(now, &details.id, &verb, None).await.map_err(boxed)
    }

    /// Shares a flow as its owner, or stops to.
    ///
    /// # Errors
    /// As [`Self::act_on_flow`], or a user whom the lab did not make.
    pub async fn share_flow(
        &self,
        tenant: TenantId,
        flow: Uuid,
        share: &FlowShare,
    ) -> Result<(), TenantError> {
        let password = share.password.as_deref();
        let (details, mut maker, now, credentials) = self.owner_of_flow(tenant, flow, password).await?;
        let user = credentials
            .users
            .iter()
            .find(|user| user.upn.eq_ignore_ascii_case(&share.with) || user.id == share.with)
            .ok_or_else(|| {
                TenantError::Flow("The user in 'with' is none of this tenant's users.".to_owned())
            })?;
        let change: Value = match share.role.name() {
            Some(role) => {
                let principal = json!({"id": user.id, "type": "User", "email": user.upn});
                json!({"put": [{"properties": {"principal": principal, "roleName": role}}]})
            }
            None => json!({"delete": [{"id": user.id}]}),
        };
        maker.modify_permissions(now, &details.id, false, &change).await.map_err(boxed)
    }

    /// Returns a flow with its owner at the portal, the virtual time, and the tenant.
    async fn owner_of_flow(
        &self,
        tenant: TenantId,
        flow: Uuid,
        password: Option<&str>,
    ) -> Result<(FlowDetails, Maker, Instant, TenantCredentials), TenantError> {
        let credentials = self.credentials(tenant).await?;
        let details = self.surface().flow(tenant, flow, &[("limit", "1".to_owned())]).await?;
        let user = account_of(&credentials, &details.owner, password)
            .ok_or_else(|| TenantError::Flow("The owner of the flow is no user of the lab's.".to_owned()))?;
        let http = self.surface().http().clone();
        let maker = Maker::new(http, endpoints_of(&credentials), user, self.chassis().random.of(tenant));
        let now = self.time(tenant).await?.0.now;
        Ok((details, maker, now, credentials))
    }
}

/// Escapes a name as one segment of a path.
fn segment(name: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    escaped.replace('+', "%20")
}
