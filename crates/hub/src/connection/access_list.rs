//! The access policies of a connection: which principals besides its owner may use it.

use std::fmt;

use outlive_clock::{ConnectionId, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::LOCATION;

/// The maximum number of access policies of a connection that callers write.
pub(crate) const POLICIES_MAX: usize = 100;
/// The number of access policies of a connection, with those of callers, from which no further flow
/// gets one.
pub(crate) const GRANTED_MAX: usize = 2_000;
/// The maximum number of access policies of a connection: callers may write theirs to a full list.
const LISTED_MAX: usize = GRANTED_MAX + POLICIES_MAX;

/// A principal of an access policy, written as `<object id>` or
/// `unitedstates/logicflows/<flow id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Principal {
    /// A user or a service principal.
    Object(Uuid),
    /// A flow.
    Workflow(String),
}

/// The text is not a principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is neither an object id nor a workflow")]
pub(crate) struct NotAPrincipal;

impl Principal {
    /// A flow, by its id of 1 to 100 letters, digits, `-` and `_`.
    pub(crate) fn workflow(id: &str) -> Result<Self, NotAPrincipal> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if (1..=100).contains(&id.len()) && id.chars().all(fits) {
            Ok(Self::Workflow(id.to_ascii_lowercase()))
        } else {
            Err(NotAPrincipal)
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id) => id.fmt(f),
            Self::Workflow(id) => write!(f, "{LOCATION}/logicflows/{id}"),
        }
    }
}

impl std::str::FromStr for Principal {
    type Err = NotAPrincipal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(LOCATION).and_then(|rest| rest.strip_prefix("/logicflows/")) {
            Some(id) => Self::workflow(id),
            None => text.parse().ok().map(Self::Object).ok_or(NotAPrincipal),
        }
    }
}

impl TryFrom<String> for Principal {
    type Error = NotAPrincipal;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> Self {
        principal.to_string()
    }
}

/// An access policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) principal: Principal,
    /// The maker who saved the flow, if saving it added the policy; its access ends with the
    /// maker's.
    pub(crate) granted_for: Option<Uuid>,
}

impl Policy {
    /// Returns the policy as an ARM resource. `connection` is the resource id of its connection.
    pub(crate) fn resource(&self, connection: &str, tenant: TenantId) -> Value {
        let principal = match &self.principal {
            Principal::Object(id) => {
                json!({"type": "ActiveDirectory", "identity": {"tenantId": tenant, "objectId": id}})
            }
            Principal::Workflow(id) => json!({"type": "Workflow", "identity": {"workflowId": id}}),
        };
        json!({
            "id": format!("{connection}/accessPolicies/{}", self.name),
            "name": self.name,
            "type": "Microsoft.Web/connections/accessPolicies",
            "location": LOCATION,
            "properties": {"principal": principal},
        })
    }
}

fn policy_of(row: &Row) -> Result<Policy, StoreError> {
    let granted_for = row.opt_parse("granted_for")?;
    Ok(Policy { name: row.text("name")?, principal: row.parse("principal")?, granted_for })
}

/// Whether the access list contains `principal`.
pub(crate) async fn contains(
    store: &Store,
    tenant: TenantId,
    connection: ConnectionId,
    principal: &Principal,
) -> Result<bool, StoreError> {
    let found = store
        .row(sql!(
            "SELECT name FROM access_policies WHERE tenant = $1 AND connection = $2 AND principal = $3 LIMIT 1",
            tenant,
            connection,
            principal.to_string()
        ))
        .await?;
    Ok(found.is_some())
}

/// Returns all policies of a connection, ordered by name.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<Vec<Policy>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT name, principal, granted_for FROM access_policies WHERE tenant = $1 AND connection = $2 \
             ORDER BY name_key LIMIT $3",
            tenant,
            connection,
            i64::try_from(LISTED_MAX).unwrap_or(i64::MAX)
        ))
        .await?;
    rows.iter().map(policy_of).collect()
}

/// The maximum number of shares in a tenant that are listed.
const SHARED_MAX: i64 = 2_000;

/// Returns the object ids of the principals with whom owners share connections of a tenant, with
/// the connections.
pub(crate) async fn shared_in(
    store: &Store,
    tenant: TenantId,
) -> Result<Vec<(ConnectionId, String)>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT DISTINCT connection, principal FROM access_policies \
             WHERE tenant = $1 AND granted_for IS NULL AND principal NOT LIKE '%/%' \
             ORDER BY connection, principal LIMIT $2",
            tenant,
            SHARED_MAX
        ))
        .await?;
    rows.iter().map(|row| Ok((row.parse("connection")?, row.text("principal")?))).collect()
}

/// Returns all policies of `principal`, with their connections.
pub(crate) async fn list_of_principal(
    store: &Store,
    tenant: TenantId,
    principal: &Principal,
) -> Result<Vec<(ConnectionId, Policy)>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT connection, name, principal, granted_for FROM access_policies WHERE tenant = $1 AND principal = $2",
            tenant,
            principal.to_string()
        ))
        .await?;
    rows.iter().map(|row| Ok((row.parse("connection")?, policy_of(row)?))).collect()
}

/// Returns the policy of this name.
pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    connection: ConnectionId,
    name_key: &str,
) -> Result<Option<Policy>, StoreError> {
    store
        .row(sql!(
            "SELECT name, principal, granted_for FROM access_policies WHERE tenant = $1 AND connection = $2 AND name_key = $3",
            tenant,
            connection,
            name_key
        ))
        .await?
        .as_ref()
        .map(policy_of)
        .transpose()
}

/// Inserts or replaces a policy.
pub(crate) fn upsert(
    tenant: TenantId,
    connection: ConnectionId,
    name_key: &str,
    policy: &Policy,
) -> Statement {
    sql!(
        "INSERT INTO access_policies (tenant, connection, name_key, name, principal, granted_for) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (tenant, connection, name_key) DO UPDATE SET principal = $5, granted_for = $6",
        tenant,
        connection,
        name_key,
        &policy.name,
        policy.principal.to_string(),
        policy.granted_for.map(|maker| maker.to_string())
    )
}

pub(crate) fn delete(tenant: TenantId, connection: ConnectionId, name_key: &str) -> Statement {
    sql!(
        "DELETE FROM access_policies WHERE tenant = $1 AND connection = $2 AND name_key = $3",
        tenant,
        connection,
        name_key
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_principals_can_be_parsed() {
        let object = Principal::Object(Uuid::from_u128(7));
        let flow = Principal::workflow("0F-a_1").expect("an id");
        assert_eq!(flow.to_string(), "unitedstates/logicflows/0f-a_1");
        for principal in [object, flow] {
            assert_eq!(principal.to_string().parse(), Ok(principal));
        }
        for text in
            ["", "owner", "unitedstates/logicflows/", "unitedstates/logicflows/a/b", "mars/logicflows/a"]
        {
            assert_eq!(text.parse::<Principal>(), Err(NotAPrincipal), "{text}");
        }
    }
}
