//! The verb `create_connection`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::portal::{id_of, record_consent, status_of};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::{Kind, KnownConnection};
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{ScenarioConnection, StepError, World};

/// A user creates a connection in the hub and consents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateConnection {
    /// The connection's name.
    name: Spanned<String>,
    /// The connector's name.
    connector: Spanned<String>,
    /// The user's role.
    owner: Spanned<String>,
}

impl Verb for CreateConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connector, &self.connector);
        checker.must(Kind::User, &self.owner);
        if checker.known.holds(Kind::Connection, &self.name.value) {
            let message = format!("there is already a connection '{}'", self.name.value);
            checker.wrong_at(Position::of(&self.name), message, "use another name");
        }
        checker.known.add(Kind::Connection, &self.name);
        let connection = KnownConnection { owner: &self.owner.value, connector: &self.connector.value };
        checker.known.connections.insert(&self.name.value, connection);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, owner, now) = (&self.name.value, &self.owner.value, world.now);
        let maker = world.maker(owner)?;
        let created = maker.put_connection(now, name, name, &self.connector.value).await?;
        recorder.check(Check::equal(
            "status before consent",
            "Error/token/Unauthenticated",
            status_of(&created),
        ));
        record_consent(maker.follow_consent_link(now, name).await, recorder)?;
        let connected = maker.connection(now, name).await?;
        recorder.note(format!(
            "{} creates the connection '{name}' and consents; the hub redeems the code and stores the tokens",
            maker.user().upn
        ));
        recorder.check(Check::equal("status after consent", "Connected", status_of(&connected)));
        let (owner, connector) = (owner.clone(), self.connector.value.clone());
        let connection = ScenarioConnection { owner, connector, id: id_of(&connected) };
        world.connections.insert(name.clone(), connection);
        Ok(())
    }
}
