//! Which account an authorization request is for, decided from what is signed in and what the request says.

use outlive_rules::aadsts;

use super::account::Account;
use super::hint::name_of_hint;
use crate::authorize::{AuthorizeRequest, Prompt};
use crate::refusal::Refusal;

/// What follows.
pub(crate) enum Choice {
    /// This account, by its place in the list.
    This(usize),
    /// The person says which.
    Ask,
    /// Somebody has to sign in.
    SignIn,
}

/// Chooses. A session that the client names has to be that one, a user that it hints at that user; of several accounts the
/// person chooses, and where nobody may be asked the refusal says what it would have taken.
pub(crate) fn choose(accounts: &[Account], request: &AuthorizeRequest) -> Result<Choice, Refusal> {
    let silent = request.prompt == Prompt::None;
    let or_sign_in = |refusal: Refusal| if silent { Err(refusal) } else { Ok(Choice::SignIn) };
    let this = |at: usize| {
        if accounts[at].is_live() {
            return Ok(Choice::This(at));
        }
        let refusal = accounts[at].decision.refusal();
        or_sign_in(refusal.unwrap_or_else(|| Refusal::new(aadsts::NO_SESSION)))
    };
    if request.prompt == Prompt::Login {
        return Ok(Choice::SignIn);
    }
    let hint = request.login_hint.as_deref().map(|hint| name_of_hint(hint).to_lowercase());
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
        // The prompt cannot be combined with a hint, and is the stronger of the two.
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
