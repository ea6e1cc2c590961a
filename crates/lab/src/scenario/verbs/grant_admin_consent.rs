//! The verb `grant_admin_consent`.

use serde::Deserialize;
use serde_saphyr::Spanned;
use url::Url;

use super::Verb;
use super::service_refusal::admin;
use super::token_response::RefusalExpectation;
use crate::browser::Browser;
use crate::diagnostic::Position;
use crate::oauth_client::{OAuthError, code_of, stops_at};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator opens the issuer's page for admin consent, signs in with the password, and
/// accepts the permissions of an application for all users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantAdminConsent {
    /// The application's name.
    app: Spanned<String>,
    /// The scopes; by default the permissions that the application requires.
    scope: Option<Spanned<String>>,
    /// The role of the user who consents.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for GrantAdminConsent {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Application, &self.app);
        checker.must(Kind::User, &self.by);
        if checker.application(&self.app).is_some_and(|app| app.redirect_uris.is_empty()) {
            let message = format!("'{}' has no redirect URI for the page to return to", self.app.value);
            checker.wrong_at(Position::of(&self.app), message, "use another application");
        }
        if let Some(scope) = &self.scope {
            checker.literal(Position::of(scope), &scope.value);
            if self.refused.is_none() {
                checker.scope_is_given(scope);
            }
        }
        if let Some(refused) = &self.refused {
            checker.refusal(refused);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let user = world.user(&self.by.value)?;
        let client = world.client(&self.app.value)?;
        let version = if self.scope.is_some() { "v2.0/" } else { "" };
        let mut page = Url::parse(&format!("{}/{}/{version}adminconsent", client.idp, client.tenant))?;
        page.query_pairs_mut()
            .append_pair("client_id", &client.client_id)
            .append_pair("redirect_uri", &client.redirect_uri)
            .extend_pairs(self.scope.as_ref().map(|scope| ("scope", &scope.value)));
        let mut browser = Browser::new(world.http.clone());
        let stop = stops_at(&client.redirect_uri);
        let back = browser.sign_in(page, &user.upn, &user.password, &stop).await.map_err(OAuthError::from);
        let action = format!("{} consents to {} for all users", user.upn, self.app.value);
        match (back.and_then(|back| granted(&back)), &self.refused) {
            (Err(OAuthError::Refused(refusal)), Some(expected)) => {
                recorder.note(format!("{action}: refused, {refusal}"));
                world.compare_refusal(&refusal, expected, recorder)
            }
            (Err(OAuthError::Refused(refusal)), None) => {
                recorder.note(format!("{action}: refused, {refusal}"));
                recorder.check(Check::that("consent", "granted", refusal.to_string(), false));
                Ok(())
            }
            (Err(other), _) => Err(other.into()),
            (Ok(()), expected) => {
                recorder.note(format!("{action}: granted"));
                let wanted = if expected.is_some() { "a refusal" } else { "granted" };
                recorder.check(Check::equal("consent", wanted, "granted"));
                Ok(())
            }
        }
    }
}

/// Reads the outcome in the redirect back to the application.
fn granted(back: &Url) -> Result<(), OAuthError> {
    if back.query_pairs().any(|(name, value)| name == "admin_consent" && value == "True") {
        return Ok(());
    }
    code_of(back).map(drop)
}
