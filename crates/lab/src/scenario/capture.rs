//! Values of a step's result that later steps use.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::check::checker::Checker;
use super::check::names::Kind;
use super::run::recorder::{StepOutput, StepRecorder};
use super::run::world::{StepError, World};
use crate::diagnostic::Position;

/// A value of a step's result, by exactly one of the fields. `${captured.NAME}` is replaced by it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// A JSON Pointer (RFC 6901) into the body of the response, such as `/value/0/id`; empty for
    /// the whole body.
    body: Option<String>,
    /// The name of a header of the response.
    header: Option<String>,
    /// A JSON Pointer into the claims of the issued access token, such as `/oid`.
    claim: Option<String>,
    /// `access` or `refresh`: the issued token itself.
    token: Option<WhichToken>,
}

/// An issued token.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhichToken {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
}

/// Verbs whose result is a response of a service.
const WITH_RESPONSE: [&str; 3] = ["call", "graph", "http"];
/// Verbs whose result are tokens.
const WITH_TOKENS: [&str; 8] = [
    "sign_in",
    "sign_in_with_code",
    "refresh",
    "client_credentials",
    "password_grant",
    "redeem_device",
    "on_behalf_of",
    "managed_identity",
];

impl Checker<'_> {
    /// Checks what is captured of a verb's result, and records the names.
    pub(super) fn captures(&mut self, verb: &str, captures: &Spanned<BTreeMap<String, Capture>>) {
        let at = Position::of(captures);
        for (name, Capture { body, header, claim, token }) in &captures.value {
            let of_response = body.is_some() || header.is_some();
            let of_tokens = claim.is_some() || token.is_some();
            let given = [body.is_some(), header.is_some(), claim.is_some(), token.is_some()]
                .into_iter()
                .filter(|g| *g);
            if given.count() != 1 {
                let message = format!("'{name}' needs exactly one of body, header, claim and token");
                self.wrong_at(at, message, "for example {body: /id}");
            }
            for pointer in body.iter().chain(claim) {
                if !pointer.is_empty() && !pointer.starts_with('/') {
                    let message = format!("'{pointer}' is not a JSON Pointer");
                    self.wrong_at(at, message, format!("write /{pointer}"));
                }
            }
            let impossible = (of_response && !WITH_RESPONSE.contains(&verb))
                || (of_tokens && !WITH_TOKENS.contains(&verb));
            if impossible {
                let message = format!("{verb} has no such result to capture '{name}' from");
                let remedy = format!(
                    "body and header are possible with {}; claim and token with {}",
                    WITH_RESPONSE.join(", "),
                    WITH_TOKENS.join(", ")
                );
                self.wrong_at(at, message, remedy);
            }
            self.known
                .add(Kind::Captured, &Spanned::new(name.clone(), captures.referenced, captures.defined));
        }
    }
}

impl World {
    /// Stores the captured values of a step.
    pub(super) fn capture(
        &mut self,
        captures: &BTreeMap<String, Capture>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        for (name, capture) in captures {
            let value =
                capture.value(&recorder.output).map_err(|why| StepError(format!("'{name}': {why}")))?;
            recorder.note(format!("'{name}' is captured"));
            self.captured.insert(name.clone(), value);
        }
        Ok(())
    }
}

impl Capture {
    fn value(&self, output: &StepOutput) -> Result<String, String> {
        let answer = || output.answer.as_ref().ok_or("the step has no response");
        let tokens = || output.tokens.as_ref().ok_or("no tokens were issued in this step");
        if let Some(pointer) = &self.body {
            if pointer.is_empty() {
                return Ok(answer()?.body.clone());
            }
            let missing = || format!("the body of the response has no value at '{pointer}'");
            return answer()?.json().pointer(pointer).map(text_of).ok_or_else(missing);
        }
        if let Some(name) = &self.header {
            let missing = || format!("the response has no header '{name}'");
            let value = answer()?.headers.get(name.as_str());
            return value.and_then(|value| value.to_str().ok()).map(str::to_owned).ok_or_else(missing);
        }
        match self.token {
            Some(WhichToken::Access) => return Ok(tokens()?.access_token.clone()),
            Some(WhichToken::Refresh) => {
                return Ok(tokens()?.refresh_token.clone().ok_or("no refresh token was issued")?);
            }
            None => {}
        }
        let pointer = self.claim.as_deref().unwrap_or_default();
        let payload = tokens()?.access_token.split('.').nth(1);
        let claims = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
        let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        let claims = claims.ok_or("the access token has no claims that can be read")?;
        claims
            .pointer(pointer)
            .map(text_of)
            .ok_or_else(|| format!("the access token has no claim '{pointer}'"))
    }
}

/// A text without its quotes, and any other value as JSON.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
