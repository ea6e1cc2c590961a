//! The hub: connectors and connections, and the tokens it keeps for them.

use outlive_clock::Instant;
use serde_json::Value;
use uuid::Uuid;

use super::example;
use crate::event::event;

event! {
    /// A connector was registered, by a maker or with the tenant.
    ConnectorCreated = "connector.created" {
        /// Whether it has a client secret.
        confidential: bool,
        /// The maker; none for a connector that came with the tenant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        caller: Option<Uuid>,
    }
    notable |_| true,
    summary |event| format!("A {} was registered.", kind_of_connector(event.confidential)),
    example { confidential: true, caller: None },
}

event! {
    /// The registration of a connector, or its client secret, was replaced.
    ConnectorChanged = "connector.changed" {
        /// Whether it has a client secret now.
        confidential: bool,
        /// The maker, or the administrator for a managed connector; none for the lab.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        caller: Option<Uuid>,
    }
    notable |_| true,
    summary |event| format!("The connector was changed; it is a {} now.", kind_of_connector(event.confidential)),
    example { confidential: false, caller: Some(example::owner().uuid()) },
}

event! {
    /// A custom connector was deleted, with all connections to it.
    ConnectorDeleted = "connector.deleted" {
        /// The number of its connections.
        connections: u64,
        /// The maker.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| match event.connections {
        1 => "The connector was deleted, with one connection.".to_owned(),
        count => format!("The connector was deleted, with {count} connections."),
    },
    example { connections: 1, caller: example::owner().uuid() },
}

fn kind_of_connector(confidential: bool) -> &'static str {
    if confidential { "connector with a client secret" } else { "connector without a client secret" }
}

