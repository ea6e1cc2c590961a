//! Pages that people see. Plain HTML forms that work without script; everything that came from outside is escaped by the
//! templates; a strict content security policy stands behind them.

mod assets;
mod respond;
mod state;
mod templates;

pub(crate) use assets::{script, style};
pub(crate) use respond::{add_cookie, change_password, consent, form_post, message, refusal, sign_in};
pub(crate) use state::{Next, PageState};
