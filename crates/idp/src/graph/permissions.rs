//! Required permissions per operation (the *Permissions* tables of the Graph reference).

/// The permissions that an operation requires: one of those in both lists, as a scope for a user or
/// as an app role for an application. A user also needs one of the directory roles, if there are
/// any.
pub(crate) struct Permission {
    any_of: &'static [&'static str],
    directory: &'static [&'static str],
    pub(super) roles: &'static [&'static str],
}

impl Permission {
    /// Returns the permissions of which one is sufficient.
    pub(super) fn sufficient(&self) -> impl Iterator<Item = &'static str> {
        self.any_of.iter().chain(self.directory).copied()
    }
}

/// Permissions for the whole directory.
const NONE: &[&str] = &[];
const READ: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"];
const WRITE: &[&str] = &["Directory.ReadWrite.All", "Directory.AccessAsUser.All"];
const AS_USER: &[&str] = &["Directory.AccessAsUser.All"];

/// Directory roles.
const ANY: &[&str] = &[];
const USER_ADMINISTRATORS: &[&str] = &["Global Administrator", "User Administrator"];
const CREDENTIAL_ADMINISTRATORS: &[&str] = &[
    "Global Administrator",
    "User Administrator",
    "Authentication Administrator",
    "Privileged Authentication Administrator",
    "Helpdesk Administrator",
];
const GROUP_ADMINISTRATORS: &[&str] =
    &["Global Administrator", "User Administrator", "Groups Administrator", "Directory Writers"];
const ROLE_ADMINISTRATORS: &[&str] = &["Global Administrator", "Privileged Role Administrator"];
const APPLICATION_ADMINISTRATORS: &[&str] =
    &["Global Administrator", "Application Administrator", "Cloud Application Administrator"];
const CONSENT_ADMINISTRATORS: &[&str] = &[
    "Global Administrator",
    "Application Administrator",
    "Cloud Application Administrator",
    "Privileged Role Administrator",
];
const POLICY_READERS: &[&str] = &[
    "Global Administrator",
    "Global Reader",
    "Security Administrator",
    "Security Reader",
    "Conditional Access Administrator",
    "Application Administrator",
];
const ACCESS_ADMINISTRATORS: &[&str] =
    &["Global Administrator", "Security Administrator", "Conditional Access Administrator"];
const LIFETIME_ADMINISTRATORS: &[&str] = &["Global Administrator", "Application Administrator"];
const LOG_READERS: &[&str] = &[
    "Global Administrator",
    "Global Reader",
    "Reports Reader",
    "Security Administrator",
    "Security Operator",
    "Security Reader",
];

/// One row per operation: permissions for the collection, permissions for the whole directory,
/// roles.
macro_rules! permissions {
    ($($operation:ident: $any_of:expr, $directory:ident, $roles:ident;)+) => {$(
        pub(crate) const $operation: Permission =
            Permission { any_of: &$any_of, directory: $directory, roles: $roles };
    )+};
}

permissions! {
    // users. Changing one's own password and revoking one's own sessions require no role.
    READ_ME:               ["User.Read", "User.ReadWrite", "User.Read.All", "User.ReadWrite.All"], READ, ANY;
    READ_USERS:            ["User.Read.All", "User.ReadWrite.All"], READ, ANY;
    WRITE_USERS:           ["User.ReadWrite.All"], WRITE, USER_ADMINISTRATORS;
    DELETE_USERS:          ["User.DeleteRestore.All", "User.ReadWrite.All"], AS_USER, USER_ADMINISTRATORS;
    ENABLE_USERS:          ["User.ReadWrite.All", "User.EnableDisableAccount.All"], WRITE, CREDENTIAL_ADMINISTRATORS;
    WRITE_PASSWORDS:       ["User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"], WRITE, CREDENTIAL_ADMINISTRATORS;
    CHANGE_OWN_PASSWORD:   ["User-PasswordProfile.ReadWrite.All"], AS_USER, ANY;
    REVOKE_SESSIONS:       ["User.RevokeSessions.All", "User.ReadWrite.All"], WRITE, CREDENTIAL_ADMINISTRATORS;
    REVOKE_OWN_SESSIONS:   ["User.ReadWrite"], NONE, ANY;
    INVALIDATE_TOKENS:     [], WRITE, CREDENTIAL_ADMINISTRATORS;

    // authentication
    READ_METHODS:          ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"], NONE, CREDENTIAL_ADMINISTRATORS;
    READ_OWN_METHODS:      ["UserAuthenticationMethod.Read", "UserAuthenticationMethod.ReadWrite"], NONE, ANY;
    WRITE_METHODS:         ["UserAuthenticationMethod.ReadWrite.All"], NONE, CREDENTIAL_ADMINISTRATORS;
    RESET_PASSWORDS:       ["UserAuthenticationMethod.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"], AS_USER, CREDENTIAL_ADMINISTRATORS;
    READ_OPERATIONS:       ["UserAuthenticationMethod.ReadWrite.All"], AS_USER, CREDENTIAL_ADMINISTRATORS;

    // groups
    READ_GROUPS:           ["GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All"], READ, ANY;
    WRITE_GROUPS:          ["Group.ReadWrite.All"], WRITE, GROUP_ADMINISTRATORS;
    WRITE_GROUP_MEMBERS:   ["GroupMember.ReadWrite.All", "Group.ReadWrite.All"], WRITE, GROUP_ADMINISTRATORS;

    // directoryRoles, directoryRoleTemplates
    READ_ROLES:            ["RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory"], READ, ANY;
    WRITE_ROLES:           ["RoleManagement.ReadWrite.Directory"], AS_USER, ROLE_ADMINISTRATORS;

    // organization
    READ_ORGANIZATION:     ["User.Read", "Organization.Read.All", "Organization.ReadWrite.All"], READ, ANY;
    READ_WHOLE_ORGANIZATION: ["Organization.Read.All", "Organization.ReadWrite.All"], READ, ANY;

    // applications, servicePrincipals
    READ_APPLICATIONS:     ["Application.Read.All", "Application.ReadWrite.All"], READ, ANY;
    WRITE_APPLICATIONS:    ["Application.ReadWrite.All"], NONE, APPLICATION_ADMINISTRATORS;
    WRITE_OWN_APPLICATION: ["Application.ReadWrite.OwnedBy"], NONE, APPLICATION_ADMINISTRATORS;

    // oauth2PermissionGrants, appRoleAssignments
    READ_GRANTS:           ["DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All"], READ, ANY;
    WRITE_GRANTS:          ["DelegatedPermissionGrant.ReadWrite.All"], NONE, CONSENT_ADMINISTRATORS;
    READ_ASSIGNMENTS:      ["Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"], READ, ANY;
    WRITE_ASSIGNMENTS:     ["AppRoleAssignment.ReadWrite.All"], NONE, CONSENT_ADMINISTRATORS;

    // identity/conditionalAccess, policies
    READ_POLICIES:         ["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "Policy.ReadWrite.ApplicationConfiguration"], NONE, POLICY_READERS;
    WRITE_CONDITIONAL_ACCESS: ["Policy.ReadWrite.ConditionalAccess"], NONE, ACCESS_ADMINISTRATORS;
    WRITE_TOKEN_LIFETIMES: ["Policy.ReadWrite.ApplicationConfiguration"], NONE, LIFETIME_ADMINISTRATORS;

    // auditLogs
    READ_LOGS:             ["AuditLog.Read.All"], NONE, LOG_READERS;
}
