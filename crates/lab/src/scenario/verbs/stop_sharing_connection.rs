//! The verb `stop_sharing_connection`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::service_refusal::ServiceRefusal;
use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A connection is no longer shared with a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopSharingConnection {
    /// The connection's name.
    connection: Spanned<String>,
    /// The role of the user who may no longer use it.
    with: Spanned<String>,
    /// The role of the user who withdraws it; by default that of its owner.
    by: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for StopSharingConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
        checker.must(Kind::User, &self.with);
        checker.must_if(Kind::User, self.by.as_ref());
        checker.service_refusal(self.refused.as_ref());
        if self.refused.is_none() {
            checker.known.shares.remove(&(self.connection.value.as_str(), self.with.value.as_str()));
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let owner = world.connection(name)?.owner;
        let with = world.user(&self.with.value)?;
        let maker = world.maker(text_of(self.by.as_ref()).unwrap_or(&owner))?;
        let who = maker.user().upn.clone();
        let stopped = maker.stop_sharing(now, name, &with.id).await;
        recorder.note(format!("{who} stops sharing the connection '{name}' with {}", with.upn));
        world.compare_maker(stopped, self.refused.as_ref(), recorder)?;
        Ok(())
    }
}
