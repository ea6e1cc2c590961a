//! Statuses of a connection, in the documented words.

use outlive_clock::Instant;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connector::{OAuthSettings, ProviderKind};
use crate::credential::Rejected;

/// The maximum length of an issuer's response in a status, in characters.
const DETAIL_CHARS_MAX: usize = 4_000;

/// The state of a connection's sign-in, as of the last attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// The last attempt succeeded.
    Connected,
    /// No user has signed in, or the sign-in failed; the text is the reason.
    Unauthenticated(String),
    /// The issuer rejected the refresh token; the text is the reason.
    Unauthorized(String),
}

impl Status {
    /// The status of a new connection.
    pub(crate) fn unauthenticated() -> Self {
        Self::Unauthenticated("This connection is not authenticated.".to_owned())
    }

    /// `properties.overallStatus`.
    pub(crate) const fn overall(&self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Unauthenticated(_) | Self::Unauthorized(_) => "Error",
        }
    }

    /// `error.code`, if there is one.
    pub(crate) const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Connected => None,
            Self::Unauthenticated(_) => Some("Unauthenticated"),
            Self::Unauthorized(_) => Some("Unauthorized"),
        }
    }

    /// `error.message`, if there is one.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Connected => None,
            Self::Unauthenticated(message) | Self::Unauthorized(message) => Some(message),
        }
    }

    /// Returns the status with this code and message.
    pub(crate) fn from_parts(code: Option<&str>, message: Option<String>) -> Self {
        match code {
            None => Self::Connected,
            Some("Unauthorized") => Self::Unauthorized(message.unwrap_or_default()),
            Some(_) => Self::Unauthenticated(message.unwrap_or_default()),
        }
    }

    /// `properties.statuses`.
    pub(crate) fn to_json(&self) -> Value {
        match (self.code(), self.message()) {
            (Some(code), Some(message)) => json!([{
                "status": "Error", "target": "token", "error": {"code": code, "message": message},
            }]),
            _ => json!([{"status": "Connected"}]),
        }
    }
}

/// Formats the message of a rejected refresh. `correlation` is the id of the token request.
pub(crate) fn refresh_failed(
    settings: &OAuthSettings,
    correlation: Uuid,
    at: Instant,
    attempts: &[Rejected],
) -> String {
    let why = match (settings.kind, attempts) {
        (ProviderKind::Urls, _) => format!("OAuth 2 access token refresh failed. {}", responses(attempts)),
        (_, [.., last]) => format!("Failed to acquire token from AAD: {}", shortened(&last.response)),
        (_, []) => String::new(),
    };
    refresh_impossible(&settings.identity_provider, correlation, at, &why)
}

/// Formats the message of a rejected exchange of a caller's token.
pub(crate) fn exchange_failed(
    provider: &str,
    correlation: Uuid,
    at: Instant,
    attempts: &[Rejected],
) -> String {
    let response = attempts.last().map_or("", |attempt| attempt.response.as_str());
    format!(
        "Failed to acquire access token on behalf of the user for service: {provider}. Correlation Id=g-{correlation}, UTC \
         TimeStamp={}, Error: Failed to acquire token from AAD: {}",
        american_date(at),
        shortened(response),
    )
}

/// Formats the message of a refresh for which no token request was possible, for example because
/// there is no refresh token.
pub(crate) fn refresh_impossible(provider: &str, correlation: Uuid, at: Instant, why: &str) -> String {
    format!(
        "Failed to refresh access token for service: {provider}. Correlation Id=g-{correlation}, UTC TimeStamp={}, \
         Error: {why}",
        american_date(at),
    )
}

/// Formats the message of a failed code redemption.
pub(crate) fn sign_in_failed(settings: &OAuthSettings, attempts: &[Rejected]) -> String {
    format!(
        "{}. OAuth 2 sign in failed to exchange code for access token. {}",
        flow_failed(settings),
        responses(attempts)
    )
}

/// Formats the message of a sign-in that the issuer ended with an error.
pub(crate) fn sign_in_refused(settings: &OAuthSettings, error: &str, description: &str) -> String {
    format!("{}. {}", flow_failed(settings), shortened(&format!("{error}: {description}")))
}

fn flow_failed(settings: &OAuthSettings) -> String {
    let flow = match settings.kind {
        ProviderKind::AadCertificate => "OAuth2Certificate Authorization Flow",
        ProviderKind::Aad | ProviderKind::Urls => "OAuth2 authorization flow",
    };
    format!("{flow} failed for service '{}'", settings.service_name())
}

