//! The parameters of paths.

use serde::Deserialize;

use crate::arm::ResourceName;

/// The path of a resource group.
#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    pub(super) group: ResourceName,
}

/// The path of a resource without its resource group.
#[derive(Debug, Deserialize)]
pub(super) struct NamePath {
    pub(super) name: ResourceName,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourcePath {
    pub(super) group: ResourceName,
    pub(super) name: ResourceName,
}

/// The path of an access policy.
#[derive(Debug, Deserialize)]
pub(super) struct PolicyPath {
    pub(super) group: ResourceName,
    pub(super) name: ResourceName,
    pub(super) policy: ResourceName,
}
