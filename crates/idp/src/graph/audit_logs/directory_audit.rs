//! Changes of the directory (reference: "auditLogs/directoryAudits").

use outlive_clock::{ClientId, Instant};
use outlive_wire::events::Actor;
use outlive_wire::{JournalEvent, JournalLine, SubjectKind};

use super::lines::id_of;
use super::sign_in::hyphenated;
use crate::graph::prelude::*;

entity_type! {
    /// "directoryAudit resource type".
    DIRECTORY_AUDIT = "microsoft.graph.directoryAudit" in "auditLogs/directoryAudits"
        ordered by "activityDateTime desc",
    fn entry(line: &JournalLine, activity: Activity, audit: &Audit<'_>, targets: &[Value]) {
        "id" [Filterable] => id_of(line),
        "activityDateTime" [Filterable] => line.at.whole_second(),
        "activityDisplayName" [Filterable] => activity[0],
        "additionalDetails" => audit.details,
        "category" [Filterable] => activity[2],
        "correlationId" [Filterable] => hyphenated(&line.trace),
        "initiatedBy" => audit.initiator.to_json(),
        "loggedByService" [Filterable] => activity[1],
        "operationType" => activity[3],
        "result" [Filterable] => "success",
        "resultReason" => "",
        "targetResources" => targets,
    }
}

const CORE: &str = "Core Directory";
const SELF_SERVICE: &str = "Self-service Password Management";
const USERS: &str = "UserManagement";
const APPLICATIONS: &str = "ApplicationManagement";
const GROUPS: &str = "GroupManagement";
const ROLES: &str = "RoleManagement";
const SECRETS: &str = "Update application \u{2013} Certificates and secrets management";

