//! Passkey sign-in: the page and its form.

use axum::response::Response;
use outlive_clock::Instant;
use outlive_rules::{Aadsts, aadsts};
use outlive_store::Change;

use super::ceremony::{Answer, RelyingParty};
use super::challenge::{Challenge, Reason, record_challenge};
use super::phone_request::{self, Heard, PhoneRequest};
use super::stored::{self, Passkey};
use crate::directory::{Tenant, User, shortened_name};
use crate::protocol::refusal::Refusal;
use crate::sign_in::pages::{self, AskPasskey, AskPhone, Next, PageState, PasskeyPending};
use crate::visit::Visit;

/// The authentication methods of a passkey sign-in: the key, and user verification as MFA.
const AMR: [&str; 2] = ["fido", outlive_rules::second_factor::AMR];

/// `POST /{tenant}/passkey`: `credential`, with the form's `ctx` and `canary`; or `cancel`.
pub(crate) async fn passkey(visit: Visit) -> Response {
    let result = visit.try_passkey().await;
    visit.page(result).await
}

pub(super) fn not_accepted(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(aadsts::PASSKEY_NOT_ACCEPTED).with("reason", why)
}

impl Visit {
    /// Shows the passkey page for the passkeys of the named user, or for discoverable credentials.
    pub(crate) async fn ask_passkey(
        &self,
        tenant: &Tenant,
        next: Next,
        user_name: &str,
        persistent: bool,
        now: Instant,
    ) -> Result<Response, Refusal> {
        let Some(here) = RelyingParty::of_origin(&self.origin.0) else {
            let refusal = not_accepted("passkeys require a host name, not an IPv6 address");
            return self.sign_in_again(next, user_name, &refusal).await;
        };
        let chassis = &self.idp.chassis;
        let user = match user_name {
            "" => None,
            name => self.idp.directory.user_by_upn(tenant.id, name).await?,
        };
        let known = match user {
            Some(user) => stored::of_user(&chassis.store, tenant.id, user.id).await?,
            None => Vec::new(),
        };
        let challenge =
            Challenge::generate(&mut chassis.random.of(tenant.id).stream("passkey-challenge"), now);
        let options = here.request_options(&challenge, &known).to_string();
        let pending = PasskeyPending {
            next: Box::new(next),
            challenge,
            user_name: shortened_name(user_name),
            persistent,
        };
        let state = PageState::new(&self.segment, Next::Passkey(pending), None);
        Ok(pages::form_page(self, state, "passkey", |form| AskPasskey { form, user_name, options: &options }))
    }

    /// Returns the response to a challenge: of the browser, or of the phone if that was asked.
    pub(super) async fn passkey_response(
        &self,
        tenant: &Tenant,
        challenge: &Challenge,
    ) -> Result<Result<Heard, Reason>, Refusal> {
        if self.parameters.get("phone").is_some() {
            return Ok(phone_request::hear(&self.idp.chassis.store, tenant.id, challenge).await?);
        }
        Ok(Ok(Heard::Response(self.parameters.get("credential").unwrap_or_default().to_owned())))
    }

    /// Shows the page that waits for the phone. It is asked once.
    async fn ask_phone(
        &self,
        tenant: &Tenant,
        pending: PasskeyPending,
        now: Instant,
    ) -> Result<Response, Refusal> {
        let Some(here) = RelyingParty::of_origin(&self.origin.0) else {
            let refusal = not_accepted("passkeys require a host name, not an IPv6 address");
            return self.sign_in_again(*pending.next, &pending.user_name, &refusal).await;
        };
        if let Err(why) = pending.challenge.bytes(now) {
            return self.sign_in_again(*pending.next, &pending.user_name, &not_accepted(&why)).await;
        }
        let user_name = pending.user_name.trim().to_owned();
        let user = match user_name.as_str() {
            "" => None,
            name => self.idp.directory.user_by_upn(tenant.id, name).await?,
        };
        let known = match user {
            Some(user) => stored::of_user(&self.idp.chassis.store, tenant.id, user.id).await?,
            None => Vec::new(),
        };
        let request = PhoneRequest {
            challenge: pending.challenge.text().to_owned(),
            user_name,
            purpose: "Sign in".to_owned(),
            origin: self.origin.0.to_string(),
            options: here.request_options(&pending.challenge, &known).to_string(),
            asked: pending.challenge.since(),
            number: pending.challenge.number(),
        };
        if let Err(refusal) = self.store_phone_request(tenant, &request).await? {
            return self.sign_in_again(*pending.next, &pending.user_name, &refusal).await;
        }
        let state = PageState::new(&self.segment, Next::Passkey(pending), None);
        Ok(self.wait_for_phone(&request, state, ("passkey", None)))
    }

    /// Stores a request, once. The inner error is shown to the user.
    pub(super) async fn store_phone_request(
        &self,
        tenant: &Tenant,
        request: &PhoneRequest,
    ) -> Result<Result<(), Refusal>, Refusal> {
        let store = &self.idp.chassis.store;
        store.commit(request.store(tenant.id)).await?;
        if phone_request::is_stored(store, tenant.id, &request.challenge).await? {
            return Ok(Ok(()));
        }
        let why = "too many pages wait for phones already; respond on a phone, or try again in five minutes";
        Ok(Err(not_accepted(why)))
    }

