//! Authorization of requests.

use outlive_chassis::{ClockError, record_client};
use outlive_clock::{Instant, TenantId};
use outlive_tokens::{BearerExpectations, BearerRefusal, bearer_token, fingerprint, peek_tenant};
use outlive_wire::Subject;

use crate::api::Api;
use crate::api_keys;
use crate::audiences::Audiences;
use crate::caller::Caller;
use crate::evaluation::{ClaimsChallenge, find_cut_off};
use crate::principal::Principal;
use crate::refusal::{CertificateRefusal, KeyRefusal, PasswordRefusal, Refusal};
use crate::rejection::{Bearer, Rejection, RequestHead};
use crate::scheme::Scheme;
use crate::{Permission, api_certificates, domains, password};

impl Api {
    /// Authorizes a request whose credential has the `needed` permission, or responds to it. A
    /// refusal is recorded in the tenant's journal before the response; without a known tenant
    /// there is no journal.
    pub(crate) async fn admit<'a>(
        &'a self,
        head: RequestHead<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let caller = match head.scheme() {
            Scheme::Bearer => self.admit_token(head, needed).await?,
            Scheme::Basic => self.admit_password(head, needed).await?,
            Scheme::ApiKey => self.admit_key(head, needed).await?,
            Scheme::Certificate => self.admit_certificate(head, needed).await?,
        };
        caller.check_permission().await
    }

    /// Checks, in this order: token present, tenant known, token valid, token not revoked.
    async fn admit_token<'a>(
        &'a self,
        head: RequestHead<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let nowhere = |refusal: Refusal| self.rejection(None, refusal);
        let token = bearer_token(head.headers).map_err(|refusal| nowhere(Refusal::Token(refusal)))?;
        let tenant = peek_tenant(token).ok_or_else(|| nowhere(Refusal::Token(BearerRefusal::Malformed)))?;
        let now = self.now(tenant).await?;
        let audiences = self.audiences.of(tenant).await.map_err(|error| nowhere(error.into()))?;
        let expected = BearerExpectations { tenant, audiences: &audiences, now };
        match self.verifier.verify(&expected, token, head.trace).await {
            Ok(claims) => {
                record_client(claims.appid);
                let ended = find_cut_off(&self.chassis.store, tenant, &claims).await;
                let principal =
                    Principal::Token { claims: Box::new(claims), fingerprint: fingerprint(token) };
                let caller = Caller::new(self, head, principal, now, needed);
                match ended {
                    Ok(None) => Ok(caller),
                    Ok(Some(ended)) => {
                        let (uri, client) =
                            (self.common_authorization_uri(), Audiences::client_id(&audiences));
                        let challenge = ClaimsChallenge::new(now, ended, uri, client, head.trace);
                        Err(caller.refuse(Refusal::Ended(challenge)).await)
                    }
                    Err(error) => Err(nowhere(error.into())),
                }
            }
            Err(refusal) => {
                let fingerprint = fingerprint(token);
                let subject = Subject::token(&fingerprint);
                let bearer = Bearer { token: Some(fingerprint), ..Bearer::default() };
                Err(self.reject(head, (tenant, now), subject, bearer, Refusal::Token(refusal)).await)
            }
        }
    }

    /// Checks, in this order: user name and password present, domain known, accepted by the
    /// directory at this moment.
    async fn admit_password<'a>(
        &'a self,
        head: RequestHead<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let nowhere = |refusal: Refusal| self.rejection(None, refusal);
        let credentials =
            password::presented(head.headers).map_err(|refusal| nowhere(Refusal::Password(refusal)))?;
        let tenant = domains::find_tenant(&self.chassis.store, &credentials.user_name)
            .await
            .map_err(|error| nowhere(error.into()))?
            .ok_or_else(|| nowhere(Refusal::Password(PasswordRefusal::UnknownDomain)))?;
        let now = self.now(tenant).await?;
        let audiences = self.audiences.of(tenant).await.map_err(|error| nowhere(error.into()))?;
        let client = Audiences::client_id(&audiences);
        match password::check(self, tenant, &client, &credentials, head.trace).await {
            Ok(id) => {
                let client = client.parse().ok();
                if let Some(client) = client {
                    record_client(client);
                }
                Ok(Caller::new(self, head, Principal::User { tenant, id, client }, now, needed))
            }
            Err(refusal) => {
                let subject = Subject::tenant(tenant);
                let bearer = Bearer { client: client.parse().ok(), ..Bearer::default() };
                Err(self.reject(head, (tenant, now), subject, bearer, Refusal::Password(refusal)).await)
            }
        }
    }

    /// Checks, in this order: one key present, key known.
    async fn admit_key<'a>(
        &'a self,
        head: RequestHead<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let nowhere = |refusal: Refusal| self.rejection(None, refusal);
        let key = api_keys::presented(head.headers, head.uri.query())
            .map_err(|refusal| nowhere(Refusal::Key(refusal)))?;
        let found = api_keys::find(&self.chassis.store, &key).await.map_err(|error| nowhere(error.into()))?;
        let api_keys::Found { tenant, name } =
            found.ok_or_else(|| nowhere(Refusal::Key(KeyRefusal::Unknown)))?;
        let now = self.now(tenant).await?;
        Ok(Caller::new(self, head, Principal::Key { tenant, name }, now, needed))
    }

    /// Checks, in this order: certificate in the handshake, certificate registered, and valid by
    /// the tenant's clock.
    async fn admit_certificate<'a>(
        &'a self,
        head: RequestHead<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let nowhere = |refusal: Refusal| self.rejection(None, refusal);
        let presented =
            head.certificate.ok_or_else(|| nowhere(Refusal::Certificate(CertificateRefusal::Missing)))?;
        let found = api_certificates::find(&self.chassis.store, presented).await;
        let found = found
            .map_err(|error| nowhere(error.into()))?
            .ok_or_else(|| nowhere(Refusal::Certificate(CertificateRefusal::Unknown)))?;
        let now = self.now(found.tenant).await?;
        let checked = found.check(now);
        let principal = Principal::Certificate { tenant: found.tenant, name: found.name };
        let caller = Caller::new(self, head, principal, now, needed);
        match checked {
            Ok(()) => Ok(caller),
            Err(refusal) => Err(caller.refuse(Refusal::Certificate(refusal)).await),
        }
    }

    /// The tenant's time.
    async fn now(&self, tenant: TenantId) -> Result<Instant, Rejection> {
        self.chassis.clocks.now(tenant).await.map_err(|error| {
            let refusal = match error {
                ClockError::UnknownTenant(tenant) => Refusal::UnknownTenant(tenant),
                ClockError::Store(error) => error.into(),
            };
            self.rejection(None, refusal)
        })
    }
}
