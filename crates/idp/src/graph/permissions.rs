//! Required permissions per operation (the *Permissions* tables of the Graph reference). Any
//! permission of a list suffices, as a scope for a user or as an app role for an application. A
//! user also needs one of the listed directory roles, if there are any.

/// The permissions that an operation requires.
pub(crate) struct Permission {
    pub(crate) any_of: &'static [&'static str],
    /// Directory roles of which a user needs one; empty if no role is required.
    pub(crate) roles: &'static [&'static str],
}

const USER_ADMINISTRATORS: &[&str] = &["Global Administrator", "User Administrator"];
const APPLICATION_ADMINISTRATORS: &[&str] =
    &["Global Administrator", "Application Administrator", "Cloud Application Administrator"];
const CONSENT_ADMINISTRATORS: &[&str] = &[
    "Global Administrator",
    "Application Administrator",
    "Cloud Application Administrator",
    "Privileged Role Administrator",
];
const LOG_READERS: &[&str] = &[
    "Global Administrator",
    "Global Reader",
    "Reports Reader",
    "Security Administrator",
    "Security Operator",
    "Security Reader",
];

pub(crate) const READ_USERS: Permission = Permission {
    any_of: &[
        "User.Read.All",
        "User.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

/// The caller's own account.
pub(crate) const READ_ME: Permission = Permission {
    any_of: &[
        "User.Read",
        "User.ReadWrite",
        "User.Read.All",
        "User.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

pub(crate) const WRITE_USERS: Permission = Permission {
    any_of: &["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
    roles: USER_ADMINISTRATORS,
};

pub(crate) const DELETE_USERS: Permission = Permission {
    any_of: &["User.DeleteRestore.All", "User.ReadWrite.All", "Directory.AccessAsUser.All"],
    roles: USER_ADMINISTRATORS,
};

pub(crate) const READ_APPLICATIONS: Permission = Permission {
    any_of: &[
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

pub(crate) const WRITE_APPLICATIONS: Permission =
    Permission { any_of: &["Application.ReadWrite.All"], roles: APPLICATION_ADMINISTRATORS };

/// An application that updates itself.
pub(crate) const WRITE_OWN_APPLICATION: Permission =
    Permission { any_of: &["Application.ReadWrite.OwnedBy"], roles: APPLICATION_ADMINISTRATORS };

pub(crate) const READ_GRANTS: Permission = Permission {
    any_of: &[
        "DelegatedPermissionGrant.Read.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

pub(crate) const WRITE_GRANTS: Permission =
    Permission { any_of: &["DelegatedPermissionGrant.ReadWrite.All"], roles: CONSENT_ADMINISTRATORS };

pub(crate) const READ_ASSIGNMENTS: Permission = Permission {
    any_of: &[
        "Application.Read.All",
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

pub(crate) const WRITE_ASSIGNMENTS: Permission =
    Permission { any_of: &["AppRoleAssignment.ReadWrite.All"], roles: CONSENT_ADMINISTRATORS };

const POLICY_READERS: &[&str] = &[
    "Global Administrator",
    "Global Reader",
    "Security Administrator",
    "Security Reader",
    "Conditional Access Administrator",
    "Application Administrator",
];

pub(crate) const READ_POLICIES: Permission = Permission {
    any_of: &[
        "Policy.Read.All",
        "Policy.ReadWrite.ConditionalAccess",
        "Policy.ReadWrite.ApplicationConfiguration",
    ],
    roles: POLICY_READERS,
};

pub(crate) const WRITE_CONDITIONAL_ACCESS: Permission = Permission {
    any_of: &["Policy.ReadWrite.ConditionalAccess"],
    roles: &["Global Administrator", "Security Administrator", "Conditional Access Administrator"],
};

pub(crate) const WRITE_TOKEN_LIFETIMES: Permission = Permission {
    any_of: &["Policy.ReadWrite.ApplicationConfiguration"],
    roles: &["Global Administrator", "Application Administrator"],
};

pub(crate) const READ_LOGS: Permission = Permission { any_of: &["AuditLog.Read.All"], roles: LOG_READERS };

const GROUP_ADMINISTRATORS: &[&str] =
    &["Global Administrator", "User Administrator", "Groups Administrator", "Directory Writers"];

pub(crate) const READ_GROUPS: Permission = Permission {
    any_of: &[
        "GroupMember.Read.All",
        "GroupMember.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

pub(crate) const WRITE_GROUPS: Permission = Permission {
    any_of: &["Group.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
    roles: GROUP_ADMINISTRATORS,
};

pub(crate) const WRITE_GROUP_MEMBERS: Permission = Permission {
    any_of: &[
        "GroupMember.ReadWrite.All",
        "Group.ReadWrite.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: GROUP_ADMINISTRATORS,
};

pub(crate) const READ_ROLES: Permission = Permission {
    any_of: &[
        "RoleManagement.Read.Directory",
        "RoleManagement.ReadWrite.Directory",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ],
    roles: &[],
};

pub(crate) const WRITE_ROLES: Permission = Permission {
    any_of: &["RoleManagement.ReadWrite.Directory", "Directory.AccessAsUser.All"],
    roles: &["Global Administrator", "Privileged Role Administrator"],
};
