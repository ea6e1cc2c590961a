//! The verb `fix_connection`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::portal::{id_of, record_consent, status_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user consents for a connection again. Its id must not change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixConnection {
    /// The connection's name.
    connection: Spanned<String>,
}

impl Verb for FixConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let connection = world.connection(name)?;
        let maker = world.maker(&connection.owner)?;
        record_consent(maker.follow_consent_link(now, name).await, recorder)?;
        let fixed = maker.connection(now, name).await?;
        recorder.note(format!("{} consents for the connection '{name}' again", maker.user().upn));
        recorder.check(Check::equal("connection id", &connection.id, id_of(&fixed)));
        recorder.check(Check::equal("status after consent", "Connected", status_of(&fixed)));
        Ok(())
    }
}
