//! The configuration that all services share.

use std::path::PathBuf;

use outlive_store::DatabaseUrl;
use outlive_tokens::Secret;

use crate::{LabKey, Origins};

/// The configuration that all services share, as plain values; command line and environment are
/// read elsewhere.
#[derive(Debug, Clone)]
pub struct ChassisConfig {
    /// The service's name (`"idp"`), also of its schema, journal and random sequence.
    pub service: &'static str,
    /// The database.
    pub database: DatabaseUrl,
    /// The directory of the sealing key (`<data_dir>/<service>.key`), unless it is configured.
    pub data_dir: PathBuf,
    /// The sealing key as 64 hexadecimal digits; replicas share one. After a comma, the key that it
    /// replaces, which still opens.
    pub sealing_key: Option<Secret>,
    /// The key that callers of `/_lab` must present.
    pub lab_key: LabKey,
    /// The seed for reproducible ids, keys, lifetimes and tokens; `None` uses the operating
    /// system's randomness.
    pub seed: Option<u64>,
    /// The origins under which the service may be called.
    pub origins: Origins,
}
