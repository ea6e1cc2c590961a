//! The `claims` parameter: requested claims and client capabilities (OpenID Connect Core 1.0,
//! section 5.5; "Claims challenges, claims requests, and client capabilities").

use std::collections::BTreeSet;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest accepted parameter, in bytes.
const TEXT_BYTES_MAX: usize = 8 * 1024;
/// The maximum nesting depth: twice that of any documented request.
const DEPTH_MAX: usize = 8;
/// The maximum number of authentication contexts in a request: all 99 that exist.
const CONTEXTS_MAX: usize = 99;

/// The ID token claims that can be requested; others are ignored, as the standard requires.
const ID_TOKEN_CLAIMS: [&str; 11] = [
    "acct",
    "acrs",
    "auth_time",
    "email",
    "family_name",
    "given_name",
    "ipaddr",
    "login_hint",
    "preferred_username",
    "sid",
    "upn",
];

/// The text is not a claims request, or is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims parameter is not a JSON object of the documented form, or is too large")]
pub struct MalformedClaimsRequest;

/// The supported part of a claims request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// The client handles claims challenges: `access_token.xms_cc` contains `cp1`
    /// (case-insensitive).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_be_challenged: bool,
    /// The earliest acceptable issue time (`access_token.nbf`), in response to a challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// The authentication contexts that the access token must satisfy (`access_token.acrs`).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub contexts: BTreeSet<String>,
    /// The claims requested for the ID token. `essential` has no effect: a claim without a value is
    /// omitted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub id_token: BTreeSet<String>,
}

impl ClaimsRequest {
    /// Parses a request. Unknown members are ignored.
    ///
    /// # Errors
    /// [`MalformedClaimsRequest`] when the text is not a JSON object, a supported member does not
    /// have its documented form, or a limit is exceeded.
    pub fn parse(text: &str) -> Result<Self, MalformedClaimsRequest> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(MalformedClaimsRequest);
        }
        // Clients get one error for every form; its source adds nothing for them.
        let value: Value = serde_json::from_str(text).ok().ok_or(MalformedClaimsRequest)?;
        if depth(&value) > DEPTH_MAX {
            return Err(MalformedClaimsRequest);
        }
        let Value::Object(members) = value else { return Err(MalformedClaimsRequest) };
        let empty = Map::new();
        let access_token = object(members.get("access_token"))?.unwrap_or(&empty);
        let id_token = object(members.get("id_token"))?.unwrap_or(&empty);
        let capabilities = requested(access_token.get("xms_cc"))?;
        let contexts: BTreeSet<String> = requested(access_token.get("acrs"))?.into_iter().collect();
        if contexts.len() > CONTEXTS_MAX {
            return Err(MalformedClaimsRequest);
        }
        for requested in id_token.values() {
            object(Some(requested))?;
        }
        Ok(Self {
            can_be_challenged: capabilities.iter().any(|name| name.eq_ignore_ascii_case("cp1")),
            not_before: requested(access_token.get("nbf"))?.first().map(|text| instant(text)).transpose()?,
            contexts,
            id_token: ID_TOKEN_CLAIMS
                .into_iter()
                .filter(|name| id_token.contains_key(*name))
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Merges the request with the one that created the grant: capabilities, contexts and ID token
    /// claims carry over; `not_before` does not.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        self.can_be_challenged |= before.can_be_challenged;
        self.contexts.extend(before.contexts.iter().cloned());
        self.id_token.extend(before.id_token.iter().cloned());
        self
    }
}

/// Returns a member that is an object; `null` counts as absent (section 5.5.1).
fn object(member: Option<&Value>) -> Result<Option<&Map<String, Value>>, MalformedClaimsRequest> {
    match member {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(MalformedClaimsRequest),
    }
}

/// The requested values: `value` or `values`. Numbers are converted to strings.
fn requested(claim: Option<&Value>) -> Result<Vec<String>, MalformedClaimsRequest> {
    let Some(requested) = object(claim)? else { return Ok(Vec::new()) };
    if requested.get("essential").is_some_and(|essential| !essential.is_boolean()) {
        return Err(MalformedClaimsRequest);
    }
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(MalformedClaimsRequest),
    };
    match (requested.get("value"), requested.get("values")) {
        (Some(value), None) => Ok(vec![one(value)?]),
        (None, Some(Value::Array(values))) => values.iter().map(one).collect(),
        (None, None) => Ok(Vec::new()),
        _ => Err(MalformedClaimsRequest),
    }
}

/// Parses seconds since 1970, as in a challenge.
fn instant(text: &str) -> Result<Instant, MalformedClaimsRequest> {
    // The source says only that it is not a number.
    let seconds: i64 = text.parse().ok().ok_or(MalformedClaimsRequest)?;
    let shown = Instant::EPOCH.as_seconds()..=Instant::MAX.as_seconds();
    shown.contains(&seconds).then(|| Instant::from_seconds(seconds)).ok_or(MalformedClaimsRequest)
}

