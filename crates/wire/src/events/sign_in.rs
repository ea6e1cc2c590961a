//! Signing in and out on pages, and what that issues.

use outlive_clock::{ClientId, SessionId};
use outlive_rules::aadsts::Aadsts;
use outlive_rules::{Question, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::example;
use crate::event::{event, events};

event! {
    /// A user signed in on the sign-in page.
    SignInSucceeded = "sign_in.succeeded" {
        /// The user principal name.
        upn: String,
        /// The browser session.
        #[schema(value_type = String)]
        session: SessionId,
        /// The authentication methods (RFC 8176).
        amr: Vec<String>,
        /// Whether the browser stays signed in when it is closed.
        persistent: bool,
    }
    notable |_| true,
    summary |event| format!("{} signed in {}.", event.upn, methods(&event.amr)),
    example { upn: example::OWNER_UPN.to_owned(), session: example::session(), amr: vec!["pwd".to_owned()], persistent: false },
}

/// The authentication methods in words.
fn methods(amr: &[String]) -> &'static str {
    let has = |method: &str| amr.iter().any(|known| known == method);
    match (has("pwd"), has("mfa")) {
        (true, true) => "with a password and a second factor",
        (true, false) => "with a password",
        (false, _) => "without a password, with a passkey",
    }
}

event! {
    /// A sign-in was refused on the sign-in page.
    SignInRefused = "sign_in.refused" {
        /// The user principal name, or the beginning of what was entered.
        upn: String,
        /// The error code (`AADSTS50126`).
        #[schema(value_type = String)]
        code: Aadsts,
        /// The error description.
        description: String,
    }
    notable |_| true,
    summary |event| format!("The sign-in of {} was refused. {}", event.upn, event.description),
    example { upn: example::OWNER_UPN.to_owned(), code: outlive_rules::aadsts::WRONG_PASSWORD, description: "AADSTS50126: Error validating credentials due to invalid username or password.".to_owned() },
}

event! {
    /// A user signed out of a browser session.
    SignOut = "sign_out" {
        /// The browser session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        session: Option<SessionId>,
        /// The user principal name, if the user still exists.
        upn: Option<String>,
    }
    notable |_| true,
    summary |event| match &event.upn {
        Some(upn) => format!("{upn} signed out."),
        None => "A session was signed out.".to_owned(),
    },
    example { session: Some(example::session()), upn: Some(example::OWNER_UPN.to_owned()) },
}

events! {
    payload {
        /// The client.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Its name.
        client_name: String,
        /// The browser session.
        #[schema(value_type = String)]
        session: SessionId,
    }
    example {
        client_id: example::desktop(),
        client_name: "Orders Desktop".to_owned(),
        session: example::session()
    }
    /// A browser session was not accepted: the user has to sign in again.
    SessionRefused = "session.refused" and {
        /// The verdict.
        #[schema(value_type = Object)]
        verdict: Verdict,
        /// The question that was decided.
        #[schema(value_type = Object)]
        question: Question,
    } example {
        question: example::refused_question(), verdict: example::refused_question().decide()
    }, notable true, |event| format!(
        "The browser session was not accepted for {}. {}", event.client_name, event.verdict.explain()
    );
    /// An authorization code was issued.
    CodeIssued = "code.issued" and {
        /// The user principal name.
        upn: String,
        /// The authentication methods (RFC 8176).
        amr: Vec<String>,
        /// How the redirect URI is registered (`web`, `spa`, `native`).
        redirect_type: String,
        /// The redirect URI; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        redirect_uri: Option<String>,
        /// The code.
        code: IssuedCode,
    } example {
        upn: example::OWNER_UPN.to_owned(),
        amr: vec!["pwd".to_owned()],
        redirect_type: "native".to_owned(),
        redirect_uri: Some("http://localhost".to_owned()),
        code: IssuedCode::example()
    }, notable false,
        |event| format!("An authorization code was issued to {} for {}.", event.client_name, event.upn);
    /// The authorization endpoint issued an ID token without a token request.
    IdTokenIssued = "id_token.issued" and {
        /// The user principal name.
        upn: String,
        /// The fingerprint of the ID token.
        fingerprint: String,
    } example {
        upn: example::OWNER_UPN.to_owned(), fingerprint: "4f0c1d2e3a4b5c6d".to_owned()
    }, notable false, |event| format!("An ID token was issued to {} for {}.", event.client_name, event.upn);
}

/// An authorization code or device code, by id and fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedCode {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// Its fingerprint; absent where the code itself was not presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl IssuedCode {
    pub(super) fn example() -> Self {
        Self { id: example::uuid(), fingerprint: Some("4f0c1d2e3a4b5c6d".to_owned()) }
    }
}
