//! Authorization of requests.

use outlive_chassis::{ClockError, record_client};
use outlive_tokens::{BearerExpectations, BearerRefusal, bearer_token, fingerprint, peek_tenant};
use outlive_wire::Subject;

use crate::Permission;
use crate::api::Api;
use crate::audiences::Audiences;
use crate::caller::Caller;
use crate::evaluation::{ClaimsChallenge, find_cut_off};
use crate::refusal::Refusal;
use crate::rejection::{Bearer, Rejection, RequestHead};

impl Api {
    /// Authorizes a request whose token has the `needed` permission, or responds to it.
    ///
    /// Checks, in this order: token present, tenant known, token valid, token not revoked,
    /// permission held. A refusal is recorded in the tenant's journal before the response; without
    /// a known tenant there is no journal.
    pub(crate) async fn admit<'a>(
        &'a self,
        head: RequestHead<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let nowhere = |refusal: Refusal| self.rejection(None, refusal);
        let token = bearer_token(head.headers).map_err(|refusal| nowhere(Refusal::Token(refusal)))?;
        let tenant = peek_tenant(token).ok_or_else(|| nowhere(Refusal::Token(BearerRefusal::Malformed)))?;
        let now = self.chassis.clocks.now(tenant).await.map_err(|error| {
            nowhere(match error {
                ClockError::UnknownTenant(tenant) => Refusal::UnknownTenant(tenant),
                ClockError::Store(error) => error.into(),
            })
        })?;
        let audiences = self.audiences.of(tenant).await.map_err(|error| nowhere(error.into()))?;
        let expected = BearerExpectations { tenant, audiences: &audiences, now };
        match self.verifier.verify(&expected, token, head.trace).await {
            Ok(claims) => {
                record_client(claims.appid);
                let ended = find_cut_off(&self.chassis.store, tenant, &claims).await;
                let caller = Caller::new(self, head, (claims, fingerprint(token)), now, needed);
                match ended {
                    Ok(None) => {}
                    Ok(Some(ended)) => {
                        let (uri, client) =
                            (self.common_authorization_uri(), Audiences::client_id(&audiences));
                        let challenge = ClaimsChallenge::new(now, ended, uri, client, head.trace);
                        return Err(caller.refuse(Refusal::Ended(challenge)).await);
                    }
                    Err(error) => return Err(nowhere(error.into())),
                }
                if caller.may() { Ok(caller) } else { Err(caller.refuse(caller.forbidden()).await) }
            }
            Err(refusal) => {
                let fingerprint = fingerprint(token);
                let subject = Subject::token(&fingerprint);
                let bearer = Bearer { token: Some(fingerprint), ..Bearer::default() };
                Err(self.reject(head, (tenant, now), subject, bearer, Refusal::Token(refusal)).await)
            }
        }
    }
}
