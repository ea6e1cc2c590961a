//! The page on which users register, name and remove passkeys.

use axum::response::Response;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_store::Change;
use outlive_tokens::fingerprint;
use outlive_wire::events::{PasskeyRefused, PasskeyRegistered, PasskeyRemoved};
use outlive_wire::{JournalEvent, Subject};

use super::ceremony::{Answer, RelyingParty};
use super::challenge::{Challenge, Reason, record_challenge};
use super::phone_request::{Heard, PhoneRequest};
use super::sign_in::not_accepted;
use super::stored::{self, Passkey};
use crate::access::second_factor;
use crate::directory::sessions::Session;
use crate::directory::{Tenant, User};
use crate::protocol::refusal::Refusal;
use crate::sign_in::pages::{self, Next, PageState, Wrong};
use crate::visit::Visit;

/// The maximum number of passkeys per user ("Enable passkeys (FIDO2) for your organization": ten).
const PASSKEYS_MAX: usize = 10;
/// The maximum length of a name, in characters.
const NAME_CHARS_MAX: usize = 30;

/// `GET /{tenant}/security-info`.
pub(crate) async fn security_info_page(visit: Visit) -> Response {
    let result = visit.show_security_info().await;
    visit.page(result).await
}

/// `POST /{tenant}/security-info`: `credential` and `name` of a new passkey, or `remove` with the
/// id of one, with `ctx` and `canary` of the form.
pub(crate) async fn change_security_info(visit: Visit) -> Response {
    let result = visit.try_change_security_info().await;
    visit.page(result).await
}

impl Visit {
    async fn show_security_info(&self) -> Result<Response, Refusal> {
        let tenant = self.idp.tenant(&self.segment, None).await?;
        let now = self.idp.now(tenant.id).await?;
        match self.signed_in_at(&tenant, now).await? {
            Some((session, user)) => self.security_info_for(&tenant, &user, &session, now).await,
            None => {
                let state = PageState::new(&self.segment, Next::SecurityInfo, None);
                Ok(pages::sign_in(self, state, "your security info", "", None))
            }
        }
    }

    async fn signed_in_at(&self, tenant: &Tenant, now: Instant) -> Result<Option<(Session, User)>, Refusal> {
        let Some((session, Some(user))) = self.session_of(tenant.id, None).await? else { return Ok(None) };
        Ok(session.signs_in(&user, &tenant.rules, now).then_some((session, user)))
    }

    /// Returns the page for a user who has just signed in.
    pub(crate) async fn go_on_to_security_info(
        &self,
        user: &User,
        session: &Session,
    ) -> Result<Response, Refusal> {
        let tenant = self.idp.tenant(&self.segment, None).await?;
        let now = self.idp.now(tenant.id).await?;
        self.security_info_for(&tenant, user, session, now).await
    }

    async fn security_info_for(
        &self,
        tenant: &Tenant,
        user: &User,
        session: &Session,
        now: Instant,
    ) -> Result<Response, Refusal> {
        if lacks_second_factor(tenant, user, session) {
            return Ok(self.step_up(&self.segment, user, session, Next::SecurityInfo, now));
        }
        SecurityInfo { visit: self, tenant, user, now }.page(None).await
    }

    async fn try_change_security_info(&self) -> Result<Response, Refusal> {
        let state = PageState::of_form(self)?;
        let Next::NewPasskey(challenge) = state.next else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
        let tenant = self.idp.tenant(&self.segment, None).await?;
        let now = self.idp.now(tenant.id).await?;
        // Only for a user who is still signed in and meets all requirements.
        let signed_in = self.signed_in_at(&tenant, now).await?;
        let signed_in = signed_in.filter(|(session, user)| {
            state.user == Some(user.id) && !lacks_second_factor(&tenant, user, session)
        });
        let Some((_, user)) = signed_in else { return self.show_security_info().await };
        let info = SecurityInfo { visit: self, tenant: &tenant, user: &user, now };
        if self.parameters.get("cancel").is_some() {
            self.leave_phone(&tenant, &challenge).await?;
            return info.page(None).await;
        }
        let done = match self.parameters.get("remove") {
            Some(credential) => info.remove(credential).await?,
            None => match self.passkey_response(&tenant, &challenge).await? {
                Ok(Heard::Nothing) => return info.ask_phone(challenge).await,
                Ok(Heard::Response(response)) => info.register(&challenge, Ok(response)).await?,
                Err(why) => info.register(&challenge, Err(why)).await?,
            },
        };
        info.page(done.err().map(|refusal| Wrong::of(&refusal))).await
    }
}

/// The passkeys of a user who is signed in.
struct SecurityInfo<'a> {
    visit: &'a Visit,
    tenant: &'a Tenant,
    user: &'a User,
    now: Instant,
}

/// The inner error is shown on the page.
type Done<T = ()> = Result<Result<T, Refusal>, Refusal>;

