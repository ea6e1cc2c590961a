//! The verb `fix_connection`.

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::portal::{id_of, record_consent, status_of};
use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user consents for a connection again, or replaces the values of its parameters. Its id must
/// not change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixConnection {
    /// The connection's name.
    connection: Spanned<String>,
    /// The role in the scenario of the user who consents; by default that of its owner. Another
    /// user takes the connection over.
    user: Option<Spanned<String>>,
    /// New values of the connector's parameters, for one without OAuth.
    #[serde(default)]
    values: Map<String, Value>,
}

impl Verb for FixConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
        checker.must_if(Kind::User, self.user.as_ref());
        self.values.values().for_each(|value| checker.json(value));
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let connection = world.connection(name)?;
        let values = world.fill_json(&Value::Object(self.values.clone()))?;
        let maker = world.maker(text_of(self.user.as_ref()).unwrap_or(&connection.owner))?;
        let who = maker.user().upn.clone();
        if self.values.is_empty() {
            record_consent(maker.follow_consent_link(now, name).await, recorder)?;
            recorder.note(format!("{who} consents for the connection '{name}' again"));
        } else {
            maker.replace_values(now, name, &values).await?;
            let names = self.values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            recorder.note(format!("{who} gives the connection '{name}' new values for {names}"));
        }
        let fixed = maker.connection(now, name).await?;
        recorder.check(Check::equal("connection id", &connection.id, id_of(&fixed)));
        recorder.check(Check::equal("status afterwards", "Connected", status_of(&fixed)));
        Ok(())
    }
}
