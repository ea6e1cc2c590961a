//! A user's grant, as plain data: what its tokens contain.

use std::collections::BTreeSet;
use std::net::IpAddr;

use outlive_clock::{Instant, SessionId};
use outlive_tokens::{ClaimsRequest, SealedRefreshToken};
use uuid::Uuid;

use super::refresh_token::Rotation;
use super::request::TokenRequest;
use crate::directory::spec::RedirectUriType;

/// How and when the user signed in, and what was requested of the tokens.
#[derive(Debug)]
pub(crate) struct Authentication {
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Instant,
    pub(crate) session_id: Option<SessionId>,
    /// The user's address at sign-in, if known.
    pub(crate) address: Option<IpAddr>,
    pub(crate) nonce: Option<String>,
    /// The `claims` parameters of this request and of the original one.
    pub(crate) claims: ClaimsRequest,
    /// The requested authentication contexts that are satisfied.
    pub(crate) contexts: BTreeSet<String>,
}

impl Authentication {
    /// Returns an authentication of which only the methods and the time are known.
    pub(super) fn new(amr: Vec<String>, auth_time: Instant, claims: &ClaimsRequest) -> Self {
        Self {
            amr,
            auth_time,
            session_id: None,
            address: None,
            nonce: None,
            claims: claims.clone(),
            contexts: BTreeSet::new(),
        }
    }
}

/// The family of a new refresh token.
pub(crate) enum Family<'a> {
    /// A new family.
    New { id: Uuid, redirect_type: Option<RedirectUriType> },
    /// The family of this token, which stays valid.
    Of(&'a SealedRefreshToken, &'a Rotation),
}

impl Family<'_> {
    /// Returns the family of a grant without a redirect URI.
    pub(super) fn without_redirect(request: &TokenRequest<'_>) -> Self {
        let random = request.idp.chassis.random.of(request.tenant.id);
        Self::New { id: random.stream("refresh-token-family").uuid_at(request.now), redirect_type: None }
    }

    /// Returns the id that all tokens of one grant share; for an authorization code, the code's id.
    pub(crate) const fn id(&self) -> Uuid {
        match self {
            Self::New { id, .. } => *id,
            Self::Of(token, _) => token.family_id,
        }
    }
}

/// A user's grant.
pub(crate) struct Grant<'a> {
    /// The name in the journal.
    pub(crate) grant_type: &'static str,
    pub(crate) authentication: Authentication,
    pub(crate) family: Family<'a>,
}
