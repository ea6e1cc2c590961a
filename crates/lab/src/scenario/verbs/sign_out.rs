//! The verb `sign_out`.

use serde::Deserialize;
use serde_saphyr::Spanned;
use url::Url;

use super::Verb;
use crate::browser::Arrival;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user signs out on the issuer's end-session page, in the browser of the last sign-in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignOut {
    /// The user's role.
    user: Spanned<String>,
}

impl Verb for SignOut {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::User, &self.user);
        let role = self.user.value.as_str();
        if !checker.known.browsers.contains(role) {
            let message = format!("'{role}' has no session to end");
            checker.wrong(message, "let the user sign in before this step");
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let role = &self.user.value;
        let page = format!("{}/{}/oauth2/v2.0/logout", world.credentials.urls.idp, world.tenant());
        let http = world.http.clone();
        let browser = world.browsers.get_mut(role);
        let browser = browser.ok_or_else(|| StepError(format!("'{role}' has not signed in before")))?;
        browser.set_http(http);
        let text = match browser.open(Url::parse(&page)?, &|_| false).await? {
            Arrival::Page(page) => page.text,
            Arrival::Stop(url) => url.to_string(),
        };
        recorder.note(format!("'{role}' signs out in the browser of the last sign-in"));
        recorder.check(Check::holds("page", "You are signed out", &text));
        Ok(())
    }
}