/// The nesting depth. The parser itself stops at 128.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<ClaimsRequest> {
        ClaimsRequest::parse(text).ok()
    }

    #[test]
    fn the_documented_forms_are_understood() {
        let capable = ClaimsRequest { can_be_challenged: true, ..ClaimsRequest::default() };
        let fresh = ClaimsRequest {
            not_before: Some(Instant::from_seconds(1_635_527_790)),
            ..ClaimsRequest::default()
        };
        let both = ClaimsRequest { not_before: fresh.not_before, ..capable.clone() };
        for (text, understood) in [
            (r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#, capable.clone()),
            (r#"{"access_token":{"xms_cc":{"values":["x","CP1"]},"unknown":7}}"#, capable),
            (r#"{"access_token":{"nbf":{"essential":true, "value":"1635527790"}}}"#, fresh.clone()),
            (r#"{"access_token":{"nbf":{"essential":true, "value":1635527790}}}"#, fresh),
            (r#"{"access_token":{"nbf":{"value":"1635527790"},"xms_cc":{"values":["cp1"]}}}"#, both),
            (r#"{"access_token":{"xms_cc":{"values":["cp2"]}}}"#, ClaimsRequest::default()),
            (r#"{"id_token":{"xms_cc":{"values":["cp1"]}}}"#, ClaimsRequest::default()),
            (r#"{"access_token":{"xms_cc":{},"nbf":null},"id_token":null}"#, ClaimsRequest::default()),
            ("{}", ClaimsRequest::default()),
        ] {
            assert_eq!(parse(text), Some(understood), "{text}");
        }
        let asked = parse(
            r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}},"id_token":{"auth_time":{"essential":true},"sid":null,"shoe_size":null}}"#,
        )
        .expect("documented");
        assert_eq!(asked.contexts, ["c1".to_owned()].into());
        assert_eq!(asked.id_token, ["auth_time".to_owned(), "sid".to_owned()].into());
    }

    #[test]
    fn invalid_and_oversized_requests_are_malformed() {
        let contexts = |count: usize| {
            let names: Vec<_> = (1..=count).map(|n| format!("\"c{n}\"")).collect();
            format!(r#"{{"access_token":{{"acrs":{{"values":[{}]}}}}}}"#, names.join(","))
        };
        for text in [
            "",
            "cp1",
            "{",
            "[]",
            "null",
            "\"{}\"",
            r#"{"access_token":[]}"#,
            r#"{"access_token":{"xms_cc":["cp1"]}}"#,
            r#"{"access_token":{"xms_cc":{"values":"cp1"}}}"#,
            r#"{"access_token":{"xms_cc":{"value":"cp1","values":["cp1"]}}}"#,
            r#"{"access_token":{"xms_cc":{"values":[{}]}}}"#,
            r#"{"access_token":{"nbf":{"value":"soon"}}}"#,
            r#"{"access_token":{"nbf":{"value":1.5}}}"#,
            r#"{"access_token":{"nbf":{"value":-1}}}"#,
            r#"{"access_token":{"nbf":{"value":99999999999999999999}}}"#,
            r#"{"access_token":{"nbf":{"essential":"yes","value":1}}}"#,
            r#"{"id_token":{"auth_time":true}}"#,
            &contexts(CONTEXTS_MAX + 1),
            &format!("{{\"x\":{}{}}}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX)),
            &format!("{{\"x\":{}{}}}", "[".repeat(4_000), "]".repeat(4_000)),
            &format!("{{\"x\":\"{}\"}}", "x".repeat(8_192)),
        ] {
            assert_eq!(ClaimsRequest::parse(text), Err(MalformedClaimsRequest), "{text}");
        }
        assert_eq!(parse(&contexts(CONTEXTS_MAX)).expect("all that exist").contexts.len(), CONTEXTS_MAX);
        let longest = format!("{{\"x\":\"{}\"}}", "x".repeat(8_192 - 8));
        assert!(longest.len() == 8_192 && parse(&longest).is_some());
        assert!(
            parse(&format!("{{\"x\":{}{}}}", "[".repeat(DEPTH_MAX - 1), "]".repeat(DEPTH_MAX - 1))).is_some()
        );
    }

    #[test]
    fn a_capability_stays_and_an_age_does_not() {
        let before = parse(
            r#"{"access_token":{"xms_cc":{"values":["cp1"]},"nbf":{"value":1}},"id_token":{"sid":null}}"#,
        )
        .expect("documented");
        let now = ClaimsRequest::default().after(&before);
        assert!(now.can_be_challenged && now.id_token.contains("sid"));
        assert_eq!(now.not_before, None);
        assert!(!ClaimsRequest::default().after(&ClaimsRequest::default()).can_be_challenged);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[\\[\\]{}:,\"a-z0-9. ]{0,200}") {
            let _ = ClaimsRequest::parse(&text);
        }
    }
}
