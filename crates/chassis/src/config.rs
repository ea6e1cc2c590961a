//! What a service needs to be told before it can start.

use std::path::PathBuf;

use outlive_store::DatabaseUrl;
use outlive_tokens::Secret;

use crate::{LabKey, Origins};

/// The configuration that all services share. Plain values: the command line and the environment are read elsewhere.
#[derive(Debug, Clone)]
pub struct ChassisConfig {
    /// The service's name (`"idp"`): its schema, its journal, its randomness.
    pub service: &'static str,
    /// Where its state lives.
    pub database: DatabaseUrl,
    /// Where the sealing key is kept (`<data_dir>/<service>.key`), unless it is given.
    pub data_dir: PathBuf,
    /// The sealing key as 64 hexadecimal digits; replicas share one.
    pub sealing_key: Option<Secret>,
    /// What callers of `/_lab` must present.
    pub lab_key: LabKey,
    /// Makes ids, keys, lifetimes and tokens repeat; `None` draws from the operating system.
    pub seed: Option<u64>,
    /// The origins by which callers may address the service.
    pub origins: Origins,
}
