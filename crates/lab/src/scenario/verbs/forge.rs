//! The verb `forge`.

use outlive_clock::{Instant, Span};
use outlive_wire::forge::{ForgeAlgorithm, ForgeKey, ForgeRequest};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::Verb;
use super::verb::lab_refusal;
use crate::oauth_client::Tokens;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{KeptTokens, StepError, World};

/// The lab forges an access token that is like a stored one, and stores it under another name: an
/// API has to reject it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forge {
    /// The name of the tokens whose access token it copies.
    like: Spanned<String>,
    /// Claims to replace or, with `null`, to leave out. The value of `exp`, `nbf` and `iat` may be
    /// an instant, or a duration from now (`-PT1H`).
    #[serde(default)]
    claims: Map<String, Value>,
    /// Members of the header to replace or, with `null`, to leave out.
    #[serde(default)]
    header: Map<String, Value>,
    /// The key that signs it: `signing`, `unknown` or `retired`.
    #[serde(default)]
    key: ForgeKey,
    /// The algorithm: `RS256`, `HS256` with the public key as the secret, or `none`.
    #[serde(default)]
    alg: ForgeAlgorithm,
    /// The name under which the token is stored.
    keep: Spanned<String>,
}

/// The claims whose texts are times.
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

impl Verb for Forge {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Tokens, &self.like);
        self.claims.values().chain(self.header.values()).for_each(|value| checker.json(value));
        for name in TIMES {
            let Some(text) = self.claims.get(name).and_then(Value::as_str) else { continue };
            let is_time = text.parse::<Span>().is_ok() || text.parse::<Instant>().is_ok();
            if !is_time && !text.contains("${") {
                let message = format!("the claim {name} cannot be '{text}'");
                let remedy = "write an instant (2026-01-05T09:00:00Z), a duration from now (-PT1H) or a number of \
                              seconds; for a malformed time a value of another type, such as [\"soon\"]";
                checker.wrong_within(["forge", "claims", name], message, remedy);
            }
        }
        if self.key == ForgeKey::Retired && !checker.known.has_retired_key {
            let remedy = "rotate its signing key in an earlier step: event: {type: rotate_signing_key}";
            checker.wrong("no key of the tenant is retired at this step", remedy);
        }
        checker.known.keep(&self.keep, Some("it is forged"));
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (like, keep) = (&self.like.value, &self.keep.value);
        let copied = world.kept(like)?.clone();
        let filled = |values: &Map<String, Value>| match world.fill_json(&Value::Object(values.clone())) {
            Ok(Value::Object(filled)) => Ok(filled),
            Ok(_) => Ok(Map::new()),
            Err(error) => Err(error),
        };
        let request = ForgeRequest {
            like: Some(copied.tokens.access_token.clone()),
            claims: filled(&self.claims)?,
            header: filled(&self.header)?,
            key: self.key,
            alg: self.alg,
        };
        let forged = world.lab.forge(world.tenant(), &request).await.map_err(lab_refusal)?;
        let tokens = Tokens::of_access_token(forged.token);
        recorder.note(format!("the lab forges a token like '{like}', stored as '{keep}'"));
        recorder.output.tokens = Some(tokens.clone());
        let kept = KeptTokens { tokens, issued: world.now, ..copied };
        world.tokens.insert(keep.clone(), kept);
        Ok(())
    }
}
