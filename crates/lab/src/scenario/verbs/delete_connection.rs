//! The verb `delete_connection`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::service_refusal::ServiceRefusal;
use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user deletes a connection in the hub. Flows that use it fail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteConnection {
    /// The connection's name.
    connection: Spanned<String>,
    /// The role of the user who deletes it; by default that of its owner.
    by: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for DeleteConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
        checker.must_if(Kind::User, self.by.as_ref());
        checker.service_refusal(self.refused.as_ref());
        if self.refused.is_none() {
            checker.known.remove(Kind::Connection, &self.connection.value);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let owner = world.connection(name)?.owner;
        let maker = world.maker(text_of(self.by.as_ref()).unwrap_or(&owner))?;
        let who = maker.user().upn.clone();
        let deleted = maker.delete_connection(now, name).await;
        recorder.note(format!("{who} deletes the connection '{name}'"));
        world.compare_maker(deleted, self.refused.as_ref(), recorder)?;
        Ok(())
    }
}
