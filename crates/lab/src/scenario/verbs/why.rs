//! The verb `why`.

use outlive_clock::Span;
use outlive_rules::Aadsts;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// The expected explanation of a stored refresh token, of a connection, or of the last run of a
/// flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// The tokens: their refresh token is explained, or the access token without one.
    tokens: Option<Spanned<String>>,
    /// The connection.
    connection: Option<Spanned<String>>,
    /// The flow whose last run is explained.
    flow: Option<Spanned<String>>,
    /// Whether the credential is accepted at present.
    accepted: Option<bool>,
    /// The `AADSTS` number of the refusal.
    aadsts: Option<Spanned<u32>>,
    /// Texts of the verdict.
    #[serde(default)]
    verdict_has: Vec<String>,
    /// Texts of the events that would end it.
    #[serde(default)]
    would_end_has: Vec<String>,
    /// Texts of the events that would not end it.
    #[serde(default)]
    would_not_end_has: Vec<String>,
    /// Texts of the smallest changes with which it would be accepted.
    #[serde(default)]
    what_if_has: Vec<String>,
}

impl Verb for Why {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must_if(Kind::Tokens, self.tokens.as_ref());
        checker.must_if(Kind::Connection, self.connection.as_ref());
        checker.must_if(Kind::Flow, self.flow.as_ref());
        if [&self.tokens, &self.connection, &self.flow].into_iter().flatten().count() != 1 {
            checker.wrong(
                "an explanation is of one thing: exactly one of tokens, connection and flow",
                "make a step of each",
            );
        }
        let texts = [&self.verdict_has, &self.would_end_has, &self.would_not_end_has, &self.what_if_has];
        checker.texts(texts.into_iter().flatten());
        if let Some(aadsts) = &self.aadsts {
            if Aadsts::from_number(aadsts.value).is_none() {
                let message = format!("Outlive has no error AADSTS{}", aadsts.value);
                checker.wrong_at(Position::of(aadsts), message, "docs/errors.md lists those that it has");
            }
            if self.accepted == Some(true) {
                let message = "an accepted credential has no error";
                checker.wrong_at(Position::of(aadsts), message, "remove aadsts, or accepted");
            }
        }
        let has_texts = texts.into_iter().any(|texts| !texts.is_empty());
        if !has_texts && self.accepted.is_none() && self.aadsts.is_none() {
            checker.wrong("nothing is expected of the explanation", "add accepted, aadsts or a text");
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (of, name) = self.subject(world).await?;
        let why = world.lab.why(world.tenant(), &of).await?;
        recorder.note(format!("why {name}: {}", why.what));
        let verdict = why.verdict.as_ref();
        let words = verdict.map_or_else(|| "there is no verdict".to_owned(), outlive_rules::Verdict::explain);
        recorder.explain(words.clone());
        if let Some(expected) = self.accepted {
            let word = |accepted: bool| if accepted { "accepted" } else { "refused" };
            let accepted = verdict.is_some_and(outlive_rules::Verdict::is_accepted);
            let passed = verdict.is_some() && accepted == expected;
            recorder.check(Check::that("verdict", word(expected), words.clone(), passed));
        }
        if let Some(aadsts) = &self.aadsts {
            let code = verdict.and_then(|verdict| verdict.code);
            let actual = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
            recorder.check(Check::equal("code", format!("AADSTS{}", aadsts.value), actual));
        }
        let what_if: Vec<_> = why.what_if.iter().map(|change| change.words.clone()).collect();
        for (what, expected, actual) in [
            ("verdict", &self.verdict_has, words),
            ("events that would end it", &self.would_end_has, why.would_end_it.join("; ")),
            ("events that would not end it", &self.would_not_end_has, why.would_not_end_it.join("; ")),
            ("what would have to differ", &self.what_if_has, what_if.join(" ")),
        ] {
            for text in expected {
                recorder.check(Check::holds(what, &world.fill(text)?, &actual));
            }
        }
        Ok(())
    }
}

impl Why {
    /// Returns what is explained, and its name in the scenario.
    async fn subject(&self, world: &mut World) -> Result<(String, String), StepError> {
        if let Some(name) = &self.tokens {
            let tokens = &world.kept(&name.value)?.tokens;
            let token = tokens.refresh_token.clone().unwrap_or_else(|| tokens.access_token.clone());
            return Ok((token, format!("the token '{}'", name.value)));
        }
        if let Some(name) = &self.connection {
            let id = world.connection(&name.value)?.id;
            return Ok((format!("connection:{id}"), format!("the connection '{}'", name.value)));
        }
        let name = self.flow.as_ref().map(|flow| flow.value.clone()).unwrap_or_default();
        let (flow, now) = (world.flow(&name)?, world.now);
        let since = world.started - Span::from_micros(1);
        let runs = world.maker(&flow.owner)?.runs(now, &flow.id, since).await?;
        let last = runs.last().ok_or_else(|| StepError(format!("the flow '{name}' has not run yet")))?;
        Ok((format!("run:{}", last.name), format!("the last run of '{name}'")))
    }
}
