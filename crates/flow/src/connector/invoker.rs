//! The user who starts a run, and the connections that the user provides for it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use outlive_clock::UserId;
use outlive_tokens::Secret;
use serde_json::Value;

use crate::definition::{ConnectionIdentity, ConnectionReference, Definition, Source};
use crate::engine::Failure;

/// The maximum number of connections that a user provides.
const CONNECTIONS_MAX: usize = 500;
/// The maximum length of a connection's name.
const NAME_LENGTH_MAX: usize = 400;

/// The user who started a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invoker {
    pub(crate) user: UserId,
    /// The names of the connections that the user provided, by connection reference.
    pub(crate) connections: BTreeMap<String, String>,
    /// The user's own tokens for calls through them (`Authorization`), by connection reference.
    /// They are never stored.
    pub(crate) tokens: InvokerTokens,
}

/// Values of `Authorization`, by connection reference.
pub(crate) type InvokerTokens = BTreeMap<String, Secret>;

/// A connection that an action uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsedConnection<'a> {
    pub(super) name: &'a str,
    /// The user whose connection it is, if the user provided it for the run. Otherwise an owner
    /// selected it.
    pub(super) of: Option<UserId>,
    /// The user's own token, which is sent in place of a connection key.
    pub(super) authorization: Option<&'a Secret>,
    /// The identity of the flow with which it calls the data source, if it uses one.
    pub(super) identity: Option<&'a ConnectionIdentity>,
    /// The connector of the reference.
    pub(super) api: Option<&'a str>,
}

impl<'a> UsedConnection<'a> {
    /// Returns the connection for a reference (`key`); `None` if the reference has none.
    pub(super) fn of(
        key: &str,
        reference: &'a ConnectionReference,
        invoker: Option<&'a Invoker>,
    ) -> Option<Self> {
        let (api, identity) = (reference.api.as_deref(), reference.identity.as_ref());
        let provided = invoker.filter(|_| reference.source == Source::Invoker);
        match provided.and_then(|invoker| Some((invoker.connections.get(key)?, invoker.user))) {
            Some((name, user)) => {
                let authorization = provided.and_then(|invoker| invoker.tokens.get(key));
                Some(Self { name, of: Some(user), authorization, identity, api })
            }
            None => {
                let name = reference.connection.as_deref()?;
                Some(Self { name, of: None, authorization: None, identity, api })
            }
        }
    }
}

impl Invoker {
    /// Reads the connections that a user provides from the header `X-MS-APIM-Tokens`: Base64 of
    /// `{"$connections": {"<reference>": {"connectionId": "…/connections/<name>"}}}`, with the
    /// token for calls through it, if there is one: `"authentication": {"type": "Raw", "scheme":
    /// "Bearer", "parameter": "…"}`. A run-only user has to provide a connection for each reference
    /// that names the invoker as its source.
    pub(crate) fn of(
        user: UserId,
        header: Option<&[u8]>,
        definition: &Definition,
        is_run_only: bool,
    ) -> Result<Self, Failure> {
        let failed = |why: &str| {
            Failure::new(
                "InvokerConnectionOverrideFailed",
                format!(
                    "Failed to parse invoker connections from trigger '{}' outputs. Exception: {why}",
                    definition.trigger.name
                ),
            )
        };
        let (connections, tokens) = match header {
            None => <_>::default(),
            Some(header) => read(header).map_err(|why| failed(&why))?,
        };
        let mut needed =
            definition.connections.iter().filter(|(_, reference)| reference.source == Source::Invoker);
        if is_run_only && let Some((key, _)) = needed.find(|(key, _)| !connections.contains_key(*key)) {
            return Err(failed(&format!(
                "Could not find any valid connection for connection reference name '{key}' in APIM tokens header."
            )));
        }
        Ok(Self { user, connections, tokens })
    }
}

