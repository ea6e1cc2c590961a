//! The device authorization grant (RFC 8628; reference: "Device authorization"): a device requests
//! a code, a user enters it on a page, signs in and approves, and the device redeems the code at
//! the token endpoint.

mod answer;
mod endpoint;
mod page;
mod user_code;

pub(crate) use answer::answer_device;
pub(crate) use endpoint::device_code;
pub(crate) use page::{device_page, enter_user_code, short_page};
