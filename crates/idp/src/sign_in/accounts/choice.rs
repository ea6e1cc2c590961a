//! Selects the account for an authorization request from the signed-in accounts and the request.

use outlive_rules::aadsts;

use super::account::Account;
use super::hint::user_name_of_hint;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::{AuthorizeRequest, Prompt};

/// The selected account, or the interaction that is needed.
pub(crate) enum Choice {
    /// This account, by its index in the list.
    This(usize),
    /// The user picks an account.
    Ask,
    /// The user signs in.
    SignIn,
}

/// Selects an account. `sid` and `login_hint` restrict the choice; with several accounts left the
/// user picks one. If the request forbids interaction, the error names the interaction that would
/// be needed.
pub(crate) fn choose(accounts: &[Account], request: &AuthorizeRequest) -> Result<Choice, Refusal> {
    let silent = request.prompt == Prompt::None;
    let or_sign_in = |refusal: Refusal| if silent { Err(refusal) } else { Ok(Choice::SignIn) };
    let this = |at: usize| {
        if accounts[at].is_live() {
            return Ok(Choice::This(at));
        }
        let refusal = Refusal::of_decision(&accounts[at].decision);
        or_sign_in(refusal.unwrap_or_else(|| Refusal::new(aadsts::NO_SESSION)))
    };
    if request.prompt == Prompt::Login {
        return Ok(Choice::SignIn);
    }
    let hint = request.login_hint.as_deref().map(|hint| user_name_of_hint(hint).to_lowercase());
    let is_hinted =
        |account: &Account| hint.as_ref().is_some_and(|hint| account.user_name().to_lowercase() == *hint);
    if let Some(sid) = &request.sid {
        return match accounts.iter().position(|account| account.session.id.to_string() == *sid) {
            None => or_sign_in(Refusal::new(aadsts::SESSION_ABSENT)),
            Some(at) if hint.is_some() && !is_hinted(&accounts[at]) => {
                or_sign_in(Refusal::new(aadsts::SESSION_NOT_MET))
            }
            Some(at) => this(at),
        };
    }
    if request.prompt == Prompt::SelectAccount {
        // The prompt cannot be combined with a hint and takes precedence.
        return Ok(if accounts.is_empty() { Choice::SignIn } else { Choice::Ask });
    }
    if hint.is_some() {
        return match accounts.iter().position(is_hinted) {
            Some(at) => this(at),
            None => or_sign_in(Refusal::new(aadsts::NO_SESSION)),
        };
    }
    let live: Vec<usize> = (0..accounts.len()).filter(|at| accounts[*at].is_live()).collect();
    match (live.as_slice(), accounts) {
        ([only], _) => Ok(Choice::This(*only)),
        ([], []) => or_sign_in(Refusal::new(aadsts::NO_SESSION)),
        ([], _) => this(0),
        _ if silent => Err(Refusal::new(aadsts::SELECT_ACCOUNT)),
        _ => Ok(Choice::Ask),
    }
}