event! {
    /// A connection was created. It has no tokens until its owner consents.
    ConnectionCreated = "connection.created" {
        /// The connector's name.
        connector: String,
        /// The status that it begins with (`Error` until it is authenticated).
        status: String,
        /// Its resource id at the control plane.
        resource: String,
        /// The owner.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| format!("A connection to {} was created.", event.connector),
    example {
        connector: "shared_contoso-orders".to_owned(),
        status: "Error".to_owned(),
        resource: "/subscriptions/c0470500-0000-4000-8000-000000000001/resourceGroups/contoso/providers/Microsoft.Web/connections/orders".to_owned(),
        caller: example::owner().uuid(),
    },
}

event! {
    /// A connection was enabled, disabled or renamed, or its values were given again.
    ConnectionChanged = "connection.changed" {
        /// `Enabled` or `Disabled`.
        state: String,
        /// Whether a password, a key or other values were given.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        values: bool,
        /// Whether a password or a key was among them; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<bool>,
        /// The user who changed it.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| match event.values {
        true => format!("Values of the connection were given again; it is {} now.", event.state.to_lowercase()),
        false => format!("The connection was changed; it is {} now.", event.state.to_lowercase()),
    },
    example { state: "Disabled".to_owned(), values: false, secret: None, caller: example::owner().uuid() },
}

impl ConnectionChanged {
    /// Whether a password or a key was given. Older events tell only whether any value was.
    #[must_use]
    pub fn gives_secret(&self) -> bool {
        self.secret.unwrap_or(self.values)
    }
}

event! {
    /// A connection was deleted, with its tokens and access policies.
    ConnectionDeleted = "connection.deleted" {
        /// The user who deleted it.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |_| "The connection was deleted, with its tokens.".to_owned(),
    example { caller: example::owner().uuid() },
}

event! {
    /// A key was issued with which a principal can call a connection at runtime.
    ConnectionKeyIssued = "connection.key_issued" {
        /// Who the key is for: an object id, or a flow's identity.
        principal: String,
        /// When it expires (virtual time).
        #[schema(value_type = String)]
        expires: Instant,
        /// Its fingerprint.
        key: String,
        /// The user who requested it.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| false,
    summary |event| format!("A connection key was issued; it expires at {}.", event.expires),
    example {
        principal: example::owner().to_string(),
        expires: example::instant(),
        key: "4f0c1d2e3a4b5c6d".to_owned(),
        caller: example::owner().uuid(),
    },
}

event! {
    /// The owner confirmed a consent: the connection has tokens and works.
    ConnectionConnected = "connection.connected" {
        /// The account that signed in, as the issuer names it.
        account: Option<String>,
        /// The consent attempt.
        #[schema(value_type = String)]
        attempt: Uuid,
        /// The user who confirmed.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| match &event.account {
        Some(account) => format!("The connection was connected as {account}."),
        None => "The connection was connected.".to_owned(),
    },
    example {
        account: Some(example::OWNER_UPN.to_owned()),
        attempt: example::uuid(),
        caller: example::owner().uuid(),
    },
}

event! {
    /// The hub refreshed the tokens of a connection.
    ConnectionRefreshed = "connection.refreshed" {
        /// Fingerprint of the refresh token that the hub keeps now.
        refresh_token: Option<String>,
        /// Fingerprint of the refresh token that it used.
        parent_refresh_token: Option<String>,
        /// Fingerprint of the new access token.
        access_token: String,
        /// When that expires (virtual time).
        #[schema(value_type = String)]
        expires: Instant,
        /// The correlation id of the token request; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        correlation: Option<Uuid>,
    }
    notable |_| false,
    summary |event| format!("The hub refreshed the connection's tokens; the access token expires at {}.", event.expires),
    example {
        refresh_token: Some("9a8b7c6d5e4f3a2b".to_owned()),
        parent_refresh_token: Some("1a2b3c4d5e6f7a8b".to_owned()),
        access_token: "4f0c1d2e3a4b5c6d".to_owned(),
        expires: example::instant(),
        correlation: Some(example::uuid()),
    },
}

event! {
    /// The hub exchanged the token of a caller for one of the data source (on-behalf-of). It stores
    /// neither.
    ConnectionTokenExchanged = "connection.token_exchanged" {
        /// The user on whose behalf the token is.
        #[schema(value_type = String)]
        caller: Uuid,
        /// Fingerprint of the caller's token.
        assertion: String,
        /// Fingerprint of the new access token.
        access_token: String,
        /// When that expires (virtual time).
        #[schema(value_type = String)]
        expires: Instant,
        /// The correlation id of the token requests; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        correlation: Option<Uuid>,
    }
    notable |_| false,
    summary |event| format!("The hub exchanged the caller's token; the new access token expires at {}.", event.expires),
    example {
        caller: example::owner().uuid(),
        assertion: "1a2b3c4d5e6f7a8b".to_owned(),
        access_token: "4f0c1d2e3a4b5c6d".to_owned(),
        expires: example::instant(),
        correlation: Some(example::uuid()),
    },
}

event! {
    /// The issuer rejected the exchange of a caller's token (on-behalf-of).
    ConnectionExchangeRefused = "connection.exchange_refused" {
        /// The user whose token it is.
        #[schema(value_type = String)]
        caller: Uuid,
        /// Fingerprint of the caller's token.
        assertion: String,
        /// The OAuth error (`invalid_grant`).
        error: String,
        /// The issuer's response.
        #[schema(value_type = Object)]
        answer: Value,
        /// The correlation id of the token request.
        #[schema(value_type = String)]
        correlation: Uuid,
    }
    notable |_| true,
    summary |event| {
        let description = event.answer["error_description"].as_str();
        let reason = description.and_then(|text| text.lines().next()).unwrap_or(&event.error);
        format!("The issuer rejected the exchange of the caller's token. {reason}")
    },
    example {
        caller: example::owner().uuid(),
        assertion: "1a2b3c4d5e6f7a8b".to_owned(),
        error: "invalid_grant".to_owned(),
        answer: serde_json::json!({
            "error": "invalid_grant",
            "error_description": "AADSTS65001: The user or administrator has not consented to use the application.",
        }),
        correlation: example::uuid(),
    },
}

event! {
    /// A refresh of a connection's tokens failed temporarily: no usable response arrived.
    ConnectionRefreshPostponed = "connection.refresh_postponed" {
        /// What happened.
        why: String,
        /// Whether the issuer did not answer in time.
        timed_out: bool,
        /// The correlation id of the token request; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        correlation: Option<Uuid>,
    }
    notable |_| true,
    summary |event| format!("The hub could not refresh the connection's tokens now and will try again: {}", event.why),
    example {
        why: "The issuer did not answer within 10 s.".to_owned(),
        timed_out: true,
        correlation: Some(example::uuid()),
    },
}

event! {
    /// The exchange of a caller's token (on-behalf-of) failed temporarily: no usable response
    /// arrived.
    ConnectionExchangePostponed = "connection.exchange_postponed" {
        /// The user whose token it is.
        #[schema(value_type = String)]
        caller: Uuid,
        /// Fingerprint of the caller's token.
        assertion: String,
        /// What happened.
        why: String,
        /// Whether the issuer did not answer in time.
        timed_out: bool,
        /// The correlation id of the token requests.
        #[schema(value_type = String)]
        correlation: Uuid,
    }
    notable |_| true,
    summary |event| format!("The hub could not exchange the caller's token now; a later call tries again: {}", event.why),
    example {
        caller: example::owner().uuid(),
        assertion: "1a2b3c4d5e6f7a8b".to_owned(),
        why: "The issuer did not answer within 10 s.".to_owned(),
        timed_out: true,
        correlation: example::uuid(),
    },
}

event! {
    /// The issuer rejected the refresh token of a connection: it is in error until its owner signs
    /// in again.
    ConnectionBroken = "connection.broken" {
        /// The OAuth error (`invalid_grant`), or `missing_refresh_token`.
        error: String,
        /// The issuer's response; absent if it was not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        answer: Option<Value>,
        /// The correlation id of the token request; absent if there was none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        correlation: Option<Uuid>,
        /// Fingerprint of the rejected refresh token.
        refresh_token: Option<String>,
    }
    notable |_| true,
    summary |event| {
        let description = event.answer.as_ref().and_then(|answer| answer["error_description"].as_str());
        let reason = description.and_then(|text| text.lines().next()).unwrap_or(&event.error);
        format!("The connection is broken: the issuer rejected its refresh token. {reason}")
    },
    example {
        error: "invalid_grant".to_owned(),
        answer: Some(serde_json::json!({
            "error": "invalid_grant",
            "error_description": "AADSTS50173: The provided grant has expired due to it being revoked.",
        })),
        correlation: Some(example::uuid()),
        refresh_token: Some("1a2b3c4d5e6f7a8b".to_owned()),
    },
}

event! {
    /// A back end rejected the access token of a connection with a claims challenge.
    ConnectionChallenged = "connection.challenged" {
        /// Fingerprint of the rejected access token.
        access_token: String,
        /// The claims that the next token has to satisfy.
        claims: String,
    }
    notable |_| true,
    summary |_| "The back end rejected the access token and requires one that was issued after the change.".to_owned(),
    example {
        access_token: "4f0c1d2e3a4b5c6d".to_owned(),
        claims: r#"{"access_token":{"nbf":{"essential":true,"value":"1767603600"}}}"#.to_owned(),
    },
}
