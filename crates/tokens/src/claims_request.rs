//! The `claims` parameter (OpenID Connect Core 1.0, section 5.5; "Claims challenges, claims requests, and client capabilities"):
//! what a client wants to be in its tokens, and what it is capable of.

use std::collections::BTreeSet;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest text that is read, in bytes.
const TEXT_BYTES_MAX: usize = 8 * 1024;
/// How deep objects and lists may stand in each other: twice as deep as any documented request.
const DEPTH_MAX: usize = 8;
/// The most authentication contexts that one request may name; there are 99 of them.
const CONTEXTS_MAX: usize = 99;

/// The claims of ID tokens that a request may name; any other is passed over, as the standard has it.
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

/// The text is not a claims request, or is more than one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims parameter is not a JSON object of the documented form, or is too large")]
pub struct MalformedClaimsRequest;

/// A claims request, as far as it is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// The client can answer claims challenges: `access_token.xms_cc` names `cp1`, in any case of letters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_be_challenged: bool,
    /// The access token may not be older than this (`access_token.nbf`): an answer to a challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// The authentication contexts that the access token has to meet (`access_token.acrs`).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub contexts: BTreeSet<String>,
    /// The claims that the ID token is to have. Whether one is essential changes nothing: a claim without a value is left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub id_token: BTreeSet<String>,
}

impl ClaimsRequest {
    /// Reads a request. Members that are not understood are passed over.
    ///
    /// # Errors
    /// [`MalformedClaimsRequest`] when the text is no JSON object, a member that is understood has another form than the documented
    /// one, or there is too much of anything.
    pub fn parse(text: &str) -> Result<Self, MalformedClaimsRequest> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(MalformedClaimsRequest);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| MalformedClaimsRequest)?;
        if depth(&value) > DEPTH_MAX {
            return Err(MalformedClaimsRequest);
        }
        let Value::Object(members) = value else { return Err(MalformedClaimsRequest) };
        let empty = Map::new();
        let access_token = object(members.get("access_token"))?.unwrap_or(&empty);
        let id_token = object(members.get("id_token"))?.unwrap_or(&empty);
        let capabilities = wanted(access_token.get("xms_cc"))?;
        let contexts: BTreeSet<String> = wanted(access_token.get("acrs"))?.into_iter().collect();
        if contexts.len() > CONTEXTS_MAX {
            return Err(MalformedClaimsRequest);
        }
        for asked in id_token.values() {
            object(Some(asked))?;
        }
        Ok(Self {
            can_be_challenged: capabilities.iter().any(|name| name.eq_ignore_ascii_case("cp1")),
            not_before: wanted(access_token.get("nbf"))?.first().map(|text| instant(text)).transpose()?,
            contexts,
            id_token: ID_TOKEN_CLAIMS
                .into_iter()
                .filter(|name| id_token.contains_key(*name))
                .map(str::to_owned)
                .collect(),
        })
    }

    /// This request together with what was asked for before, when the grant was made: a capability is the client's, and what the
    /// person was sent along for still holds. How old a token may be is each request's own question.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        self.can_be_challenged |= before.can_be_challenged;
        self.contexts.extend(before.contexts.iter().cloned());
        self.id_token.extend(before.id_token.iter().cloned());
        self
    }
}

/// A member that is an object; `null` is as good as none (section 5.5.1).
fn object(member: Option<&Value>) -> Result<Option<&Map<String, Value>>, MalformedClaimsRequest> {
    match member {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(MalformedClaimsRequest),
    }
}

/// The values asked for: `value`, or the `values`. Numbers count as their digits.
fn wanted(claim: Option<&Value>) -> Result<Vec<String>, MalformedClaimsRequest> {
    let Some(asked) = object(claim)? else { return Ok(Vec::new()) };
    if asked.get("essential").is_some_and(|essential| !essential.is_boolean()) {
        return Err(MalformedClaimsRequest);
    }
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(MalformedClaimsRequest),
    };
    match (asked.get("value"), asked.get("values")) {
        (Some(value), None) => Ok(vec![one(value)?]),
        (None, Some(Value::Array(values))) => values.iter().map(one).collect(),
        (None, None) => Ok(Vec::new()),
        _ => Err(MalformedClaimsRequest),
    }
}

/// Seconds since 1970, as a resource writes them in a challenge.
fn instant(text: &str) -> Result<Instant, MalformedClaimsRequest> {
    let seconds: i64 = text.parse().map_err(|_| MalformedClaimsRequest)?;
    let shown = Instant::EPOCH.as_seconds()..=Instant::MAX.as_seconds();
    shown.contains(&seconds).then(|| Instant::from_seconds(seconds)).ok_or(MalformedClaimsRequest)
}

/// How deep it is nested. The parser itself stops at a depth of 128.
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
    fn what_has_another_form_or_is_too_much_is_malformed() {
        let many: Vec<_> = (0..=CONTEXTS_MAX).map(|n| format!("\"c{n}\"")).collect();
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
            &format!(r#"{{"access_token":{{"acrs":{{"values":[{}]}}}}}}"#, many.join(",")),
            &format!("{{\"x\":{}{}}}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX)),
            &format!("{{\"x\":{}{}}}", "[".repeat(4_000), "]".repeat(4_000)),
            &format!("{{\"x\":\"{}\"}}", "x".repeat(TEXT_BYTES_MAX)),
        ] {
            assert_eq!(ClaimsRequest::parse(text), Err(MalformedClaimsRequest), "{text}");
        }
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
