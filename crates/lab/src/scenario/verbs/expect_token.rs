//! The verb `expect_token`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Span;
use outlive_tokens::claims::BACKDATED;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Verb;
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// The expected claims, header and lifetime of a stored token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectToken {
    /// The tokens.
    tokens: Spanned<String>,
    /// Which of them.
    #[serde(default)]
    kind: TokenKind,
    /// Claims with their values. Placeholders such as `${user.owner.id}` are replaced.
    #[serde(default)]
    claims: BTreeMap<String, Value>,
    /// Claims that must be absent.
    #[serde(default)]
    absent: Vec<String>,
    /// Members of the header with their values.
    #[serde(default)]
    header: BTreeMap<String, Value>,
    /// The shortest lifetime, from the issue, five minutes after `iat`, to `exp`.
    at_least: Option<Spanned<Span>>,
    /// The longest lifetime, from the issue, five minutes after `iat`, to `exp`.
    at_most: Option<Spanned<Span>>,
    /// Whether a refresh token was issued with it.
    refresh_token: Option<bool>,
}

/// A token that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenKind {
    /// The access token.
    #[default]
    Access,
    /// The ID token.
    Id,
}

impl Verb for ExpectToken {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Tokens, &self.tokens);
        self.claims.values().chain(self.header.values()).for_each(|value| checker.json(value));
        let lifetimes = [&self.at_least, &self.at_most].into_iter().flatten();
        for lifetime in lifetimes.filter(|lifetime| lifetime.value <= Span::ZERO) {
            let message = format!("a token cannot be valid for {}", lifetime.value);
            checker.wrong_at(Position::of(lifetime), message, "write a positive duration, such as PT1H");
        }
        if let (Some(least), Some(most)) = (&self.at_least, &self.at_most)
            && least.value > most.value
        {
            let message = format!("no lifetime is at least {} and at most {}", least.value, most.value);
            checker.wrong_at(Position::of(least), message, "exchange the two");
        }
        for claim in self.absent.iter().filter(|claim| self.claims.contains_key(*claim)) {
            checker.wrong(
                format!("the claim '{claim}' is expected and absent"),
                "remove it from one of the two",
            );
        }
        self.absent.iter().for_each(|claim| checker.literal(checker.at, claim));
        let expects_nothing = self.claims.is_empty() && self.absent.is_empty() && self.header.is_empty();
        let has_lifetime = self.at_least.is_some() || self.at_most.is_some();
        if expects_nothing && !has_lifetime && self.refresh_token.is_none() {
            checker
                .wrong("nothing is expected of the token", "add claims, absent, header, at_least or at_most");
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.tokens.value;
        let tokens = &world.kept(name)?.tokens;
        let token = match self.kind {
            TokenKind::Access => Some(tokens.access_token.as_str()),
            TokenKind::Id => tokens.id_token.as_deref(),
        };
        if let Some(expected) = self.refresh_token {
            recorder.check(Check::equal("refresh token", expected, tokens.refresh_token.is_some()));
        }
        let kind = match self.kind {
            TokenKind::Access => "access token",
            TokenKind::Id => "ID token",
        };
        let Some(token) = token else {
            recorder.check(Check::that(kind, "a token", "none was issued", false));
            return Ok(());
        };
        let (header, claims) = (part(token, 0), part(token, 1));
        let (Some(header), Some(claims)) = (header, claims) else {
            recorder.check(Check::that(kind, "a JSON Web Token", "the token cannot be read", false));
            return Ok(());
        };
        recorder.note(format!("the {kind} '{name}' is read"));
        for (part, found, expected) in [("claim", &claims, &self.claims), ("header", &header, &self.header)] {
            for (member, value) in expected {
                let value = world.fill_json(value)?;
                let actual = found.get(member).map_or_else(|| "absent".to_owned(), Value::to_string);
                recorder.check(Check::equal(format!("{part} {member}"), value, actual));
            }
        }
        for member in &self.absent {
            let actual = claims.get(member).map_or_else(|| "absent".to_owned(), Value::to_string);
            recorder.check(Check::equal(format!("claim {member}"), "absent", actual));
        }
        let seconds = |claim: &str| claims.get(claim).and_then(Value::as_i64);
        let lifetime = seconds("exp").zip(seconds("iat"));
        // As `expires_in` counts it: the issuer backdates `iat`.
        let lifetime = lifetime.map(|(exp, iat)| Span::from_seconds(exp.saturating_sub(iat)) - BACKDATED);
        let shown = lifetime.map_or_else(|| "the token has no exp or no iat".to_owned(), |it| it.to_string());
        if let Some(least) = &self.at_least {
            let passed = lifetime.is_some_and(|lifetime| lifetime >= least.value);
            let expected = format!("at least {}", least.value);
            recorder.check(Check::that("lifetime", expected, shown.clone(), passed));
        }
        if let Some(most) = &self.at_most {
            let passed = lifetime.is_some_and(|lifetime| lifetime <= most.value);
            let expected = format!("at most {}", most.value);
            recorder.check(Check::that("lifetime", expected, shown, passed));
        }
        Ok(())
    }
}

/// Returns a part of a JSON Web Token.
fn part(token: &str, index: usize) -> Option<Value> {
    let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&part).ok()
}
