//! The sign-ins of a recording: an authorization request, the pages after it, the redirect, and the
//! redemption of the code.

use url::Url;

use super::endpoint::Endpoint;
use super::exchange::Exchange;
use super::facts::{parameter, parameter_of, redirect_of};
use super::index::Index;

/// A sign-in. Exchanges are given by their indexes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SignIn {
    pub(super) authorize: usize,
    /// The exchange with the redirect to the application. The response of a form that a script
    /// posts is not a redirect.
    pub(super) redirect: Option<usize>,
    /// The token request that redeems the code.
    pub(super) redemption: Option<usize>,
    pub(super) user: Option<String>,
}

impl SignIn {
    /// Whether no page was between the request and the redirect.
    pub(super) fn is_direct(&self) -> bool {
        self.redirect == Some(self.authorize)
    }

    /// Whether the recording shows that it succeeded.
    pub(super) fn succeeded(&self, exchanges: &[Exchange]) -> bool {
        let error =
            |at: usize| redirect_of(&exchanges[at]).is_some_and(|url| parameter(&url, "error").is_some());
        match self.redirect {
            Some(at) => !error(at),
            None => self.redemption.is_some(),
        }
    }
}

/// Returns all sign-ins, in their order.
pub(super) fn sign_ins<'a>(exchanges: &'a [Exchange], known: &mut Index<'a>) -> Vec<SignIn> {
    let mut found: Vec<SignIn> = Vec::new();
    for (index, request) in exchanges.iter().enumerate() {
        if request.endpoint != Endpoint::Authorize {
            continue;
        }
        let Some(client) = request.client_id() else { continue };
        let redirect_uri = parameter_of(request, "redirect_uri");
        let address = redirect_uri.as_deref().and_then(|uri| Url::parse(uri).ok());
        let redirect =
            address.and_then(|address| known.redirect_from(index, &address, parameter_of(request, "state")));
        let code = redirect.and_then(|at| parameter(&redirect_of(&exchanges[at])?, "code"));
        let redemption = match (&code, redirect) {
            (Some(code), _) => known.redemption_of(index, &client, code),
            (None, Some(_)) => None,
            (None, None) => known.unclaimed_after(index, &client, redirect_uri.as_deref()),
        };
        if let Some(at) = redemption {
            known.claim(at, &exchanges[at]);
        }
        let of_pages = known.last_user_between(index, redirect.unwrap_or(index));
        let user = of_pages.or_else(|| known.user_at(redemption?)).map(str::to_owned);
        found.push(SignIn { authorize: index, redirect, redemption, user });
    }
    found
}
