//! The verb `expect_connection`.

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Verb;
use super::portal::status_of;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// The expected state of a connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectConnection {
    /// The connection.
    connection: Spanned<String>,
    /// Its overall status (`Connected`, `Error`).
    status: Spanned<String>,
    /// The target of the error (`token`).
    target: Option<String>,
    /// The error's code (`Unauthorized`).
    code: Option<String>,
    /// Texts that the error message must contain.
    #[serde(default)]
    message_has: Vec<String>,
}

impl Verb for ExpectConnection {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connection, &self.connection);
        checker.one_of("connection status", &self.status, &["Connected", "Error"]);
        if self.status.value == "Connected" && (self.target.is_some() || self.code.is_some()) {
            checker.wrong("a connection that is connected has no error", "remove target and code");
        }
        checker.texts(&self.message_has);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.connection.value, world.now);
        let owner = world.connection(name)?.owner;
        let connection = world.maker(&owner)?.connection(now, name).await?;
        let properties = connection.get("properties").unwrap_or(&Value::Null);
        let text = |pointer: &str| properties.pointer(pointer).and_then(Value::as_str).unwrap_or("none");
        recorder.note(format!("the hub reports '{name}' as {}", status_of(&connection)));
        recorder.check(Check::equal("overall status", &self.status.value, text("/overallStatus")));
        if let Some(target) = &self.target {
            recorder.check(Check::equal("target", target, text("/statuses/0/target")));
        }
        if let Some(code) = &self.code {
            recorder.check(Check::equal("code", code, text("/statuses/0/error/code")));
        }
        let message = text("/statuses/0/error/message");
        for part in &self.message_has {
            recorder.check(Check::holds("message", &world.fill(part)?, message));
        }
        if self.code.is_some() {
            recorder.explain(message.chars().take(600).collect::<String>());
        }
        Ok(())
    }
}
