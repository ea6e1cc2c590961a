//! Whether a user or an application gets access: passwords, assignments, Conditional Access and the
//! scopes of a request.

pub(crate) mod assignment;
pub(crate) mod conditional_access;
pub(crate) mod password_check;
pub(crate) mod scopes;
pub(crate) mod second_factor;
