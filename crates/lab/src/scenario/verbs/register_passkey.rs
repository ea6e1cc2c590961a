//! The verb `register_passkey`.

use serde::Deserialize;
use serde_saphyr::Spanned;
use url::Url;

use super::Verb;
use crate::browser::{Authenticator, Browser};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user signs in to the security info page with the password and registers a passkey.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterPasskey {
    /// The user's role.
    user: Spanned<String>,
}

impl Verb for RegisterPasskey {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::User, &self.user);
        checker.known.passkeys.insert(&self.user.value);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let role = &self.user.value;
        let user = world.user(role)?;
        let page = format!("{}/{}/security-info", world.credentials.urls.idp, world.tenant());
        let page = Url::parse(&page)?;
        let mut browser = Browser::new(world.http.clone());
        let authenticator = world.authenticators.entry(role.clone());
        let authenticator = authenticator.or_insert_with(|| Authenticator::new(world.random.fork(role)));
        let result = authenticator.register(&mut browser, page, &user.upn, &user.password).await;
        recorder.note(format!("{} registers a passkey on the security info page", user.upn));
        let actual = result.as_ref().map_or_else(ToString::to_string, |()| "registered".to_owned());
        recorder.check(Check::that("security info", "registered", actual, result.is_ok()));
        Ok(())
    }
}
