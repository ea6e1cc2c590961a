//! Authorization requests. Microsoft's pages differ from Outlive's, so what the user did on them is
//! done on Outlive's pages, up to the redirect.

use url::Url;

use super::stand_in::challenge_of;
use super::{Outcome, Player};
use crate::browser::{Arrival, Browser, BrowserError, refused};
use crate::oauth_client::stops_at;
use crate::replay::compare::{Difference, Redirect, Severity, compare_redirects};
use crate::replay::exchange::{Exchange, redirect_parameters};
use crate::replay::facts::{parameter, parameter_of, redirect_of};
use crate::replay::sign_ins::SignIn;

/// Errors of a redemption whose verifier does not fit the challenge.
const WRONG_VERIFIER: [u32; 2] = [50_148, 501_481];
/// Parameters that Outlive's pages cannot use: sessions and hints of the original.
const LEFT_OUT: [&str; 3] = ["id_token_hint", "domain_hint", "sso_nonce"];

impl Player<'_> {
    pub(super) async fn authorize(&mut self, index: usize, exchange: &Exchange) -> Outcome {
        let plan = self.plan;
        let Some(sign_in) = plan.sign_in_at(index) else {
            return Outcome::Nothing("The request names no client.");
        };
        let is_silent = parameter_of(exchange, "prompt").as_deref() == Some("none");
        let recorded = sign_in.redirect.and_then(|at| {
            let exchange = &plan.exchanges[at];
            Some((redirect_of(exchange)?, exchange.status))
        });
        if recorded.is_none() && sign_in.redemption.is_none() {
            return Outcome::Nothing(
                "The recording has only pages after it, no redirect to the application.",
            );
        }
        if !sign_in.succeeded(plan.exchanges) && !is_silent {
            return Outcome::Nothing("The user did not complete the sign-in, or a page refused it.");
        }
        let Some(redirect_uri) = parameter_of(exchange, "redirect_uri") else {
            return Outcome::Nothing("The request has no redirect URI.");
        };
        let user = self.user(sign_in.user.as_deref());
        let mut notes = Vec::new();
        let session = self.browsers.get(&user.upn).cloned();
        // A browser that was asked for nothing had a session.
        let continues = is_silent || sign_in.is_direct();
        let lacks_session = session.is_none() && sign_in.succeeded(plan.exchanges) && continues;
        if lacks_session {
            notes.push("Its session is of before the recording; a sign-in stands in.".to_owned());
        } else if !continues {
            notes.push("The sign-in pages are passed by Outlive's own.".to_owned());
        }
        let mut browser = match session {
            Some(browser) if continues => browser,
            _ => Browser::new(self.http.clone()),
        };
        let Ok(url) = Url::parse(&self.address(exchange)) else {
            return Outcome::left("The address of the identity provider is not valid.");
        };
        let url = self.authorization_request(url, sign_in, exchange, is_silent && lacks_session);
        let stop = stops_at(&redirect_uri);
        let arrived = if is_silent && !lacks_session {
            match browser.open(url, &stop).await {
                Ok(Arrival::Stop(back)) => Ok(back),
                Ok(Arrival::Page(page)) => Err(refused(&page)),
                Err(error) => Err(error),
            }
        } else {
            browser.sign_in(url, &user.upn, &user.password, &stop).await
        };
        let back = match arrived {
            Ok(back) => back,
            Err(error) => return self.refused(&error, notes),
        };
        let status = browser.redirect_status();
        self.browsers.insert(user.upn.clone(), browser);
        self.last_user = Some(user.upn);
        self.arrive(sign_in, recorded.as_ref(), (&back, status), notes)
    }

    /// Compares the redirects, and remembers the code.
    fn arrive(
        &mut self,
        sign_in: &SignIn,
        recorded: Option<&(Url, u16)>,
        (back, status): (&Url, u16),
        notes: Vec<String>,
    ) -> Outcome {
        let mut differences = Vec::new();
        if let Some((recorded, recorded_status)) = recorded {
            self.names.bind_redirects(recorded, back);
            let redirect = |url, status| Redirect { status, parameters: redirect_parameters(url) };
            let (known, own) = (redirect(recorded, *recorded_status), redirect(back, status));
            differences = compare_redirects(&self.names, &known, &own);
            let asked = parameter_of(&self.plan.exchanges[sign_in.authorize], "response_mode");
            // A replay cannot post a form.
            if mode_of(recorded) != mode_of(back) && asked.as_deref() != Some("form_post") {
                differences.push(Difference {
                    member: "response_mode".to_owned(),
                    ..difference(mode_of(recorded), mode_of(back))
                });
            }
        }
        let redeemed = sign_in.redemption.and_then(|at| self.plan.exchanges[at].field("code"));
        if let (Some(redeemed), Some(code)) = (redeemed, parameter(back, "code")) {
            self.names.bind(redeemed, &code);
        }
        if recorded.is_none() && parameter(back, "code").is_none() {
            differences.push(difference("a code", &outcome_of(back)));
        }
        Outcome::Compared { differences, notes }
    }

    fn refused(&self, error: &BrowserError, notes: Vec<String>) -> Outcome {
        let BrowserError::Refused { aadsts, status, .. } = error else {
            return Outcome::left("Outlive's pages do not lead back to the application.");
        };
        let page = aadsts
            .map_or_else(|| format!("a page with status {status}"), |n| format!("a page with AADSTS{n}"));
        Outcome::Compared { differences: vec![difference("a redirect", &page)], notes }
    }

    /// Returns the recorded request for Outlive.
    fn authorization_request(
        &self,
        mut url: Url,
        sign_in: &SignIn,
        exchange: &Exchange,
        is_interactive: bool,
    ) -> Url {
        let redemption = sign_in.redemption.map(|at| &self.plan.exchanges[at]);
        // A redacted verifier does not fit the recorded challenge.
        let challenge = redemption
            .filter(|later| !later.aadsts().is_some_and(|number| WRONG_VERIFIER.contains(&number)))
            .and_then(|later| later.field("code_verifier"))
            .map(challenge_of);
        let response_type = parameter_of(exchange, "response_type").unwrap_or_default();
        let given: Vec<(String, String)> = exchange
            .url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .chain(exchange.form.iter().cloned())
            .collect();
        let mut pairs = url.query_pairs_mut();
        for (name, value) in given {
            let value = match name.as_str() {
                left_out if LEFT_OUT.contains(&left_out) || left_out.starts_with("x-client-") => continue,
                "prompt" if is_interactive => continue,
                "code_challenge" => challenge.clone().unwrap_or(value),
                // A script would post the form.
                "response_mode" if value == "form_post" => {
                    let mode = if response_type == "code" { "query" } else { "fragment" };
                    mode.to_owned()
                }
                name => self.names.to_send(name, &value),
            };
            pairs.append_pair(&name, &value);
        }
        drop(pairs);
        url
    }
}

fn difference(recorded: &str, outlive: &str) -> Difference {
    Difference {
        member: "sign_in".to_owned(),
        recorded: recorded.to_owned(),
        outlive: outlive.to_owned(),
        severity: Severity::Different,
        certain: true,
        reason: None,
    }
}

/// Returns where a redirect has its parameters.
fn mode_of(redirect: &Url) -> &'static str {
    if redirect.fragment().is_some_and(|fragment| fragment.contains('=')) { "fragment" } else { "query" }
}

fn outcome_of(back: &Url) -> String {
    let number = parameter(back, "error_description").and_then(|text| crate::browser::aadsts_in(&text));
    number.map_or_else(|| "a redirect without a code".to_owned(), |number| format!("AADSTS{number}"))
}
