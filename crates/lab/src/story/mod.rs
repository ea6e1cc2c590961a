//! The story of a tenant: what its main user's credentials are, which are alive and why, and which
//! flows run.
//!
//! Hub and flow service return what they hold, the identity provider the facts about each
//! credential. The rules are evaluated on them here, as in `why`.

pub(crate) mod applications;
pub(crate) mod connections;
mod credential;

use outlive_clock::{Instant, TenantId};
use outlive_wire::HeldConnections;
use outlive_wire::directory::{DirectoryCredentials, DirectoryUserDetails};
use outlive_wire::faults::FaultState;
use outlive_wire::lab_api::{TenantCredentials, UserCredentials};
use outlive_wire::story::{
    CredentialKind, CredentialState, Holder, Story, StoryCredential, StoryEvent, StoryFlow,
};

use crate::http::CallError;
use crate::services::{LabSurface, Service};
use crate::why::Inquiry;

/// The tenant and its main user.
struct Scene<'a> {
    inquiry: Inquiry<'a>,
    tenant: &'a TenantCredentials,
    user: &'a UserCredentials,
}

/// What was found: credentials, and the latest event of the user.
#[derive(Default)]
struct Found {
    credentials: Vec<StoryCredential>,
    latest: Option<StoryEvent>,
}

impl Found {
    fn see(&mut self, event: Option<StoryEvent>) {
        if event.as_ref().map(|event| event.at) > self.latest.as_ref().map(|event| event.at) {
            self.latest = event;
        }
    }
}

/// Tells the story of a tenant at `now` (virtual time). What a service cannot contribute, because
/// it does not answer, is missing.
pub(crate) async fn tell(surface: &LabSurface, tenant: &TenantCredentials, now: Instant) -> Option<Story> {
    let user = tenant.users.iter().find(|user| user.role == "owner").or_else(|| tenant.users.first())?;
    let scene = Scene { inquiry: Inquiry { surface, tenant: tenant.tenant_id }, tenant, user };
    let mut missing = Vec::new();
    let (held, known) = tokio::join!(surface.connections(tenant.tenant_id), surface.flows(tenant.tenant_id));
    let held = held.unwrap_or_else(|_| {
        missing.push(Service::Hub.name().to_owned());
        HeldConnections::default()
    });
    let known = known.unwrap_or_else(|_| {
        missing.push(Service::Flow.name().to_owned());
        Default::default()
    });
    let mut found = Found::default();
    let described = async {
        let sessions = scene.sessions().await?;
        scene.tell_credentials(&held, &sessions, &mut found).await
    };
    let described = described.await;
    if described.is_err() {
        missing.push(Service::Idp.name().to_owned());
    }
    fade(&mut found.credentials);
    let flows = known
        .flows
        .into_iter()
        .map(|flow| StoryFlow { connection: connection_of(tenant, &held, &flow.id), flow });
    let active_faults = active_faults(surface, tenant.tenant_id).await;
    Some(Story {
        active_faults,
        tenant: tenant.tenant_id,
        now,
        rules: tenant.rules.clone(),
        upn: user.upn.clone(),
        latest: found.latest,
        credentials: found.credentials,
        flows: flows.collect(),
        missing,
    })
}

/// Returns what browsers, applications and connections of a user hold. What a service cannot
/// contribute, because it does not answer, is missing.
pub(crate) async fn credentials_of(
    surface: &LabSurface,
    tenant: &TenantCredentials,
    details: &DirectoryUserDetails,
    now: Instant,
) -> DirectoryCredentials {
    let user = UserCredentials {
        role: String::new(),
        upn: details.user.upn.clone(),
        id: details.user.id.clone(),
        password: String::new(),
    };
    let scene = Scene { inquiry: Inquiry { surface, tenant: tenant.tenant_id }, tenant, user: &user };
    let mut missing = Vec::new();
    let held = surface.connections(tenant.tenant_id).await.unwrap_or_else(|_| {
        missing.push(Service::Hub.name().to_owned());
        HeldConnections::default()
    });
    let sessions: Vec<_> = details.sessions.iter().map(|session| session.id.clone()).collect();
    let mut found = Found::default();
    let described = async {
        scene.tell_credentials(&held, &sessions, &mut found).await?;
        for session in sessions.iter().skip(1) {
            scene.add(session, CredentialKind::SessionCookie, &Holder::Browser, &mut found).await?;
        }
        Ok::<_, CallError>(())
    };
    if described.await.is_err() {
        missing.push(Service::Idp.name().to_owned());
    }
    fade(&mut found.credentials);
    DirectoryCredentials { now, credentials: found.credentials, missing }
}

/// Returns the number of active faults, of the services that answer.
async fn active_faults(surface: &LabSurface, tenant: TenantId) -> usize {
    let reads = Service::ALL.map(|service| surface.faults(service, tenant));
    let read = futures::future::join_all(reads).await.into_iter().flatten().flatten();
    read.filter(|fault| fault.state == FaultState::Active).count()
}

/// Marks access tokens that outlive the refresh token beside them.
fn fade(credentials: &mut [StoryCredential]) {
    let revoked: Vec<_> = credentials
        .iter()
        .filter(|one| one.kind == CredentialKind::RefreshToken && one.state == CredentialState::Revoked)
        .map(|one| one.holder.clone())
        .collect();
    for credential in credentials {
        let is_access_token = credential.kind == CredentialKind::AccessToken;
        if is_access_token
            && credential.state == CredentialState::Alive
            && revoked.contains(&credential.holder)
        {
            credential.state = CredentialState::Fading;
        }
    }
}

/// Returns the id of the connection that a flow of the seed uses.
fn connection_of(tenant: &TenantCredentials, held: &HeldConnections, flow: &str) -> Option<String> {
    let name = &tenant.flows.iter().find(|known| known.id == flow)?.connection;
    let found = held.connections.iter().find(|connection| connection.name == *name)?;
    Some(found.id.clone())
}