impl SecurityInfo<'_> {
    async fn page(&self, wrong: Option<Wrong>) -> Result<Response, Refusal> {
        let (chassis, user) = (&self.visit.idp.chassis, self.user);
        let known = stored::of_user(&chassis.store, self.tenant.id, user.id).await?;
        let stream = &mut chassis.random.of(self.tenant.id).stream("passkey-challenge");
        let challenge = Challenge::generate(stream, self.now);
        let options = RelyingParty::of_origin(&self.visit.origin.0).map(|here| {
            here.creation_options(&challenge, user.id, &user.upn, &user.display_name, &known).to_string()
        });
        let state = PageState::new(&self.visit.segment, Next::NewPasskey(challenge), Some(user.id));
        Ok(pages::form_page(self.visit, state, "security-info", |form| pages::SecurityInfo {
            form,
            user_name: &user.upn,
            passkeys: &known,
            options: options.as_deref(),
            wrong,
        }))
    }

    /// Shows the page that waits for the phone, which creates the passkey.
    async fn ask_phone(&self, challenge: Challenge) -> Result<Response, Refusal> {
        let Self { visit, tenant, user, now } = *self;
        let Some(here) = RelyingParty::of_origin(&visit.origin.0) else { return self.page(None).await };
        if let Err(why) = challenge.bytes(now) {
            return self.page(Some(Wrong::of(&not_accepted(&why)))).await;
        }
        let known = stored::of_user(&visit.idp.chassis.store, tenant.id, user.id).await?;
        let options = here.creation_options(&challenge, user.id, &user.upn, &user.display_name, &known);
        let request = PhoneRequest {
            challenge: challenge.text().to_owned(),
            user_name: user.upn.clone(),
            purpose: "Add a passkey".to_owned(),
            origin: visit.origin.0.to_string(),
            options: options.to_string(),
            asked: challenge.since(),
            number: challenge.number(),
        };
        if let Err(refusal) = visit.store_phone_request(tenant, &request).await? {
            return self.page(Some(Wrong::of(&refusal))).await;
        }
        let state = PageState::new(&visit.segment, Next::NewPasskey(challenge), Some(user.id));
        let name = visit.parameters.get("name").unwrap_or("Phone");
        Ok(visit.wait_for_phone(&request, state, ("security-info", Some(name))))
    }

    async fn register(&self, challenge: &Challenge, response: Result<String, Reason>) -> Done {
        let passkey = match self.new_passkey(challenge, response).await? {
            Ok(passkey) => passkey,
            Err(refusal) => return self.refuse(refusal).await,
        };
        let event = PasskeyRegistered {
            upn: self.user.upn.clone(),
            passkey: fingerprint(&passkey.credential),
            name: passkey.name.clone(),
            rp_id: passkey.rp_id.clone(),
        };
        let mut change = Change::from(passkey.insert(self.tenant.id));
        change.append(record_challenge(self.tenant.id, challenge, self.now));
        if self.commit(change, event).await? {
            Ok(Ok(()))
        } else {
            self.refuse(not_accepted("it is registered already")).await
        }
    }

    async fn new_passkey(&self, challenge: &Challenge, response: Result<String, Reason>) -> Done<Passkey> {
        let Self { visit, tenant, user, now } = *self;
        if stored::of_user(&visit.idp.chassis.store, tenant.id, user.id).await?.len() >= PASSKEYS_MAX {
            return Ok(Err(not_accepted("a user can have ten of them, not more")));
        }
        let Some(here) = RelyingParty::of_origin(&visit.origin.0) else {
            return Ok(Err(not_accepted("a passkey requires a host name instead of an IP address")));
        };
        let made = response
            .and_then(|response| Answer::read(&response))
            .and_then(|answer| here.verify_registration(challenge, user.id, answer, now));
        let name = visit.parameters.get("name").unwrap_or("Passkey").trim();
        if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
            return Ok(Err(not_accepted("its name has at most 30 characters, on one line")));
        }
        Ok(made.map_err(not_accepted).map(|made| Passkey {
            credential: made.credential,
            user_id: user.id,
            rp_id: here.id,
            name: name.to_owned(),
            public_key: made.public_key,
            aaguid: made.aaguid,
            counter: made.counter,
            created_at: now,
            used_at: None,
        }))
    }

    async fn refuse(&self, refusal: Refusal) -> Done {
        let refused = PasskeyRefused {
            upn: self.user.upn.clone(),
            code: refusal.error,
            description: refusal.error.render(&refusal.params),
        };
        self.visit.idp.chassis.journal.append(&self.event(refused)).await?;
        Ok(Err(refusal))
    }

    async fn remove(&self, credential: &str) -> Done {
        let unknown = || Ok(Err(Refusal::new(aadsts::PASSKEY_NOT_FOUND)));
        let passkey = stored::find(&self.visit.idp.chassis.store, self.tenant.id, credential).await?;
        let Some(passkey) = passkey.filter(|passkey| passkey.user_id == self.user.id) else {
            return unknown();
        };
        let removal = Change::from(passkey.delete(self.tenant.id));
        let event = PasskeyRemoved {
            upn: self.user.upn.clone(),
            passkey: fingerprint(&passkey.credential),
            name: passkey.name,
            rp_id: passkey.rp_id,
            actor: None,
        };
        if self.commit(removal, event).await? { Ok(Ok(())) } else { unknown() }
    }

    /// Commits a change with its event. Returns `false` if it conflicts with another.
    async fn commit(&self, mut change: Change, event: impl Into<JournalEvent>) -> Result<bool, Refusal> {
        change.append(self.visit.idp.chassis.journal.entry(&self.event(event)));
        match self.visit.idp.directory.commit(self.tenant.id, change).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn event(&self, event: impl Into<JournalEvent>) -> Event {
        Event::new(self.tenant.id, self.now, Subject::user(self.user.id), &self.visit.trace, event)
    }
}

/// Whether a new passkey would bypass MFA, since it satisfies MFA itself.
fn lacks_second_factor(tenant: &Tenant, user: &User, session: &Session) -> bool {
    let facts = second_factor::facts(tenant, user, None, &session.amr);
    facts.is_missing() || (facts.registered && !facts.done)
}
