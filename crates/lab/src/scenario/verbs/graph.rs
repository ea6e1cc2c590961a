//! The verb `graph`.

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Verb;
use super::answer::{get, method};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A call to Microsoft Graph with a token of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Graph {
    /// The user's role.
    user: Spanned<String>,
    /// The HTTP method.
    #[serde(default = "get")]
    method: Spanned<String>,
    /// The path and query, from `/v1.0`. Placeholders such as `${user.owner.id}` are replaced.
    path: Spanned<String>,
    /// The JSON body.
    body: Option<Value>,
    /// The expected status.
    status: Spanned<u16>,
    /// Texts that the body must contain.
    #[serde(default)]
    body_has: Vec<String>,
    /// The name under which the `id` in the response is stored: `${object.NAME.id}`.
    keep: Option<Spanned<String>>,
}

impl Verb for Graph {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::User, &self.user);
        checker.method(&self.method);
        checker.path(&self.path, "/v1.0/me");
        checker.http_status(&self.status);
        checker.texts(&self.body_has);
        self.body.iter().for_each(|body| checker.json(body));
        if let Some(name) = &self.keep {
            checker.known.add(Kind::Object, name);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (path, now) = (world.fill(&self.path.value)?, world.now);
        let body = self.body.as_ref().map(|body| world.fill_json(body)).transpose()?;
        let method = method(&self.method.value)?;
        let maker = world.maker(&self.user.value)?;
        let answer = maker.graph(now, method, &path, body.as_ref()).await?;
        let verb = &self.method.value;
        recorder.note(format!("{verb} {path} at Microsoft Graph as {}: {}", self.user.value, answer.status));
        if let Some(name) = &self.keep {
            let json = answer.json();
            let id = json["id"].as_str().map(str::to_owned);
            recorder.check(Check::that(
                "id",
                "an id",
                id.clone().unwrap_or_else(|| "none".into()),
                id.is_some(),
            ));
            world.objects.extend(id.map(|id| (name.value.clone(), id)));
        }
        world.compare_answer(&answer, self.status.value, &self.body_has, recorder)
    }
}
