//! The user's decision: `POST /{tenant}/deviceauth`.

use axum::response::Response;
use http::StatusCode;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_store::Change;
use outlive_wire::events::{DeviceCodeApproved, DeviceCodeDeclined, IssuedCode};
use outlive_wire::{JournalEvent, Subject};
use uuid::Uuid;

use super::page::over;
use crate::directory::sessions::Session;
use crate::directory::{Application, Tenant, User};
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::SignedIn;
use crate::sign_in::pages::{self, Next, PageState};
use crate::token::device_code::{Approval, DeviceCode, find};
use crate::visit::Visit;

/// `consent=accept` or another value, with `ctx` and `canary` of the form.
pub(crate) async fn answer_device(visit: Visit) -> Response {
    let result = visit.take_device_answer().await;
    visit.page(result).await
}

impl Visit {
    async fn take_device_answer(&self) -> Result<Response, Refusal> {
        let state = PageState::of_form(self)?;
        let Next::Device { id, .. } = &state.next else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
        let tenant = self.idp.tenant(&self.segment, None).await?;
        let now = self.idp.now(tenant.id).await?;
        let code = self.open_device_code(&tenant, *id, now).await?;
        let (session, user) = self.submitter(tenant.id, &state).await?;
        if !session.signs_in(&user, &tenant.rules, now) {
            return self.ask_for_device(&code, now, None).await;
        }
        let client = self.idp.directory.application(tenant.id, code.client_id).await?;
        let client = client.ok_or_else(|| Refusal::new(aadsts::USER_CODE_WRONG))?;
        let accepted = self.parameters.get("consent") == Some("accept");
        self.record_answer(&code, &client, accepted, &user, &session, now).await?;
        let (title, text) = if accepted {
            ("The device is signed in", "You may close this page and continue on the device.")
        } else {
            ("The device is not signed in", "You declined the sign-in. You may close this page.")
        };
        Ok(pages::message(StatusCode::OK, title, text))
    }

    /// Continues with a device code after the user has signed in.
    pub(crate) async fn go_on_with_device(&self, id: Uuid, signed_in: SignedIn) -> Result<Response, Refusal> {
        let tenant = self.idp.tenant(&self.segment, None).await?;
        let now = self.idp.now(tenant.id).await?;
        let code = self.open_device_code(&tenant, id, now).await?;
        self.ask_for_device(&code, now, Some(signed_in)).await
    }

    async fn open_device_code(&self, tenant: &Tenant, id: Uuid, now: Instant) -> Result<DeviceCode, Refusal> {
        let code = find(&self.idp.chassis.store, tenant.id, id).await?;
        let code = code.ok_or_else(|| Refusal::new(aadsts::USER_CODE_WRONG))?;
        match over(&code, now) {
            Some(error) => Err(Refusal::new(error)),
            None => Ok(code),
        }
    }

    async fn record_answer(
        &self,
        code: &DeviceCode,
        client: &Application,
        accepted: bool,
        user: &User,
        session: &Session,
        now: Instant,
    ) -> Result<(), Refusal> {
        let approval = accepted.then(|| Approval {
            user_id: user.id,
            session_id: session.id,
            amr: session.amr.clone(),
            auth_time: session.started_at,
        });
        let mut change = Change::from(code.record_answer(approval.as_ref(), now));
        change.add(session.record_use(code.tenant, now));
        let (client_id, client_name, upn) = (client.client_id, client.name.clone(), user.upn.clone());
        let (session, amr) = (session.id, session.amr.clone());
        let device_code = IssuedCode { id: code.id, fingerprint: None };
        let answered: JournalEvent = if accepted {
            DeviceCodeApproved { client_id, client_name, upn, session, amr, device_code }.into()
        } else {
            DeviceCodeDeclined { client_id, client_name, upn, session, amr, device_code }.into()
        };
        let event = Event::new(code.tenant, now, Subject::user(user.id), &self.trace, answered);
        change.append(self.idp.chassis.journal.entry(&event));
        let consents =
            if accepted { self.missing_on_device(code, client, user.id).await? } else { Vec::new() };
        match self.record_consents(client, user, false, &consents, &change, now).await {
            // Another request decided this code.
            Err(error) if error.is_conflict() => Err(Refusal::new(aadsts::USER_CODE_WRONG)),
            result => Ok(result?),
        }
    }
}
