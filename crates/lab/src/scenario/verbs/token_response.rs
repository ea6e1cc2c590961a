//! The responses of the issuer to the verbs that request tokens.

use outlive_rules::Aadsts;
use outlive_wire::counted;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::diagnostic::Position;
use crate::oauth_client::{OAuthError, Refusal, Tokens};
use crate::scenario::check::checker::Checker;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{KeptTokens, StepError, World};
use crate::seed::SeedApplication;

/// The expected refusal of the issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusalExpectation {
    /// The HTTP status.
    status: Option<Spanned<u16>>,
    /// OAuth `error`.
    error: Option<String>,
    /// The `AADSTS` number.
    aadsts: Option<Spanned<u32>>,
    /// `suberror`.
    suberror: Option<String>,
    /// Texts that the description must contain. Placeholders such as `${mark.x}` are replaced.
    #[serde(default)]
    text_has: Vec<String>,
}

impl RefusalExpectation {
    const fn is_empty(&self) -> bool {
        let has_code = self.aadsts.is_some() || self.status.is_some();
        !has_code && self.error.is_none() && self.suberror.is_none() && self.text_has.is_empty()
    }
}

/// Where the tokens of a response are stored, with the application and scopes they are for.
pub(super) struct TokenSlot<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) app: &'a str,
    pub(super) scope: &'a str,
    pub(super) cae_capable: bool,
}

impl<'a> Checker<'a> {
    /// Checks an expected refusal, and records the tokens that are stored.
    pub(super) fn token_response(
        &mut self,
        keep: Option<&'a Spanned<String>>,
        refused: Option<&RefusalExpectation>,
        without_refresh_token: Option<&'static str>,
    ) {
        if let Some(refused) = refused {
            self.refusal(refused);
        }
        let Some(name) = keep else { return };
        if refused.is_some() {
            let message = format!("a refused request returns no tokens to keep as '{}'", name.value);
            self.wrong_at(Position::of(name), message, "remove keep, or refused");
        }
        self.known.keep(name, without_refresh_token);
    }

    pub(super) fn scope_is_given(&mut self, scope: &Spanned<String>) {
        if scope.value.trim().is_empty() {
            let message = "a token request without a scope is refused";
            self.wrong_at(Position::of(scope), message, "write the scopes, or expect refused");
        }
    }

    pub(super) fn application(&self, name: &Spanned<String>) -> Option<&'a SeedApplication> {
        self.seed?.file.applications.iter().find(|app| app.name.value == name.value)
    }

    /// Checks an expected refusal.
    pub(super) fn refusal(&mut self, expected: &RefusalExpectation) {
        let texts = [&expected.error, &expected.suberror];
        texts.into_iter().flatten().for_each(|text| self.literal(self.at, text));
        if expected.is_empty() {
            self.wrong(
                "nothing is expected of the refusal",
                "add status, error, aadsts, suberror or text_has",
            );
        }
        if let Some(status) = &expected.status
            && !(300..=599).contains(&status.value)
        {
            let message = format!("a refusal has no status {}", status.value);
            self.wrong_at(Position::of(status), message, "write a status from 400 to 599, or 302");
        }
        if let Some(aadsts) = &expected.aadsts
            && Aadsts::from_number(aadsts.value).is_none()
        {
            let message = format!("Outlive has no error AADSTS{}", aadsts.value);
            self.wrong_at(Position::of(aadsts), message, "docs/errors.md lists those that it has");
        }
        self.texts(&expected.text_has);
    }
}

impl World {
    /// Compares a token response with the expected one, and stores the tokens.
    pub(super) fn record_response(
        &mut self,
        action: &str,
        result: Result<Tokens, OAuthError>,
        expected: Option<&RefusalExpectation>,
        slot: &TokenSlot<'_>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        match (result, expected) {
            (Err(OAuthError::Refused(refusal)), Some(expected)) => {
                recorder.note(format!("{action}: refused, {refusal}"));
                self.compare_refusal(&refusal, expected, recorder)?;
            }
            (Err(OAuthError::Refused(refusal)), None) => {
                recorder.note(format!("{action}: refused, {refusal}"));
                recorder.check(Check::that("answer", "tokens", refusal.to_string(), false));
            }
            (Ok(_), Some(_)) => {
                recorder.note(format!("{action}: tokens were issued"));
                recorder.check(Check::that("answer", "a refusal", "tokens were issued", false));
            }
            (Ok(tokens), None) => {
                let minutes = tokens.expires_in_s() / 60;
                recorder.note(format!("{action}: an access token for {}", counted(minutes, "minute")));
                recorder.check(Check::that("answer", "tokens", "tokens", !tokens.access_token.is_empty()));
                recorder.output.tokens = Some(tokens.clone());
                if let Some(name) = slot.name {
                    let (app, scope) = (slot.app.to_owned(), slot.scope.to_owned());
                    let kept =
                        KeptTokens { tokens, app, scope, cae_capable: slot.cae_capable, issued: self.now };
                    self.tokens.insert(name.to_owned(), kept);
                }
            }
            (Err(other), _) => return Err(other.into()),
        }
        Ok(())
    }

    pub(super) fn compare_refusal(
        &self,
        refusal: &Refusal,
        expected: &RefusalExpectation,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let code = |code: Option<u32>| code.map_or("none".to_owned(), |code| format!("AADSTS{code}"));
        if let Some(status) = &expected.status {
            recorder.check(Check::equal("status", status.value, refusal.status));
        }
        if let Some(error) = &expected.error {
            recorder.check(Check::equal("error", error, &refusal.error));
        }
        if let Some(aadsts) = &expected.aadsts {
            recorder.check(Check::equal("code", code(Some(aadsts.value)), code(refusal.aadsts)));
        }
        if let Some(suberror) = &expected.suberror {
            let actual = refusal.suberror.as_deref().unwrap_or("none");
            recorder.check(Check::equal("suberror", suberror, actual));
        }
        for text in &expected.text_has {
            recorder.check(Check::holds("text", &self.fill(text)?, &refusal.description));
        }
        Ok(())
    }
}
