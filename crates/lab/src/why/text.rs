//! The explanation as text.

use std::fmt;

use anstyle::Style;
use outlive_rules::{ClientClass, Outcome, Presented, Question};

use super::{Moment, Why};
use crate::style::{BAD, GOOD, STRONG};

/// Returns the column of the revocation table that applies, in words.
pub(super) fn column(question: &Question) -> Option<&'static str> {
    let (class, password_based) = match &question.presented {
        Presented::RefreshToken(token) => (Some(token.client_class), token.password_based),
        Presented::Code(code) => (Some(code.client_class), code.password_based),
        Presented::Cookie(cookie) => (None, cookie.password_based),
        Presented::AccessToken(token) if token.evaluated => {
            return Some("which is CAE-enabled");
        }
        _ => return None,
    };
    Some(match (class, password_based) {
        (Some(ClientClass::Confidential), _) => "a confidential client",
        (Some(ClientClass::Public), true) => "a public client, by a sign-in with a password",
        (Some(ClientClass::Public), false) => "a public client, by a sign-in without a password",
        (None, true) => "established with a password",
        (None, false) => "established without a password",
    })
}

/// Plain; in colors with `{:#}`.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strong = style(f, STRONG);
        writeln!(f, "{strong}{}{strong:#}", self.what)?;
        moments(f, "Where it came from", &self.lineage)?;
        moments(f, "What was done with it", &self.decisions)?;
        if let Some(verdict) = &self.verdict {
            let outcome = style(f, if verdict.outcome == Outcome::Accepted { GOOD } else { BAD });
            let words = verdict.explain();
            let (first, rest) = words.split_at(words.find(':').unwrap_or(0));
            let at = verdict.at.whole_second();
            writeln!(f, "\n{strong}Now, on {at}{strong:#}\n  {outcome}{first}{outcome:#}{rest}")?;
        }
        if let Some(at) = self.ends_by_itself {
            writeln!(f, "\nIt expires on {} unless an event ends it earlier.", at.whole_second())?;
        }
        list(f, "It would end immediately if", &self.would_end_it)?;
        list(f, "It would remain valid if", &self.would_not_end_it)?;
        let changes: Vec<_> = self.what_if.iter().map(|found| found.words.clone()).collect();
        list(f, "What would have changed the decision", &changes)
    }
}

/// Returns a style, or none in plain text.
fn style(f: &fmt::Formatter<'_>, style: Style) -> Style {
    if f.alternate() { style } else { Style::new() }
}

fn moments(f: &mut fmt::Formatter<'_>, title: &str, moments: &[Moment]) -> fmt::Result {
    if moments.is_empty() {
        return Ok(());
    }
    let strong = style(f, STRONG);
    writeln!(f, "\n{strong}{title}{strong:#}")?;
    moments
        .iter()
        .try_for_each(|moment| writeln!(f, "  {}  {:<8}  {}", moment.at, moment.service, moment.words))
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, words: &[String]) -> fmt::Result {
    if words.is_empty() {
        return Ok(());
    }
    let strong = style(f, STRONG);
    writeln!(f, "\n{strong}{title}{strong:#}")?;
    words.iter().try_for_each(|words| writeln!(f, "  - {words}"))
}
