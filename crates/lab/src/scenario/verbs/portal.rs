//! Shared code of the verbs about connections and flows.

use serde_json::Value;

use crate::maker::MakerError;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// Records a consent. A refused sign-in is a failed check; any other error fails the step.
pub(super) fn record_consent(
    result: Result<(), MakerError>,
    recorder: &mut StepRecorder<'_>,
) -> Result<(), StepError> {
    match result {
        Ok(()) => Ok(()),
        Err(error @ (MakerError::Consent(_) | MakerError::ConsentRefused(_))) => {
            recorder.check(Check::that("consent", "an authorization code", error.to_string(), false));
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// Returns `Connected`, or `Error/<target>/<code>`.
pub(super) fn status_of(connection: &Value) -> String {
    let text = |pointer: &str| connection.pointer(pointer).and_then(Value::as_str);
    let overall = text("/properties/overallStatus").unwrap_or("none");
    match (text("/properties/statuses/0/target"), text("/properties/statuses/0/error/code")) {
        (target, Some(code)) => format!("{overall}/{}/{code}", target.unwrap_or("none")),
        _ => overall.to_owned(),
    }
}

/// Returns the hub's id of a connection, as in journals: the last segment of its runtime URL.
pub(super) fn id_of(connection: &Value) -> String {
    let url =
        connection.pointer("/properties/connectionRuntimeUrl").and_then(Value::as_str).unwrap_or_default();
    let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last.parse::<uuid::Uuid>().map_or_else(|_| last.to_owned(), |id| id.to_string())
}

impl World {
    /// Compares the error on which a consent ended with the expected texts.
    pub(super) fn compare_consent_error(
        &self,
        ended: Result<(), MakerError>,
        texts: &[String],
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let shown = match ended {
            Ok(()) => "the connection is connected".to_owned(),
            Err(error @ (MakerError::Consent(_) | MakerError::ConsentRefused(_))) => error.to_string(),
            Err(other) => return Err(other.into()),
        };
        for text in texts {
            recorder.check(Check::holds("error page", &self.fill(text)?, &shown));
        }
        Ok(())
    }

    /// Changes who may use a flow, as its owner or as an administrator. Returns the sign-in name of
    /// that user.
    pub(super) async fn modify_permissions(
        &mut self,
        name: &str,
        administrator: Option<&str>,
        change: &Value,
    ) -> Result<String, StepError> {
        let (flow, now) = (self.flow(name)?, self.now);
        let maker = self.maker(administrator.unwrap_or(&flow.owner))?;
        maker.modify_permissions(now, &flow.id, administrator.is_some(), change).await?;
        Ok(maker.user().upn.clone())
    }

    /// Posts an action of a flow as its owner, or as another user.
    pub(super) async fn post_flow_action(
        &mut self,
        name: &str,
        (user, connection): (Option<&str>, Option<&str>),
        (action, words): (&str, &str),
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let (flow, now) = (self.flow(name)?, self.now);
        let provided = match connection {
            Some(name) => Some((name.to_owned(), self.connection(name)?.connector)),
            None => None,
        };
        let provided = provided.as_ref().map(|(name, connector)| (name.as_str(), connector.as_str()));
        let maker = self.maker(user.unwrap_or(&flow.owner))?;
        maker.post_flow_action(now, &flow.id, action, provided).await?;
        recorder.note(format!("{} {words} the flow '{name}'", maker.user().upn));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_status_and_id_of_a_connection() {
        let connection = json!({"properties": {
            "overallStatus": "Error",
            "statuses": [{"status": "Error", "target": "token", "error": {"code": "Unauthorized", "message": "…"}}],
            "connectionRuntimeUrl": "http://127.0.0.1:8702/apim/shared_x/0123456789abcdef0123456789abcdef",
        }});
        assert_eq!(status_of(&connection), "Error/token/Unauthorized");
        assert_eq!(id_of(&connection), "01234567-89ab-cdef-0123-456789abcdef");
    }
}
