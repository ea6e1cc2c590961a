//! What the directory of a tenant contains, as the lab shows it (`/lab/tenants/{t}/directory`).
//! Lists have pages: `next` of one is `after` of the following.

mod access;
mod application;
mod tenant;
mod user;

pub use access::{
    DirectoryGrant, DirectoryGrants, DirectoryPolicies, DirectoryPolicy, DirectoryRoleAssignment,
};
pub use application::{
    DirectoryApplication, DirectoryApplicationDetails, DirectoryApplications, DirectoryCertificate,
    DirectoryFederatedCredential, DirectoryPermission, DirectorySecret,
};
pub use tenant::{DirectoryKey, DirectoryKeyState, DirectoryKeys, DirectoryLifetime, DirectoryTenant};
pub use user::{
    DirectoryCredentials, DirectoryEvent, DirectoryGroup, DirectoryGroupDetails, DirectoryGroups,
    DirectorySession, DirectoryUser, DirectoryUserDetails, DirectoryUsers,
};