/// Formats the issuer's responses, one after the other.
pub(crate) fn responses(attempts: &[Rejected]) -> String {
    let one = |attempt: &Rejected| {
        let status = attempt.status.canonical_reason().unwrap_or_default().replace(' ', "");
        let how = attempt.authentication;
        let space = if how.is_empty() { "" } else { ". " };
        let length = DETAIL_CHARS_MAX / attempts.len();
        let response: String = attempt.response.chars().take(length).collect();
        format!("{how}{space}Response status code={status}. Response body: {response}")
    };
    attempts.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Formats an instant as `M/d/yyyy h:mm:ss AM`, as these messages do.
pub(crate) fn american_date(at: Instant) -> String {
    at.strftime("%-m/%-d/%Y %-I:%M:%S %p")
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(DETAIL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn settings(provider: &str) -> OAuthSettings {
        let parameter = json!({"oAuthSettings": {
            "identityProvider": provider, "customParameters": {"resourceUri": {"value": "api://x"}},
        }});
        OAuthSettings::parse(&parameter, "p").expect("usable")
    }

    fn rejected(authentication: &'static str, response: &str) -> Rejected {
        Rejected { authentication, status: StatusCode::BAD_REQUEST, response: response.to_owned() }
    }

    #[test]
    fn a_rejected_refresh_has_the_documented_message() {
        let at: Instant = "2026-01-05T00:07:09Z".parse().expect("an instant");
        let body = [rejected("Client ID and secret sent in form body.", "{\"error\":\"invalid_grant\"}")];
        let head = |provider| {
            format!(
                "Failed to refresh access token for service: {provider}. Correlation \
                 Id=g-00000000-0000-0000-0000-000000000007, UTC TimeStamp=1/5/2026 12:07:09 AM, Error: "
            )
        };
        assert_eq!(
            refresh_failed(&settings("aad"), Uuid::from_u128(7), at, &body),
            head("aad") + "Failed to acquire token from AAD: {\"error\":\"invalid_grant\"}"
        );
        assert_eq!(
            refresh_failed(&settings("oauth2"), Uuid::from_u128(7), at, &body),
            head("oauth2")
                + "OAuth 2 access token refresh failed. Client ID and secret sent in form body.. Response status \
                   code=BadRequest. Response body: {\"error\":\"invalid_grant\"}"
        );
    }

    #[test]
    fn a_failed_sign_in_quotes_all_responses() {
        let both = [
            rejected("Client ID and secret sent in form body.", "{\"a\":1}"),
            rejected("Client ID and secret sent in Basic authorization header.", "no"),
        ];
        assert_eq!(
            sign_in_failed(&settings("aad"), &both),
            "OAuth2 authorization flow failed for service 'Azure Active Directory'. OAuth 2 sign in failed to exchange \
             code for access token. Client ID and secret sent in form body.. Response status code=BadRequest. \
             Response body: {\"a\":1} Client ID and secret sent in Basic authorization header.. Response status \
             code=BadRequest. Response body: no"
        );
        assert_eq!(
            sign_in_refused(&settings("facebook"), "access_denied", "why"),
            "OAuth2 authorization flow failed for service 'facebook'. access_denied: why"
        );
        assert!(sign_in_failed(&settings("aadcertificate"), &both).starts_with("OAuth2Certificate "));
    }

    #[test]
    fn dates_are_american_with_twelve_hours() {
        for (at, text) in [
            ("2026-01-05T09:00:00Z", "1/5/2026 9:00:00 AM"),
            ("2026-12-31T12:00:00Z", "12/31/2026 12:00:00 PM"),
            ("2026-10-05T23:59:59Z", "10/5/2026 11:59:59 PM"),
        ] {
            assert_eq!(american_date(at.parse().expect("an instant")), text);
        }
    }

    #[test]
    fn a_status_is_restored_from_its_parts() {
        for status in [Status::Connected, Status::unauthenticated(), Status::Unauthorized("refused".into())] {
            let back = Status::from_parts(status.code(), status.message().map(str::to_owned));
            assert_eq!(back, status);
        }
        assert_eq!(Status::Connected.to_json(), json!([{"status": "Connected"}]));
        assert_eq!(Status::unauthenticated().to_json()[0]["error"]["code"], "Unauthenticated");
    }

    #[test]
    fn a_long_response_is_truncated() {
        let long = [rejected("", &"x".repeat(100_000)), rejected("", &"x".repeat(100_000))];
        assert!(sign_in_failed(&settings("oauth2"), &long).len() < DETAIL_CHARS_MAX + 400);
    }
}
