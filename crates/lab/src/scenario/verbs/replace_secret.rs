//! The verb `replace_secret`.

use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;

use super::Verb;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};
use crate::tenants::REPLACE_CONNECTOR_SECRET;

/// A connector gets the present client secret of its application: a managed connector from the lab,
/// a custom one from its owner. Connections keep their tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceSecret {
    /// The connector's name.
    connector: Spanned<String>,
    /// The application, by name.
    app: Spanned<String>,
}

impl Verb for ReplaceSecret {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Connector, &self.connector);
        checker.must(Kind::Application, &self.app);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (connector, app) = (&self.connector.value, &self.app.value);
        let secret = world.application(app)?.secret.clone();
        let secret = secret.ok_or_else(|| StepError(format!("the application '{app}' has no secret")))?;
        if let Some(owner) = world.created.connectors.get(connector).cloned() {
            let now = world.now;
            let maker = world.maker(&owner)?;
            maker.patch_custom_api(now, connector, &json!({"clientSecret": secret})).await?;
            recorder.note(format!(
                "{} gives the connector '{connector}' the present client secret of {app}",
                maker.user().upn
            ));
            return Ok(());
        }
        let event = json!({"type": REPLACE_CONNECTOR_SECRET, "connector": connector, "new_secret": secret});
        world.lab.raise(world.tenant(), &event).await?;
        world.now = world.lab.clock(world.tenant()).await?.now;
        recorder.note(format!("the connector '{connector}' gets the present client secret of {app}"));
        Ok(())
    }
}
