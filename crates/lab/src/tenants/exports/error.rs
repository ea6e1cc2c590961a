//! Why a tenant is not exported or not imported.

use outlive_clock::TenantId;

/// The format that this version writes and reads.
pub(super) const FORMAT: &str = "outlive-tenant/1";
/// The largest document, in bytes.
pub const EXPORT_BYTES_MAX: usize = 32 << 20;

/// A tenant was not exported or not imported.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ExportError {
    /// The tenant shares its keys with others.
    #[error(
        "Tenant {0} was created by an earlier version of Outlive and shares its keys with other tenants, so it cannot leave this \
         installation. Reset it (POST /lab/tenants/{0}/reset), which gives it keys of its own."
    )]
    SharedKeys(TenantId),
    /// The document is too large.
    #[error(
        "The export is too large: {0} bytes of at most {EXPORT_BYTES_MAX}. Delete what is not needed, such as flows with long \
         histories, or reset the tenant."
    )]
    TooLarge(usize),
    /// The text is no export.
    #[error(
        "The body is no export of a tenant ({0}). Send what GET /lab/tenants/{{tenant}}/export answered, in the format {FORMAT}."
    )]
    NotAnExport(String),
    /// The content is not what was exported.
    #[error(
        "The content of the export has changed since it was exported: its SHA-256 is another one. Send it as it was exported."
    )]
    Changed,
    /// The lab has other tables.
    #[error(
        "The export was made by Outlive {0}, whose tables are other ones than those of this version. Import it with that \
         version."
    )]
    OtherVersion(String),
    /// The tenant is here.
    #[error(
        "Tenant {0} exists here. An import brings back the tenant itself, not another one like it: delete it first (DELETE \
         /lab/tenants/{0}), or import the export elsewhere."
    )]
    Exists(TenantId),
}
