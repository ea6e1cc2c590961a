//! Changes of the directory (reference: "auditLogs/directoryAudits").

use outlive_clock::{ClientId, Instant};
use outlive_wire::events::Actor;
use outlive_wire::{JournalEvent, JournalLine, Subject, SubjectKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::lines::id_of;
use super::sign_in::hyphenated;
use crate::graph::odata::EntityType;

pub(super) const DIRECTORY_AUDIT: EntityType = EntityType {
    name: "microsoft.graph.directoryAudit",
    set: "auditLogs/directoryAudits",
    properties: &[
        "id",
        "activityDateTime",
        "activityDisplayName",
        "additionalDetails",
        "category",
        "correlationId",
        "initiatedBy",
        "loggedByService",
        "operationType",
        "result",
        "resultReason",
        "targetResources",
    ],
    shown: &[],
    filterable: &[
        "id",
        "activityDateTime",
        "activityDisplayName",
        "category",
        "correlationId",
        "loggedByService",
        "result",
    ],
    order: Some("activityDateTime desc"),
};

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

impl From<Option<&Actor>> for Initiator {
    fn from(actor: Option<&Actor>) -> Self {
        match actor {
            Some(actor) if actor.by_application => Self::Application(actor.clone()),
            Some(actor) => Self::User(actor.by.to_string()),
            None => Self::Platform,
        }
    }
}

/// What an entry shows of an event.
struct Audit<'a> {
    activity: Activity,
    initiator: Initiator,
    upn: Option<&'a str>,
    group: Option<(Uuid, &'a str)>,
    client_id: Option<ClientId>,
    client_name: Option<&'a str>,
    details: Vec<Value>,
}

impl<'a> Audit<'a> {
    const fn new(activity: Activity, initiator: Initiator) -> Self {
        let (upn, group, client_id, client_name) = (None, None, None, None);
        Self { activity, initiator, upn, group, client_id, client_name, details: Vec::new() }
    }

    fn upn(self, upn: Option<&'a str>) -> Self {
        Self { upn, ..self }
    }

    fn client(self, client_id: Option<ClientId>, client_name: Option<&'a str>) -> Self {
        Self { client_id, client_name, ..self }
    }

    fn details<const N: usize>(self, details: [(&str, Option<&str>); N]) -> Self {
        let details =
            details.into_iter().filter_map(|(key, value)| Some(json!({"key": key, "value": value?})));
        Self { details: details.collect(), ..self }
    }
}

/// Returns what the entry of an event shows, if the event is a change of the directory. `user` is
/// the user to whom it happened.
fn audit<'a>(event: &'a JournalEvent, user: Option<&str>) -> Option<Audit<'a>> {
    use JournalEvent as E;
    Some(match event {
        E::PasswordChanged(e) => Audit::new(
            ["Change user password", CORE, USERS, "Update"],
            Initiator::of_credential_event(&e.by, user),
        )
        .upn(Some(&e.upn))
        .details([("event", Some(e.event.as_str())), ("role", e.role.as_deref())]),
        E::PasswordReset(e) => {
            Audit::new(reset_activity(&e.event), Initiator::of_credential_event(&e.by, user))
                .upn(Some(&e.upn))
                .details([("event", Some(e.event.as_str())), ("role", e.role.as_deref())])
        }
        E::SessionsRevoked(e) => Audit::new(
            ["Update StsRefreshTokenValidFrom Timestamp", CORE, USERS, "Update"],
            Initiator::of_credential_event(&e.by, user),
        )
        .upn(Some(&e.upn))
        .details([("event", Some(e.event.as_str())), ("role", e.role.as_deref())]),
        E::UserCreated(e) => account("Add user", "Add", Some(&e.upn), e.actor.as_ref()),
        E::UserUpdated(e) => account("Update user", "Update", Some(&e.upn), e.actor.as_ref()),
        E::UserDisabled(e) => account("Disable account", "Update", Some(&e.upn), e.actor.as_ref()),
        E::UserEnabled(e) => account("Enable account", "Update", Some(&e.upn), e.actor.as_ref()),
        E::UserDeleted(e) => account("Delete user", "Delete", Some(&e.upn), e.actor.as_ref()),
        E::UserRestored(e) => account("Restore user", "Restore", Some(&e.upn), e.actor.as_ref()),
        E::UserRemoved(e) => account("Hard Delete user", "Delete", e.upn.as_deref(), e.actor.as_ref()),
        E::GroupCreated(e) => group("Add group", "Add", (e.group, &e.group_name), None, e.actor.as_ref()),
        E::GroupUpdated(e) => {
            group("Update group", "Update", (e.group, &e.group_name), None, e.actor.as_ref())
        }
        E::GroupDeleted(e) => {
            group("Delete group", "Delete", (e.group, &e.group_name), None, e.actor.as_ref())
        }
        E::GroupMemberAdded(e) => {
            group("Add member to group", "Assign", (e.group, &e.group_name), Some(&e.upn), e.actor.as_ref())
        }
        E::GroupMemberRemoved(e) => group(
            "Remove member from group",
            "Unassign",
            (e.group, &e.group_name),
            Some(&e.upn),
            e.actor.as_ref(),
        ),
        E::DirectoryRoleMemberAdded(e) => {
            Audit::new(["Add member to role", CORE, ROLES, "Assign"], e.actor.as_ref().into())
                .upn(Some(&e.upn))
                .details([("role", Some(&e.role))])
        }
        E::DirectoryRoleMemberRemoved(e) => {
            Audit::new(["Remove member from role", CORE, ROLES, "Unassign"], e.actor.as_ref().into())
                .upn(Some(&e.upn))
                .details([("role", Some(&e.role))])
        }
        E::ConsentGranted(e) => {
            consent(["Consent to application", CORE, APPLICATIONS, "Assign"], e.actor.as_ref(), user)
                .upn(e.upn.as_deref())
                .client(e.client_id, e.client_name.as_deref())
                .details([("scope", e.scope.as_deref()), ("resource", e.resource.as_deref())])
        }
        E::ConsentChanged(e) => {
            consent(["Add delegated permission grant", CORE, APPLICATIONS, "Update"], e.actor.as_ref(), user)
                .upn(e.upn.as_deref())
                .client(e.client_id, e.client_name.as_deref())
                .details([("scope", e.scope.as_deref()), ("resource", e.resource.as_deref())])
        }
        E::ConsentWithdrawn(e) => consent(
            ["Remove delegated permission grant", CORE, APPLICATIONS, "Unassign"],
            e.actor.as_ref(),
            user,
        )
        .upn(e.upn.as_deref())
        .client(e.client_id, e.client_name.as_deref())
        .details([("scope", e.scope.as_deref()), ("resource", e.resource.as_deref())]),
        E::AppRoleAssigned(e) => {
            Audit::new(["Add app role assignment", CORE, APPLICATIONS, "Assign"], e.actor.as_ref().into())
                .upn(e.upn.as_deref())
                .client(Some(e.client_id), None)
                .details([("role", Some(&e.role))])
        }
        E::AppRoleUnassigned(e) => Audit::new(
            ["Remove app role assignment", CORE, APPLICATIONS, "Unassign"],
            e.actor.as_ref().into(),
        )
        .upn(e.upn.as_deref())
        .client(Some(e.client_id), None)
        .details([("role", Some(&e.role))]),
        E::SecretAdded(e) => application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref()),
        E::SecretRemoved(e) => application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref()),
        E::SecretRotated(e) => application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref()),
        E::CertificateAdded(e) => {
            application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::CertificateRemoved(e) => {
            application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::FederatedCredentialAdded(e) => {
            application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::FederatedCredentialUpdated(e) => {
            application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::FederatedCredentialRemoved(e) => {
            application(SECRETS, "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::ApplicationCreated(e) => {
            application("Add application", "Add", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::ApplicationUpdated(e) => {
            application("Update application", "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::ApplicationDeleted(e) => {
            application("Delete application", "Delete", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::ApplicationDisabled(e) => {
            application("Update service principal", "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        E::ApplicationEnabled(e) => {
            application("Update service principal", "Update", e.client_id, &e.client_name, e.actor.as_ref())
        }
        _ => return None,
    })
}

fn account<'a>(
    activity: &'static str,
    operation: &'static str,
    upn: Option<&'a str>,
    actor: Option<&Actor>,
) -> Audit<'a> {
    Audit::new([activity, CORE, USERS, operation], actor.into()).upn(upn)
}

fn group<'a>(
    activity: &'static str,
    operation: &'static str,
    group: (Uuid, &'a str),
    upn: Option<&'a str>,
    actor: Option<&Actor>,
) -> Audit<'a> {
    let audit = Audit::new([activity, CORE, GROUPS, operation], actor.into());
    Audit { upn, group: Some(group), ..audit }
}

fn application<'a>(
    activity: &'static str,
    operation: &'static str,
    client_id: Option<ClientId>,
    client_name: &'a str,
    actor: Option<&Actor>,
) -> Audit<'a> {
    let audit = Audit::new([activity, CORE, APPLICATIONS, operation], actor.into());
    audit.client(client_id, Some(client_name))
}

/// A change of permissions: without an actor, the user made it on a page.
fn consent<'a>(activity: Activity, actor: Option<&Actor>, user: Option<&str>) -> Audit<'a> {
    let initiator = match (actor, user) {
        (None, Some(user)) => Initiator::User(user.to_owned()),
        _ => actor.into(),
    };
    Audit::new(activity, initiator)
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
    let [activity, service, category, operation] = audit.activity;
    Some(json!({
        "id": id_of(line),
        "activityDateTime": line.at.whole_second(),
        "activityDisplayName": activity,
        "additionalDetails": audit.details,
        "category": category,
        "correlationId": hyphenated(&line.trace),
        "initiatedBy": audit.initiator.to_json(),
        "loggedByService": service,
        "operationType": operation,
        "result": "success",
        "resultReason": "",
        "targetResources": targets(&audit, &subject, modified(&event, line.at)),
    }))
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
