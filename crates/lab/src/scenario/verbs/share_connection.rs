//! The verb `share_connection`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::service_refusal::ServiceRefusal;
use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A connection is shared with a user, who can then use it in flows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareConnection {
    /// The connection's name.
    connection: Spanned<String>,
    /// The role of the user who may use it.
    with: Spanned<String>,
    /// The role of the user who shares it; by default that of its owner.
    by: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for ShareConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
        checker.must(Kind::User, &self.with);
        checker.must_if(Kind::User, self.by.as_ref());
        checker.service_refusal(self.refused.as_ref());
        let connection = checker.known.connections.get(self.connection.value.as_str());
        if connection.is_some_and(|connection| connection.owner == self.with.value) && self.refused.is_none()
        {
            let message = format!("'{}' owns the connection '{}'", self.with.value, self.connection.value);
            checker.wrong_at(Position::of(&self.with), message, "share it with another user");
        }
        if self.refused.is_none() {
            checker.known.shares.insert((&self.connection.value, &self.with.value));
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let owner = world.connection(name)?.owner;
        let with = world.user(&self.with.value)?;
        let maker = world.maker(text_of(self.by.as_ref()).unwrap_or(&owner))?;
        let who = maker.user().upn.clone();
        let shared = maker.share_connection(now, name, &with.id).await;
        recorder.note(format!("{who} shares the connection '{name}' with {}", with.upn));
        world.compare_maker(shared, self.refused.as_ref(), recorder)?;
        Ok(())
    }
}
