//! Keys: signing keys with their rotation, and the keys of the installation.

pub(crate) mod installation_keys;
pub(crate) mod signing_key_turns;
pub(crate) mod signing_keys;
