//! Documents, claims about the user, and sign-out.

use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use url::Url;

use super::{Outcome, Player};
use crate::browser::Browser;
use crate::http::{CallError, send};
use crate::replay::endpoint::{Endpoint, LOGIN_HOSTS};
use crate::replay::exchange::Exchange;

impl Player<'_> {
    pub(super) async fn get(&mut self, exchange: &Exchange) -> Outcome {
        let Some(url) = self.with_query(exchange, &self.address(exchange)) else {
            return Outcome::left("The address of the identity provider is not valid.");
        };
        let answer = self.http.get(url.as_str()).await;
        self.compare(exchange, answer, Vec::new())
    }

    pub(super) async fn get_as_user(&mut self, exchange: &Exchange) -> Outcome {
        let token = exchange.header("authorization").and_then(|header| header.split_once(' '));
        let Some((scheme, token)) = token else {
            return Outcome::left("The recording has no Authorization header: save it with sensitive data.");
        };
        let Some(own) = self.names.issued(token.trim()) else {
            return Outcome::left("Its access token was issued before the recording.");
        };
        let authorization = format!("{scheme} {own}");
        let address = match exchange.endpoint {
            Endpoint::Me => format!("{}{}", origin_of(&self.tenant.urls.graph), exchange.url.path()),
            _ => self.address(exchange),
        };
        let Some(url) = self.with_query(exchange, &address) else {
            return Outcome::left("The address of Microsoft Graph is not valid.");
        };
        let request = self.http.request(Method::GET, url.as_str()).header(AUTHORIZATION, authorization);
        let answer = send(request).await;
        self.compare(exchange, answer, Vec::new())
    }

    /// Signs out in the browser of the user who signed in last.
    pub(super) async fn log_out(&mut self, exchange: &Exchange) -> Outcome {
        let Some(url) = self.with_query(exchange, &self.address(exchange)) else {
            return Outcome::left("The address of the identity provider is not valid.");
        };
        let session = self.last_user.take().and_then(|user| self.browsers.remove(&user));
        let mut browser = session.unwrap_or_else(|| Browser::new(self.http.clone()));
        let answer = browser.open_once(&url).await.map_err(|error| CallError {
            call: "GET logout".to_owned(),
            problem: error.to_string(),
            status: None,
        });
        self.compare(exchange, answer, Vec::new())
    }

    /// Returns the address with the recorded query.
    fn with_query(&self, exchange: &Exchange, address: &str) -> Option<Url> {
        let mut url = Url::parse(address).ok()?;
        let recorded = exchange.url.query_pairs();
        let pairs: Vec<(String, String)> = recorded
            .map(|(name, value)| {
                let value = self.names.to_send(&name, &value);
                let is_authority = name == "authorization_endpoint";
                let value = if is_authority { self.at_own_issuer(&value, &exchange.url) } else { value };
                (name.into_owned(), value)
            })
            .collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(&pairs);
        }
        Some(url)
    }

    /// Instance discovery is about a host that the issuer serves: one of Microsoft's, or the one to
    /// which the request was `sent`.
    fn at_own_issuer(&self, address: &str, sent: &Url) -> String {
        let Ok(url) = Url::parse(address) else { return address.to_owned() };
        if url.origin() == sent.origin() || url.host_str().is_some_and(|host| LOGIN_HOSTS.contains(&host)) {
            return format!("{}{}", self.tenant.urls.idp.trim_end_matches('/'), url.path());
        }
        address.to_owned()
    }
}

fn origin_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}
