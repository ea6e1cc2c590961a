//! Finding and changing applications.

use outlive_clock::ClientId;
use outlive_store::Change;
use outlive_wire::JournalEvent;
use outlive_wire::events::Actor;

use crate::directory::Application;
use crate::graph::permissions::{WRITE_APPLICATIONS, WRITE_OWN_APPLICATION};
use crate::graph::prelude::*;

impl ApplicationName {
    /// Returns the application unless it is a managed identity, which is only a service principal.
    pub(in crate::graph) async fn find(&self, caller: &Caller) -> Result<Application> {
        let found = self.find_principal(caller).await?;
        let (Self::Object(name) | Self::AppId(name)) = self;
        if found.document.managed_identity.is_some() { Err(GraphError::not_found(name)) } else { Ok(found) }
    }

    /// Returns the application, or the managed identity.
    pub(in crate::graph) async fn find_principal(&self, caller: &Caller) -> Result<Application> {
        let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
        let (found, name) = match self {
            Self::Object(id) => (directory.application_of_object(tenant, parse_id(id)?).await?, id),
            Self::AppId(id) => (directory.application(tenant, parse_id(id)?).await?, id),
        };
        found.ok_or_else(|| GraphError::not_found(name))
    }

    /// Returns the application if the caller may change it. Applications of the platform belong to
    /// no tenant.
    pub(super) async fn writable(&self, caller: &Caller) -> Result<Application> {
        let found = self.find(caller).await;
        let own = found.as_ref().is_ok_and(|application| application.client_id == caller.claims.appid);
        require(caller.is_allowed(&WRITE_APPLICATIONS) || own && caller.is_allowed(&WRITE_OWN_APPLICATION))?;
        let application = found?;
        require(!application.document.platform)?;
        Ok(application)
    }
}

pub(super) type ApplicationEvent = fn(Option<ClientId>, String, Option<Actor>) -> JournalEvent;

pub(super) async fn commit(
    caller: &Caller,
    change: impl Into<Change>,
    application: &Application,
    event: ApplicationEvent,
) -> Result<StatusCode> {
    let event = event(Some(application.client_id), application.name.clone(), caller.actor());
    caller.commit(change, Subject::client(application.client_id), event).await
}

/// Commits the difference between two states of an application.
pub(super) async fn commit_update(
    caller: &Caller,
    before: &Application,
    after: &Application,
    event: ApplicationEvent,
) -> Result<StatusCode> {
    commit(caller, after.update(before, caller.tenant.id), after, event).await
}
