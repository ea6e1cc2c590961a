//! Applications and their credentials.

mod certificates;
mod change;
mod federated;
mod named;
mod proven_keys;
mod read;
mod required;
mod resource;
mod secrets;
mod write;

pub(crate) use federated::{
    create_credential, list_credentials, remove_credential, show_credential, update_credential,
};
pub(crate) use named::{
    add_key_by_app_id, add_password_by_app_id, delete_by_app_id, has_alternate_key, remove_key_by_app_id,
    remove_password_by_app_id, show_by_app_id, update_by_app_id,
};
pub(crate) use proven_keys::{add_key, remove_key};
pub(crate) use read::{ApplicationName, find_applications, list, show};
pub(crate) use resource::{app_roles, scopes};
pub(crate) use secrets::{add_password, remove_password};
pub(crate) use write::{create, remove, update};