/// Activity, service, category and operation. The names are observed, not documented.
type Activity = [&'static str; 4];

/// Who made a change.
enum Initiator {
    User(String),
    Application(Actor),
    /// The lab, an administrator without a name, or the end of a retention period.
    Platform,
}

impl Initiator {
    /// Who changed a user's credentials: `by` is an object id, or `user`, `admin` or `policy`.
    fn of_credential_event(by: &str, user: Option<&str>) -> Self {
        match user {
            Some(user) if by == "user" => Self::User(user.to_owned()),
            _ => by.parse::<Uuid>().map_or(Self::Platform, |id| Self::User(id.to_string())),
        }
    }

    fn to_json(&self) -> Value {
        let (app_id, principal_id, name) = match self {
            Self::User(id) => {
                return json!({"app": null, "user": {
                    "id": id, "displayName": null, "userPrincipalName": null, "ipAddress": null,
                }});
            }
            Self::Application(actor) => (Some(actor.by_client), Some(actor.by), None),
            Self::Platform => (None, None, Some("Outlive")),
        };
        json!({"user": null, "app": {
            "appId": app_id,
            "displayName": name,
            "servicePrincipalId": principal_id,
            "servicePrincipalName": null,
        }})
    }
}

impl From<&Option<Actor>> for Initiator {
    fn from(actor: &Option<Actor>) -> Self {
        match actor {
            Some(actor) if actor.by_application => Self::Application(actor.clone()),
            Some(actor) => Self::User(actor.by.to_string()),
            None => Self::Platform,
        }
    }
}

/// Returns the activity of an event, if it is a change of the directory.
fn activity(event: &JournalEvent) -> Option<Activity> {
    use JournalEvent as E;
    Some(match event {
        E::PasswordChanged(_) => ["Change user password", CORE, USERS, "Update"],
        E::PasswordReset(e) => reset_activity(&e.event),
        E::SessionsRevoked(_) => ["Update StsRefreshTokenValidFrom Timestamp", CORE, USERS, "Update"],
        E::UserCreated(_) => ["Add user", CORE, USERS, "Add"],
        E::UserUpdated(_) => ["Update user", CORE, USERS, "Update"],
        E::UserDisabled(_) => ["Disable account", CORE, USERS, "Update"],
        E::UserEnabled(_) => ["Enable account", CORE, USERS, "Update"],
        E::UserDeleted(_) => ["Delete user", CORE, USERS, "Delete"],
        E::UserRestored(_) => ["Restore user", CORE, USERS, "Restore"],
        E::UserRemoved(_) => ["Hard Delete user", CORE, USERS, "Delete"],
        E::GroupCreated(_) => ["Add group", CORE, GROUPS, "Add"],
        E::GroupUpdated(_) => ["Update group", CORE, GROUPS, "Update"],
        E::GroupDeleted(_) => ["Delete group", CORE, GROUPS, "Delete"],
        E::GroupMemberAdded(_) => ["Add member to group", CORE, GROUPS, "Assign"],
        E::GroupMemberRemoved(_) => ["Remove member from group", CORE, GROUPS, "Unassign"],
        E::DirectoryRoleMemberAdded(_) => ["Add member to role", CORE, ROLES, "Assign"],
        E::DirectoryRoleMemberRemoved(_) => ["Remove member from role", CORE, ROLES, "Unassign"],
        E::ConsentGranted(_) => ["Consent to application", CORE, APPLICATIONS, "Assign"],
        E::ConsentChanged(_) => ["Add delegated permission grant", CORE, APPLICATIONS, "Update"],
        E::ConsentWithdrawn(_) => ["Remove delegated permission grant", CORE, APPLICATIONS, "Unassign"],
        E::AppRoleAssigned(_) => ["Add app role assignment", CORE, APPLICATIONS, "Assign"],
        E::AppRoleUnassigned(_) => ["Remove app role assignment", CORE, APPLICATIONS, "Unassign"],
        E::SecretAdded(_)
        | E::SecretRemoved(_)
        | E::SecretRotated(_)
        | E::CertificateAdded(_)
        | E::CertificateRemoved(_)
        | E::FederatedCredentialAdded(_)
        | E::FederatedCredentialUpdated(_)
        | E::FederatedCredentialRemoved(_) => [SECRETS, CORE, APPLICATIONS, "Update"],
        E::ApplicationCreated(_) => ["Add application", CORE, APPLICATIONS, "Add"],
        E::ApplicationUpdated(_) => ["Update application", CORE, APPLICATIONS, "Update"],
        E::ApplicationDeleted(_) => ["Delete application", CORE, APPLICATIONS, "Delete"],
        E::ManagedIdentityCreated(_) => ["Add service principal", CORE, APPLICATIONS, "Add"],
        E::ManagedIdentityDeleted(_) => ["Remove service principal", CORE, APPLICATIONS, "Delete"],
        E::ApplicationDisabled(_) | E::ApplicationEnabled(_) => {
            ["Update service principal", CORE, APPLICATIONS, "Update"]
        }
        _ => return None,
    })
}

/// What an entry shows of an event.
struct Audit<'a> {
    initiator: Initiator,
    upn: Option<&'a str>,
    group: Option<(Uuid, &'a str)>,
    client_id: Option<ClientId>,
    client_name: Option<&'a str>,
    details: Vec<Value>,
}

impl Audit<'_> {
    fn by(initiator: impl Into<Initiator>) -> Self {
        let (upn, group, client_id, client_name) = (None, None, None, None);
        Self { initiator: initiator.into(), upn, group, client_id, client_name, details: Vec::new() }
    }
}

fn details<const N: usize>(details: [(&str, Option<&str>); N]) -> Vec<Value> {
    let details = details.into_iter().filter_map(|(key, value)| Some(json!({"key": key, "value": value?})));
    details.collect()
}

/// Evaluates an expression with the payload of an event, the same for several kinds.
macro_rules! match_events {
    ($event:expr; $($($name:ident)|+ => |$payload:ident| $shown:expr;)+) => {
        match $event {
            $($(JournalEvent::$name($payload) => $shown,)+)+
            _ => return None,
        }
    };
}

