//! `/policies/tokenLifetimePolicies` ("Configurable token lifetimes"). `AccessTokenLifetime` is the
//! only property that is still supported.

use outlive_clock::Span;
use outlive_rules::lifetimes::may_be_policy;
use outlive_wire::JournalEvent;
use outlive_wire::events::{
    Actor, TokenLifetimeAssigned, TokenLifetimeChanged, TokenLifetimeCreated, TokenLifetimeDeleted,
    TokenLifetimeUnassigned,
};

use super::kind::{Kind, PolicyChange, find, replace};
use crate::directory::{Kept, Policies, TokenLifetime};
use crate::graph::permissions::{Permission, READ_POLICIES, WRITE_TOKEN_LIFETIMES};
use crate::graph::prelude::*;

/// Which applications have a policy.
pub(super) fn assignments() -> Router<Idp> {
    let assigned = "/applications/{id}/tokenLifetimePolicies";
    Router::new()
        .read_only(assigned, list_of_application)
        .route(&format!("{assigned}/$ref"), post(assign))
        .route(&format!("{assigned}/{{policy}}/$ref"), delete(unassign))
}

entity_type! {
    /// "tokenLifetimePolicy resource type".
    POLICY = "microsoft.graph.tokenLifetimePolicy" in "policies/tokenLifetimePolicies",
    fn resource(policy: &Kept<TokenLifetime>) {
        "id" [Shown, Filterable] => policy.id,
        "displayName" [Shown, Filterable] => policy.says.display_name,
        "definition" [Shown] => [&policy.says.definition],
        "isOrganizationDefault" [Shown, Filterable] => policy.says.organization_default,
        "createdDateTime" => policy.created_at,
        "modifiedDateTime" => policy.modified_at,
    }
}

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

pub(super) struct TokenLifetimes;

impl Kind for TokenLifetimes {
    type Says = TokenLifetime;
    type Written = NewPolicy;

    const ENTITY: &'static EntityType = &POLICY;
    const WRITE: &'static Permission = &WRITE_TOKEN_LIFETIMES;
    const RESOURCE: fn(&Kept<TokenLifetime>) -> Value = resource;

    fn all(policies: &Policies) -> &Vec<Kept<TokenLifetime>> {
        &policies.token_lifetimes
    }

    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<TokenLifetime>> {
        &mut policies.token_lifetimes
    }

    fn checked(new: NewPolicy, before: Option<&TokenLifetime>) -> Result<TokenLifetime> {
        let wrong = |why: String| Err(GraphError::bad_request(why));
        let Ok([definition]) = <[String; 1]>::try_from(new.definition) else {
            return wrong("definition is a list of one text.".to_owned());
        };
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

async fn list_of_application(caller: Caller, name: ApplicationName) -> Answer {
    caller.allowed(&READ_POLICIES)?;
    let client = name.find(&caller).await?.client_id;
    let policies = caller.tenant.policies.token_lifetimes.iter();
    let assigned = policies.filter(|policy| policy.says.applications.contains(&client));
    whole_collection(&caller, &POLICY, assigned.map(resource))
}

#[derive(Debug, Deserialize)]
struct PolicyReference {
    #[serde(rename = "@odata.id")]
    id: String,
}

/// An application has one policy at most.
async fn assign(
    caller: Caller,
    name: ApplicationName,
    PlainBody(reference): PlainBody<PolicyReference>,
) -> Result<StatusCode> {
    caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
    let client_id = name.find(&caller).await?.client_id;
    let policies = &caller.tenant.policies.token_lifetimes;
    let id = reference.id.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let policy = find(policies, id)?.id;
    if policies.iter().any(|policy| policy.says.applications.contains(&client_id)) {
        return Err(GraphError::bad_request("The application has a token lifetime policy."));
    }
    let event = TokenLifetimeAssigned { policy, client_id, actor: caller.actor() };
    replace(&caller, event, |all| {
        let policies = all.token_lifetimes.iter_mut().filter(|kept| kept.id == policy);
        policies.for_each(|policy| policy.says.applications.push(client_id));
        Ok(())
    })
    .await
}

#[derive(Debug, Deserialize)]
struct PolicyPath {
    policy: String,
}

async fn unassign(caller: Caller, name: ApplicationName, Path(path): Path<PolicyPath>) -> Result<StatusCode> {
    caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
    let client_id = name.find(&caller).await?.client_id;
    let found = find(&caller.tenant.policies.token_lifetimes, &path.policy)?;
    if !found.says.applications.contains(&client_id) {
        return Err(GraphError::not_found(path.policy));
    }
    let policy = found.id;
    let event = TokenLifetimeUnassigned { policy, client_id, actor: caller.actor() };
    replace(&caller, event, |all| {
        let policies = all.token_lifetimes.iter_mut().filter(|kept| kept.id == policy);
        policies.for_each(|policy| policy.says.applications.retain(|other| *other != client_id));
        Ok(())
    })
    .await
}
