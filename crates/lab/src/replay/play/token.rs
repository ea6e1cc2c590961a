//! Requests to the token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, ORIGIN};

use super::{Outcome, Player};
use crate::http::send;
use crate::replay::exchange::{Exchange, basic_credentials};

/// What is sent where the recording has a wrong secret or password.
const WRONG: &str = "not-the-recorded-secret";
/// Errors of wrong or expired client secrets.
const WRONG_SECRET: [u32; 3] = [7_000_215, 7_000_222, 50_012];
/// The error of a wrong password.
const WRONG_PASSWORD: u32 = 50_126;

/// Parameters that a server issued.
const ISSUED: [&str; 4] = ["code", "refresh_token", "device_code", "assertion"];

impl Player<'_> {
    pub(super) async fn token(&mut self, index: usize, exchange: &Exchange) -> Outcome {
        let mut notes = Vec::new();
        let mut form: Vec<(String, String)> = Vec::new();
        for (name, value) in &exchange.form {
            let sent = match name.as_str() {
                "client_secret" => self.secret(exchange),
                "client_assertion" => {
                    notes.push("A client secret stands in for the client assertion.".to_owned());
                    form.push(("client_secret".to_owned(), self.secret(exchange)));
                    continue;
                }
                "client_assertion_type" => continue,
                "password" if exchange.aadsts() == Some(WRONG_PASSWORD) => WRONG.to_owned(),
                "password" => self.user(exchange.field("username")).password,
                issued if ISSUED.contains(&issued) => {
                    match self.obtain_issued(index, exchange, issued, value).await {
                        Ok((sent, note)) => {
                            notes.extend(note);
                            sent
                        }
                        Err(why) => return Outcome::Left(why),
                    }
                }
                _ => self.names.to_send(name, value),
            };
            form.push((name.clone(), sent));
        }
        if exchange.field("device_code").is_some()
            && let Err(why) = self.decide_device(exchange).await
        {
            return Outcome::Left(why);
        }
        let mut request = self.http.request(method_of(exchange), &self.address(exchange));
        if !form.is_empty() {
            request = request.form(&form);
        };
        if let Some((client, _)) = exchange.header("authorization").and_then(basic_credentials) {
            let pair = format!("{}:{}", self.names.to_send("client_id", &client), self.secret(exchange));
            request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        }
        if let Some(origin) = exchange.header("origin") {
            request = request.header(ORIGIN, origin);
        }
        let answer = send(request).await;
        self.compare(exchange, answer, notes)
    }

    /// Returns the secret of the client; a wrong one if the recorded secret was.
    fn secret(&self, exchange: &Exchange) -> String {
        if exchange.aadsts().is_some_and(|number| WRONG_SECRET.contains(&number)) {
            return WRONG.to_owned();
        }
        let application = exchange.client_id().and_then(|id| self.application(&id)?.secret.clone());
        application.unwrap_or_else(|| WRONG.to_owned())
    }

    /// Returns what Outlive issued in place of a recorded value, or a value that stands in for it.
    async fn obtain_issued(
        &mut self,
        index: usize,
        exchange: &Exchange,
        name: &str,
        value: &str,
    ) -> Result<(String, Option<String>), String> {
        if let Some(issued) = self.names.issued(value) {
            let note = self.stand_ins.contains(value).then(|| stands_in_for(name));
            return Ok((issued.to_owned(), note));
        }
        let Some(client_id) = exchange.client_id() else {
            return Err("The request names no client.".to_owned());
        };
        let stands_in = match name {
            "code" => self.code_from_before(exchange, &client_id).await,
            "refresh_token" => {
                self.refresh_token_from_before(exchange, &client_id, self.user_after(index)).await
            }
            "assertion" => self.assertion_from_before(value).await,
            _ => Err("Its device code was issued before the recording.".to_owned()),
        }?;
        self.names.bind(value, &stands_in);
        self.stand_ins.insert(value.to_owned());
        Ok((stands_in, Some(stands_in_for(name))))
    }

    /// Returns the user of a request: in its response, or in a later one of the same client.
    pub(super) fn user_after(&self, index: usize) -> Option<String> {
        let client = self.plan.exchanges.get(index)?.client_id();
        self.plan.index.user_from(index, &client).map(str::to_owned)
    }
}

/// Returns the recorded method: clients also make the mistake to GET a token.
pub(super) fn method_of(exchange: &Exchange) -> Method {
    Method::from_bytes(exchange.method.as_bytes()).unwrap_or(Method::POST)
}

fn stands_in_for(name: &str) -> String {
    format!("The {} was issued before the recording; a sign-in stands in.", name.replace('_', " "))
}
