//! What requests and responses of all endpoints share: parameters, errors, headers, issuer names.

pub(crate) mod cloud;
pub(crate) mod decision;
pub(crate) mod form;
pub(crate) mod refusal;
pub(crate) mod response_headers;