/// Returns what the entry of an event shows, if the event is a change of the directory. `user` is
/// the user to whom it happened.
fn audit<'a>(event: &'a JournalEvent, user: Option<&str>) -> Option<Audit<'a>> {
    Some(match_events! { event;
        PasswordChanged | PasswordReset | SessionsRevoked => |e| Audit {
            upn: Some(&e.upn),
            details: details([("event", Some(e.event.as_str())), ("role", e.role.as_deref())]),
            ..Audit::by(Initiator::of_credential_event(&e.by, user))
        };
        UserCreated | UserUpdated | UserDisabled | UserEnabled | UserDeleted | UserRestored => |e|
            Audit { upn: Some(&e.upn), ..Audit::by(&e.actor) };
        UserRemoved => |e| Audit { upn: e.upn.as_deref(), ..Audit::by(&e.actor) };
        GroupCreated | GroupUpdated | GroupDeleted => |e|
            Audit { group: Some((e.group, &e.group_name)), ..Audit::by(&e.actor) };
        GroupMemberAdded | GroupMemberRemoved => |e|
            Audit { upn: Some(&e.upn), group: Some((e.group, &e.group_name)), ..Audit::by(&e.actor) };
        DirectoryRoleMemberAdded | DirectoryRoleMemberRemoved => |e| Audit {
            upn: Some(&e.upn),
            details: details([("role", Some(&e.role))]),
            ..Audit::by(&e.actor)
        };
        ConsentGranted | ConsentChanged | ConsentWithdrawn => |e| Audit {
            upn: e.upn.as_deref(),
            client_id: e.client_id,
            client_name: e.client_name.as_deref(),
            details: details([("scope", e.scope.as_deref()), ("resource", e.resource.as_deref())]),
            // Without an actor, the user made the change on a page.
            ..Audit::by(match (&e.actor, user) {
                (None, Some(user)) => Initiator::User(user.to_owned()),
                (actor, _) => actor.into(),
            })
        };
        AppRoleAssigned | AppRoleUnassigned => |e| Audit {
            upn: e.upn.as_deref(),
            client_id: Some(e.client_id),
            details: details([("role", Some(&e.role))]),
            ..Audit::by(&e.actor)
        };
        SecretAdded | SecretRemoved | SecretRotated | CertificateAdded | CertificateRemoved
        | FederatedCredentialAdded | FederatedCredentialUpdated | FederatedCredentialRemoved
        | ApplicationCreated | ApplicationUpdated | ApplicationDeleted | ApplicationDisabled
        | ApplicationEnabled | ManagedIdentityCreated | ManagedIdentityDeleted => |e|
            Audit { client_id: e.client_id, client_name: Some(&e.client_name), ..Audit::by(&e.actor) };
    })
}

/// The activity of a password reset through a channel.
fn reset_activity(channel: &str) -> Activity {
    match channel {
        "sspr" => ["Reset password (self-service)", SELF_SERVICE, USERS, "Update"],
        "admin_reset_azure_portal" | "admin_reset" => ["Reset user password", CORE, USERS, "Update"],
        _ => ["Reset password (by admin)", SELF_SERVICE, USERS, "Update"],
    }
}

/// The entry of a journal line, if it records a change of the directory.
pub(super) fn resource(line: &JournalLine) -> Option<Value> {
    let event = line.event().ok()?;
    let subject = line.subject.parse::<Subject>().ok()?;
    let user = (subject.kind == SubjectKind::User).then_some(subject.id.as_str());
    let audit = audit(&event, user)?;
    let targets = targets(&audit, &subject, modified(&event, line.at));
    Some(entry(line, activity(&event)?, &audit, &targets))
}

fn targets(audit: &Audit<'_>, subject: &Subject, modified: Value) -> Vec<Value> {
    let mut targets = Vec::new();
    if subject.kind == SubjectKind::User {
        targets.push(json!({
            "id": subject.id,
            "displayName": null,
            "type": "User",
            "userPrincipalName": audit.upn,
            "modifiedProperties": modified,
        }));
    }
    if let Some((group, name)) = audit.group {
        targets.push(json!({
            "id": group, "displayName": name, "type": "Group", "groupType": "azureAD",
            "userPrincipalName": null, "modifiedProperties": [],
        }));
    }
    let is_client = subject.kind == SubjectKind::Client;
    let client = audit.client_id.map(|id| id.to_string()).or_else(|| is_client.then(|| subject.id.clone()));
    if let Some(client) = client {
        targets.push(json!({
            "id": client, "displayName": audit.client_name, "type": "Application",
            "userPrincipalName": null, "modifiedProperties": [],
        }));
    }
    targets
}

/// The properties of a user that an event changed.
fn modified(event: &JournalEvent, at: Instant) -> Value {
    let (name, before, after) = match event {
        JournalEvent::UserDisabled(_) => ("AccountEnabled", Some("[true]"), "[false]".to_owned()),
        JournalEvent::UserEnabled(_) => ("AccountEnabled", Some("[false]"), "[true]".to_owned()),
        JournalEvent::SessionsRevoked(_) => {
            ("StsRefreshTokensValidFrom", None, format!("[\"{}\"]", at.whole_second()))
        }
        _ => return json!([]),
    };
    json!([{"displayName": name, "oldValue": before, "newValue": after}])
}
