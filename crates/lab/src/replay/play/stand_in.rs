//! Grants of before the recording: a sign-in of the same user to the same application stands in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_wire::lab_api::{SignInAnswer, SignInRequest};
use sha2::{Digest, Sha256};

use super::Player;
use crate::replay::exchange::Exchange;
use crate::replay::kind::Jwt;

/// Scopes without which there is no refresh token.
const FOR_REFRESH: &str = "openid profile offline_access";

/// Returns the code challenge (S256) of a code verifier.
pub(super) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl Player<'_> {
    /// Signs users in at the start of the recording where it has refresh tokens of before it.
    pub(super) async fn prepare_refresh_tokens(&mut self) {
        let plan = self.plan;
        for (index, exchange) in plan.exchanges.iter().enumerate() {
            let Some(token) = exchange.field("refresh_token") else { continue };
            let is_issued = plan.index.is_issued_before(index, token);
            let (false, None, Some(client_id)) = (is_issued, self.names.issued(token), exchange.client_id())
            else {
                continue;
            };
            // The request itself reports the failure.
            let user = self.user_after(index);
            if let Ok(own) = self.refresh_token_from_before(exchange, &client_id, user).await {
                self.names.bind(token, &own);
                self.stand_ins.insert(token.to_owned());
            }
        }
    }

    pub(super) async fn refresh_token_from_before(
        &self,
        exchange: &Exchange,
        client_id: &str,
        user: Option<String>,
    ) -> Result<String, String> {
        let scope =
            exchange.field("scope").map(|scope| self.names.to_send("scope", scope)).unwrap_or_default();
        let request = SignInRequest {
            scope: Some(format!("{FOR_REFRESH} {scope}")),
            redeem: true,
            ..self.sign_in_of(client_id, user)
        };
        let no_token =
            || "A stand-in for its refresh token cannot be obtained: the client has none.".to_owned();
        match self.sign_in(&request).await? {
            SignInAnswer::Tokens(tokens) => tokens.refresh_token.ok_or_else(no_token),
            SignInAnswer::Code(_) => Err(no_token()),
        }
    }

    pub(super) async fn code_from_before(
        &self,
        exchange: &Exchange,
        client_id: &str,
    ) -> Result<String, String> {
        let scope = exchange.field("scope").map(|scope| self.names.to_send("scope", scope));
        let request = SignInRequest {
            scope,
            redirect_uri: exchange.field("redirect_uri").map(str::to_owned),
            code_challenge: exchange.field("code_verifier").map(challenge_of),
            ..self.sign_in_of(client_id, crate::replay::facts::user_of(exchange))
        };
        match self.sign_in(&request).await? {
            SignInAnswer::Code(answer) => Ok(answer.code),
            SignInAnswer::Tokens(_) => Err("A stand-in for its code cannot be obtained.".to_owned()),
        }
    }

    /// An assertion can be made again if its client is in the recording.
    pub(super) async fn assertion_from_before(&self, assertion: &str) -> Result<String, String> {
        const UNKNOWN: &str =
            "Its assertion was issued to a client that is not in the recording; record that client, too.";
        let jwt = Jwt::read(assertion).ok_or(UNKNOWN)?;
        let client = jwt.claim("azp").or_else(|| jwt.claim("appid")).ok_or(UNKNOWN)?;
        let audience = self.names.to_send("scope", jwt.claim("aud").ok_or(UNKNOWN)?);
        self.application(client).ok_or(UNKNOWN)?;
        let user = ["preferred_username", "upn", "unique_name"].into_iter().find_map(|name| jwt.claim(name));
        let request = SignInRequest {
            scope: Some(format!("openid {}/.default", audience.trim_end_matches('/'))),
            redeem: true,
            ..self.sign_in_of(client, user.map(str::to_owned))
        };
        match self.sign_in(&request).await? {
            SignInAnswer::Tokens(tokens) => Ok(tokens.access_token),
            SignInAnswer::Code(_) => Err(UNKNOWN.to_owned()),
        }
    }

    fn sign_in_of(&self, client_id: &str, user: Option<String>) -> SignInRequest {
        SignInRequest {
            user: self.user(user.as_deref()).upn,
            app: self.application(client_id).map(|application| application.client_id.clone()),
            ..SignInRequest::default()
        }
    }

    async fn sign_in(&self, request: &SignInRequest) -> Result<SignInAnswer, String> {
        if request.app.is_none() {
            return Err("It uses a client of the platform, to which no stand-in can sign in.".to_owned());
        }
        self.lab.sign_in(self.tenant.tenant_id, request).await.map_err(|error| {
            let aadsts = crate::browser::aadsts_in(&error.problem);
            let why =
                aadsts.map_or_else(|| "Outlive refuses the sign-in".to_owned(), |n| format!("AADSTS{n}"));
            format!("A stand-in for what was issued before the recording cannot be obtained: {why}.")
        })
    }
}
