//! Documents that clients read first: OpenID configuration, keys, instance discovery.

mod document;
mod instance;
mod keys;
mod openid_configuration;
mod user_realm;

pub(crate) use instance::instance;
pub(crate) use keys::keys;
pub(crate) use openid_configuration::configuration;
pub(crate) use user_realm::user_realm;
