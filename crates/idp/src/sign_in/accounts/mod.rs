//! Selection among the accounts that are signed in to a browser (reference: "Authorization
//! endpoint", `prompt`, `login_hint`). A browser has one session per account.

mod account;
mod choice;
mod hint;
mod picker;

pub(crate) use account::Account;
pub(crate) use choice::{Choice, choose};
pub(crate) use hint::{is_login_hint_claim, user_name_of_hint};
pub(crate) use picker::pick_account;