    /// Shows the number of a request.
    pub(super) fn wait_for_phone(
        &self,
        request: &PhoneRequest,
        state: PageState,
        (path, name): (&str, Option<&str>),
    ) -> Response {
        pages::form_page(self, state, path, |form| AskPhone {
            form,
            user_name: &request.user_name,
            number: request.number,
            has_waited: self.parameters.get("phone") == Some("continue"),
            name,
        })
    }

    /// Takes the request of a page that is left from the phone.
    pub(super) async fn leave_phone(&self, tenant: &Tenant, challenge: &Challenge) -> Result<(), Refusal> {
        Ok(self.idp.chassis.store.commit(phone_request::forget(tenant.id, challenge)).await?)
    }

    async fn try_passkey(&self) -> Result<Response, Refusal> {
        let state = PageState::of_form(self)?;
        let Next::Passkey(pending) = state.next else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
        let next = *pending.next.clone();
        let tenant = self.tenant_of(&next).await?;
        if self.parameters.get("cancel").is_some() {
            self.leave_phone(&tenant, &pending.challenge).await?;
            return Ok(self.sign_in_otherwise(next, &pending.user_name).await);
        }
        let now = self.idp.now(tenant.id).await?;
        let response = match self.passkey_response(&tenant, &pending.challenge).await? {
            Ok(Heard::Response(response)) => Ok(response),
            Ok(Heard::Nothing) => return self.ask_phone(&tenant, pending, now).await,
            Err(why) => Err(why),
        };
        let (user, refusal) = match self.check_passkey(&tenant, &pending, response, now).await? {
            Ok((user, change)) => {
                let amr = AMR.map(str::to_owned).to_vec();
                let about = user.clone();
                match self.start_session(change, &tenant, user, amr, pending.persistent, now).await {
                    Ok(signed_in) => return Ok(self.go_on(next, signed_in).await),
                    Err(error) if error.is_conflict() => {
                        (Some(about), not_accepted("the challenge was used before"))
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            Err(refused) => refused,
        };
        self.record_sign_in_refusal(&tenant, user.as_ref(), &pending.user_name, &refusal, now).await?;
        self.sign_in_again(next, &pending.user_name, &refusal).await
    }

    /// Verifies the response and returns the user with the statement that records the use, or else
    /// the refusal and the user, if known. The account status is checked last. A lockout after
    /// failed passwords does not apply, since a passkey cannot be guessed.
    async fn check_passkey(
        &self,
        tenant: &Tenant,
        pending: &PasskeyPending,
        response: Result<String, Reason>,
        now: Instant,
    ) -> Result<Result<(User, Change), (Option<User>, Refusal)>, Refusal> {
        let unknown = |code: Aadsts| Ok(Err((None, Refusal::new(code))));
        let answer = match response.and_then(|response| Answer::read(&response)) {
            Ok(answer) => answer,
            Err(why) => return Ok(Err((None, not_accepted(why)))),
        };
        let store = &self.idp.chassis.store;
        let Some(passkey) = stored::find(store, tenant.id, answer.credential()).await? else {
            return unknown(aadsts::PASSKEY_NOT_FOUND);
        };
        let Some(user) = self.idp.directory.user(tenant.id, passkey.user_id).await? else {
            return unknown(aadsts::PASSKEY_NOT_FOUND);
        };
        let counter = match self.signed_by(&passkey, &user, pending, answer, now) {
            Ok(counter) => counter,
            Err(why) => return Ok(Err((Some(user), not_accepted(why)))),
        };
        if user.deleted_at.is_some() {
            return Ok(Err((Some(user), Refusal::new(aadsts::USER_NOT_FOUND))));
        }
        if !user.enabled {
            return Ok(Err((Some(user), Refusal::new(aadsts::USER_DISABLED))));
        }
        let mut change = Change::from(passkey.record_use(tenant.id, counter, now));
        change.append(record_challenge(tenant.id, &pending.challenge, now));
        Ok(Ok((user, change)))
    }

    fn signed_by(
        &self,
        passkey: &Passkey,
        user: &User,
        pending: &PasskeyPending,
        answer: Answer<super::ceremony::Assertion>,
        now: Instant,
    ) -> Result<u32, Reason> {
        let named = pending.user_name.trim();
        if !named.is_empty() && named.to_lowercase() != user.upn.to_lowercase() {
            return Err("it belongs to another user".to_owned());
        }
        if named.is_empty() && !answer.names_user() {
            return Err("the response contains no user handle".to_owned());
        }
        let here = RelyingParty::of_origin(&self.origin.0);
        let here = here.filter(|here| here.id == passkey.rp_id);
        let here = here.ok_or_else(|| "it was created for another host name".to_owned())?;
        here.verify_assertion(&pending.challenge, passkey, answer, now)
    }

    /// Shows the sign-in page again, without an error.
    async fn sign_in_otherwise(&self, next: Next, user_name: &str) -> Response {
        match next {
            Next::Authorize { version, parameters, consented } => {
                self.authorize(version, parameters, consented, None).await
            }
            next => {
                let state = PageState::new(&self.segment, next, None);
                pages::sign_in(self, state, "your account", user_name, None)
            }
        }
    }
}
