//! The grants: each reads its own parameters and the credential that they contain. What all have in
//! common are the steps of the [pipeline](super::pipeline).

pub(super) mod authorization_code;
pub(super) mod client_credentials;
pub(super) mod device_code;
pub(super) mod on_behalf_of;
pub(super) mod password;
pub(super) mod refresh_token;
