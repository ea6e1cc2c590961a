//! Connections: a stored sign-in for a connector, with an owner, an access list and a status.

pub(crate) mod access_list;
pub(crate) mod grants;
mod key;
mod missing_credential;
mod record;
mod resource;
mod status;
pub(crate) mod storage;
mod values;
pub(crate) mod workflow_owners;

pub(crate) use access_list::{Policy, Principal};
pub(crate) use key::{KeyClaims, key_purpose};
pub(crate) use missing_credential::missing_credential;
pub(crate) use record::{Connection, TOKENS_UNREADABLE};
pub(crate) use resource::{resource, runtime_url};
pub(crate) use status::{
    Status, american_date, exchange_failed, refresh_failed, refresh_impossible, responses, sign_in_failed,
    sign_in_refused,
};
pub(crate) use values::{StoredValues, Unreadable, Values, data_key_purpose};
