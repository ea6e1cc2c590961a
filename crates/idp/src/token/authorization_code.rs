//! Authorization codes.

use std::net::IpAddr;

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use outlive_rules::lifetimes;
use outlive_rules::scopes::{RequestedResource, ScopeRequest};
use outlive_store::{Change, Store, StoreError, sql};
use outlive_tokens::{ClaimsRequest, SealedToken};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::directory::spec::RedirectUriType;

/// The requested scopes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CodeScopes {
    pub(crate) oidc: Vec<String>,
    /// The resources with their scopes: an empty name stands for scopes without a resource, `None`
    /// for all consented scopes.
    pub(crate) resources: Vec<(String, Option<Vec<String>>)>,
    /// `.default` of each resource as requested; none otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) defaults: Vec<Option<String>>,
}

/// An authorization code: encrypted, so that nothing is stored before it is redeemed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationCode {
    pub(crate) id: Uuid,
    pub(crate) tenant: TenantId,
    pub(crate) client_id: ClientId,
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Instant,
    pub(crate) redirect_uri: String,
    pub(crate) redirect_type: RedirectUriType,
    pub(crate) scopes: CodeScopes,
    pub(crate) code_challenge: Option<CodeChallenge>,
    pub(crate) nonce: Option<String>,
    /// The address of the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<IpAddr>,
    /// The `claims` parameter of the authorization request.
    #[serde(default)]
    pub(crate) claims: ClaimsRequest,
    /// The tenant's generation when it was minted; 0 before the first snapshot of the tenant.
    #[serde(default, skip_serializing_if = "is_first")]
    pub(crate) generation: u32,
    pub(crate) issued_at: Instant,
}

/// Whether a generation is the first one, which is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_first(generation: &u32) -> bool {
    *generation == 0
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CodeChallenge {
    pub(crate) s256: bool,
    pub(crate) challenge: String,
}

impl AuthorizationCode {
    /// Returns when the code was redeemed (virtual), if it was.
    pub(crate) async fn redeemed_at(&self, store: &Store) -> Result<Option<Instant>, StoreError> {
        let row = store.row(sql!(
            "SELECT redeemed_us FROM redeemed_codes WHERE tenant = $1 AND code_id = $2",
            self.tenant,
            self.id.to_string()
        ));
        row.await?.map(|row| row.instant("redeemed_us")).transpose()
    }

    /// Marks the code as redeemed; of concurrent redemptions exactly one succeeds. Removes some of
    /// the expired codes, which are rejected without a row.
    pub(super) fn mark_redeemed(&self, now: Instant) -> Change {
        let mut change = Change::from(sql!(
            "INSERT INTO redeemed_codes (tenant, code_id, redeemed_us, expires_us) VALUES ($1, $2, $3, $4)",
            self.tenant,
            self.id.to_string(),
            now,
            self.issued_at + lifetimes::AUTHORIZATION_CODE
        ));
        change.add(sql!(
            "DELETE FROM redeemed_codes WHERE tenant = $1 AND code_id IN \
             (SELECT code_id FROM redeemed_codes WHERE tenant = $1 AND expires_us < $2 LIMIT 20)",
            self.tenant,
            now - lifetimes::AUTHORIZATION_CODE
        ));
        change
    }
}

impl SealedToken for AuthorizationCode {
    const PURPOSE: &'static str = "authorization-code";
    const PREFIX: &'static str = "1.A";

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }
}

impl From<ScopeRequest> for CodeScopes {
    fn from(request: ScopeRequest) -> Self {
        let of = |resource: RequestedResource| {
            let names = (!resource.by_default).then_some(resource.names);
            (resource.identifier.unwrap_or_default(), names)
        };
        let mut defaults: Vec<_> = request.resources.iter().map(|form| form.default_word.clone()).collect();
        if defaults.iter().all(Option::is_none) {
            defaults.clear();
        }
        Self {
            oidc: request.oidc.into_iter().collect(),
            resources: request.resources.into_iter().map(of).collect(),
            defaults,
        }
    }
}

impl From<CodeScopes> for ScopeRequest {
    fn from(code: CodeScopes) -> Self {
        let mut defaults = code.defaults.into_iter();
        let of = |(identifier, names): (String, Option<Vec<String>>)| RequestedResource {
            identifier: Some(identifier).filter(|identifier| !identifier.is_empty()),
            by_default: names.is_none(),
            names: names.unwrap_or_default(),
            default_word: defaults.next().flatten(),
        };
        let request = Self {
            oidc: code.oidc.into_iter().collect(),
            resources: code.resources.into_iter().map(of).collect(),
            text: String::new(),
        };
        let text = request.words();
        Self { text, ..request }
    }
}
