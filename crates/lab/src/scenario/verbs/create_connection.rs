//! The verb `create_connection`.

use serde::Deserialize;
use serde_json::{Map, Value};
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
    /// The values of the connector's parameters, for one without OAuth.
    #[serde(default)]
    values: Map<String, Value>,
    /// Texts of the error page on which the consent is expected to end.
    #[serde(default)]
    refused_has: Vec<String>,
}

impl Verb for CreateConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connector, &self.connector);
        checker.must(Kind::User, &self.owner);
        self.values.values().for_each(|value| checker.json(value));
        checker.texts(&self.refused_has);
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
        let values = world.fill_json(&Value::Object(self.values.clone()))?;
        let is_custom = world.created.connectors.contains_key(&self.connector.value);
        let maker = world.maker(owner)?;
        let created = if is_custom {
            let api = maker.custom_api_id(&self.connector.value);
            maker.create_connection(now, name, name, &api, &values).await?
        } else {
            maker.put_connection(now, name, name, &self.connector.value, &values).await?
        };
        let who = maker.user().upn.clone();
        let connected = if self.values.is_empty() {
            let status = status_of(&created);
            recorder.check(Check::equal("status before consent", "Error/token/Unauthenticated", status));
            if !self.refused_has.is_empty() {
                let ended = maker.follow_consent_link(now, name).await;
                let (owner, connector) = (owner.clone(), self.connector.value.clone());
                let connection = ScenarioConnection { owner, connector, id: id_of(&created) };
                world.connections.insert(name.clone(), connection);
                recorder.note(format!("{who} creates the connection '{name}' and consents"));
                return world.compare_consent_error(ended, &self.refused_has, recorder);
            }
            record_consent(maker.follow_consent_link(now, name).await, recorder)?;
            recorder.note(format!(
                "{who} creates the connection '{name}' and consents; the hub redeems the code and stores the tokens"
            ));
            let connected = maker.connection(now, name).await?;
            recorder.check(Check::equal("status after consent", "Connected", status_of(&connected)));
            connected
        } else {
            let names = self.values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            recorder.note(format!(
                "{who} creates the connection '{name}' with values for {names}; the hub stores the values"
            ));
            recorder.check(Check::equal("status", "Connected", status_of(&created)));
            created
        };
        let (owner, connector) = (owner.clone(), self.connector.value.clone());
        let connection = ScenarioConnection { owner, connector, id: id_of(&connected) };
        world.connections.insert(name.clone(), connection);
        Ok(())
    }
}