fn read(header: &[u8]) -> Result<(BTreeMap<String, String>, InvokerTokens), String> {
    let bytes = STANDARD.decode(header).map_err(|_| "The APIM tokens header is not Base64.".to_owned())?;
    let provided: Value = serde_json::from_slice(&bytes)
        .map_err(|_| "The APIM tokens header is not Base64 of JSON.".to_owned())?;
    let given = match &provided["$connections"] {
        Value::Null => return Ok(<_>::default()),
        Value::Object(given) if given.len() <= CONNECTIONS_MAX => given,
        _ => return Err("$connections in the APIM tokens header is no object, or too large.".to_owned()),
    };
    let (mut connections, mut tokens) = (BTreeMap::new(), InvokerTokens::new());
    for (key, connection) in given {
        let failed = |what: &str| {
            let key: String = key.chars().take(100).collect();
            format!("$connections['{key}'] in the APIM tokens header {what}.")
        };
        let id =
            ["connectionId", "connectionName"].into_iter().find_map(|member| connection[member].as_str());
        let name = id.and_then(|id| id.rsplit('/').next()).filter(|name| {
            (1..=NAME_LENGTH_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
        });
        let name = name.ok_or_else(|| failed("has no connectionId"))?;
        connections.insert(key.clone(), name.to_owned());
        match connection.get("authentication") {
            None | Some(Value::Null) => {}
            Some(authentication) => {
                let token = authorization(authentication).ok_or_else(|| {
                    failed("has an authentication other than {type: Raw, scheme: Bearer or Key, parameter}")
                })?;
                tokens.insert(key.clone(), token);
            }
        }
    }
    Ok((connections, tokens))
}

/// Returns the value of `Authorization`, if it can be sent.
fn authorization(authentication: &Value) -> Option<Secret> {
    let text = |member: &str| authentication[member].as_str();
    let scheme = ["Bearer", "Key"].into_iter().find(|scheme| text("scheme") == Some(scheme))?;
    let parameter = text("parameter").filter(|parameter| !parameter.is_empty())?;
    let value = Secret::new(format!("{scheme} {parameter}"));
    let can_be_sent = text("type") == Some("Raw") && HeaderValue::try_from(value.expose()).is_ok();
    can_be_sent.then_some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header(tokens: &Value) -> Vec<u8> {
        STANDARD.encode(tokens.to_string()).into_bytes()
    }

    fn user() -> UserId {
        "aaaaaaaa-0000-4000-8000-000000000001".parse().expect("a user")
    }

    fn definition() -> Definition {
        let definition = json!({
            "triggers": {"manual": {"type": "Request", "kind": "Button"}},
            "actions": {"Note": {"type": "Compose", "inputs": 1}},
        });
        let references = json!({
            "fixed": {"runtimeSource": "embedded", "connection": {"name": "a"}},
            "own": {"runtimeSource": "invoker", "connection": {"name": "b"}},
            "unmapped": {"source": "Invoker"},
        });
        Definition::read(&definition, &references).expect("is valid")
    }

    #[test]
    fn run_only_users_provide_what_the_flow_takes_from_its_invoker() {
        let definition = definition();
        let both = json!({"$connections": {
            "own": {"connectionId": "/providers/x/connections/mine"}, "unmapped": {"connectionName": "other"},
            "fixed": {"connectionId": "instead"},
        }});
        let invoker = Invoker::of(user(), Some(&header(&both)), &definition, true).expect("is complete");
        let used = |key: &str, invoker: Option<&Invoker>| {
            let used = UsedConnection::of(key, &definition.connections[key], invoker);
            used.map(|used| (used.name.to_owned(), used.of))
        };
        // What an owner fixed cannot be replaced.
        assert_eq!(used("fixed", Some(&invoker)), Some(("a".to_owned(), None)));
        assert_eq!(used("own", Some(&invoker)), Some(("mine".to_owned(), Some(user()))));
        assert_eq!(used("unmapped", Some(&invoker)), Some(("other".to_owned(), Some(user()))));
        // Runs that a trigger started, and those of owners, use what the references name.
        assert_eq!(used("own", None), Some(("b".to_owned(), None)));
        assert_eq!(used("unmapped", None), None);
        let owner = Invoker::of(user(), None, &definition, false).expect("owners may provide nothing");
        assert_eq!(used("own", Some(&owner)), Some(("b".to_owned(), None)));
    }

    #[test]
    fn a_token_is_used_with_the_connection_that_it_was_provided_for() {
        let definition = definition();
        let token = json!({"type": "Raw", "scheme": "Bearer", "parameter": "a.b.c"});
        let provided = json!({"$connections": {
            "own": {"connectionId": "mine", "authentication": token},
            "unmapped": {"connectionId": "other", "authentication": null},
            "fixed": {"connectionId": "instead", "authentication": token},
        }});
        let invoker = Invoker::of(user(), Some(&header(&provided)), &definition, true).expect("is complete");
        for (key, expected) in [("own", Some("Bearer a.b.c")), ("unmapped", None), ("fixed", None)] {
            let used = UsedConnection::of(key, &definition.connections[key], Some(&invoker));
            let authorization = used.expect("a connection").authorization;
            assert_eq!(authorization.map(Secret::expose), expected, "{key}");
        }
        assert!(!format!("{invoker:?}").contains("a.b.c"), "{invoker:?}");
    }

    #[test]
    fn headers_that_are_not_valid_or_lack_a_connection_are_rejected() {
        let definition = definition();
        let one = json!({"$connections": {"own": {"connectionId": "mine"}}});
        let many: serde_json::Map<_, _> =
            (0..=CONNECTIONS_MAX).map(|n| (n.to_string(), json!({"connectionId": "x"}))).collect();
        let own = |authentication: Value| {
            Some(header(&json!({"$connections": {"own": {
                "connectionId": "mine", "authentication": authentication,
            }}})))
        };
        for (header, part) in [
            (own(json!("Bearer x")), "$connections['own'] in the APIM tokens header has an authentication"),
            (own(json!({"type": "Raw", "scheme": "Basic", "parameter": "x"})), "has an authentication"),
            (own(json!({"type": "Raw", "scheme": "Bearer", "parameter": ""})), "has an authentication"),
            (own(json!({"type": "Raw", "scheme": "Bearer", "parameter": "a\r\nb"})), "has an authentication"),
            (own(json!({"type": "Basic", "scheme": "Bearer", "parameter": "x"})), "has an authentication"),
            (None, "'own' in APIM tokens header"),
            (Some(header(&one)), "'unmapped' in APIM tokens header"),
            (Some(header(&json!({}))), "'own' in APIM tokens header"),
            (Some(b"no".to_vec()), "is not Base64"),
            (Some(STANDARD.encode("no").into_bytes()), "is not Base64 of JSON"),
            (Some(header(&json!({"$connections": []}))), "is no object"),
            (Some(header(&json!({ "$connections": many }))), "too large"),
            (Some(header(&json!({"$connections": {"own": {}}}))), "$connections['own']"),
            (Some(header(&json!({"$connections": {"own": {"connectionId": "a/"}}}))), "$connections['own']"),
            (
                Some(header(&json!({"$connections": {"own": {"connectionId": "a\nb"}}}))),
                "$connections['own']",
            ),
        ] {
            let failure = Invoker::of(user(), header.as_deref(), &definition, true).expect_err("is rejected");
            assert_eq!(failure.code, "InvokerConnectionOverrideFailed");
            assert!(failure.message.contains(part), "{part}: {}", failure.message);
        }
    }
}
