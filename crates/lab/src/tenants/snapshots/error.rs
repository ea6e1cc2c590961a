//! Why a snapshot is not taken or not restored.

use outlive_clock::TenantId;
use outlive_wire::COPY_BYTES_MAX;

use crate::services::Service;

/// The maximum number of snapshots of a tenant.
pub(crate) const SNAPSHOTS_MAX: usize = 20;
/// Maximum length of a name, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 100;

/// A snapshot was not taken or not restored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is no such snapshot.
    #[error("The tenant has no snapshot with this id or name; GET …/snapshots lists them.")]
    Unknown,
    /// The name cannot be one.
    #[error(
        "'name' is a text of 1 to {NAME_CHARACTERS_MAX} characters that are visible, and no UUID, '.' or '..'."
    )]
    Name,
    /// Another snapshot has the name.
    #[error("The tenant has a snapshot '{0}' already. Delete it first, or choose another name.")]
    NameTaken(String),
    /// There are too many.
    #[error("A tenant has at most {SNAPSHOTS_MAX} snapshots. Delete those that are not needed.")]
    TooMany,
    /// Something changed while the copies were read, each time.
    #[error(
        "Tenant {0} is busy: its data changed whenever it was copied. Freeze its clock ({{\"run\": 0}}), let the requests in \
         progress end, and try again."
    )]
    Changing(TenantId),
    /// The copy of the lab is too large.
    #[error(
        "What the lab stores for the tenant is too large for a snapshot: {0} bytes of at most {COPY_BYTES_MAX}."
    )]
    TooLarge(usize),
    /// The tables have changed since.
    #[error(
        "The snapshot was taken with another version of Outlive: the tables of {0} have changed since. Start that version, or \
         delete the snapshot and take it again."
    )]
    OtherVersion(String),
    /// It does not open, or is not complete.
    #[error(
        "The snapshot cannot be opened: the lab's sealing key has changed since, or its data is damaged. Delete it and take \
         it again."
    )]
    Unreadable,
}

impl SnapshotError {
    /// The tables of this part differ.
    pub(super) fn of_other_version(service: Option<Service>) -> Self {
        Self::OtherVersion(service.map_or_else(|| "the lab".to_owned(), |it| format!("the {it} service")))
    }
}
