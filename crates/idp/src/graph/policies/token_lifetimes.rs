//! `/policies/tokenLifetimePolicies` ("Configurable token lifetimes"). `AccessTokenLifetime` is the
//! only property that is still supported.

use outlive_clock::Span;
use outlive_rules::lifetimes::may_be_policy;
use outlive_wire::JournalEvent;
use outlive_wire::events::{Actor, TokenLifetimeChanged, TokenLifetimeCreated, TokenLifetimeDeleted};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Kind, PolicyChange};
use crate::directory::{Kept, Policies, TokenLifetime};
use crate::graph::error::GraphError;
use crate::graph::odata::EntityType;
use crate::graph::permissions::{Permission, WRITE_TOKEN_LIFETIMES};

const POLICY: EntityType = EntityType {
    name: "microsoft.graph.tokenLifetimePolicy",
    set: "policies/tokenLifetimePolicies",
    properties: &[
        "id",
        "displayName",
        "definition",
        "isOrganizationDefault",
        "createdDateTime",
        "modifiedDateTime",
    ],
    shown: &["id", "displayName", "definition", "isOrganizationDefault"],
    filterable: &["id", "displayName", "isOrganizationDefault"],
    order: None,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewPolicy {
    display_name: String,
    definition: Vec<String>,
    #[serde(default)]
    is_organization_default: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    #[serde(rename = "TokenLifetimePolicy")]
    policy: Lifetimes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Lifetimes {
    version: u8,
    access_token_lifetime: String,
}

/// Token lifetime policies.
pub(super) struct TokenLifetimes;

impl Kind for TokenLifetimes {
    type Says = TokenLifetime;
    type Written = NewPolicy;

    const ENTITY: &'static EntityType = &POLICY;
    const WRITE: &'static Permission = &WRITE_TOKEN_LIFETIMES;

    fn all(policies: &Policies) -> &Vec<Kept<TokenLifetime>> {
        &policies.token_lifetimes
    }

    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<TokenLifetime>> {
        &mut policies.token_lifetimes
    }

    fn shown(says: &TokenLifetime) -> Value {
        json!({
            "displayName": says.display_name,
            "definition": [says.definition],
            "isOrganizationDefault": says.organization_default,
        })
    }

    fn checked(new: NewPolicy, before: Option<&TokenLifetime>) -> Result<TokenLifetime, GraphError> {
        let wrong = |why: String| Err(GraphError::bad_request(why));
        let [definition] = <[String; 1]>::try_from(new.definition)
            .map_err(|_| GraphError::bad_request("definition is a list of one text."))?;
        if new.display_name.is_empty() || new.display_name.len() > 256 || definition.len() > 1_000 {
            return wrong("displayName has 1 to 256 characters, a definition at most 1000.".to_owned());
        }
        let lifetimes = match serde_json::from_str::<Definition>(&definition) {
            Ok(Definition { policy }) => policy,
            Err(error) => return wrong(format!("The definition is not what it should be: {error}.")),
        };
        let access_token = Span::from_dotnet(&lifetimes.access_token_lifetime);
        let Some(access_token) = access_token.filter(|span| may_be_policy(*span)) else {
            return wrong("AccessTokenLifetime is between 00:10:00 and 1.00:00:00.".to_owned());
        };
        if lifetimes.version != 1 {
            return wrong("The version of a definition is 1.".to_owned());
        }
        Ok(TokenLifetime {
            display_name: new.display_name,
            definition,
            access_token,
            organization_default: new.is_organization_default,
            applications: before.map(|before| before.applications.clone()).unwrap_or_default(),
        })
    }

    fn event(change: PolicyChange, kept: &Kept<TokenLifetime>, actor: Option<Actor>) -> JournalEvent {
        let (policy, name) = (kept.id, kept.says.display_name.clone());
        match change {
            PolicyChange::Created => TokenLifetimeCreated { policy, name, actor }.into(),
            PolicyChange::Changed => TokenLifetimeChanged { policy, name, actor }.into(),
            PolicyChange::Deleted => TokenLifetimeDeleted { policy, name, actor }.into(),
        }
    }

    /// There is at most one default of the organization.
    fn settle(says: &TokenLifetime, policies: &mut Policies) {
        if says.organization_default {
            policies.token_lifetimes.iter_mut().for_each(|other| other.says.organization_default = false);
        }
    }
}
