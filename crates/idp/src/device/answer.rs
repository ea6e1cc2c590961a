//! The person's answer: `POST /{tenant}/deviceauth`.

use axum::response::Response;
use http::StatusCode;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_store::Change;
use serde_json::json;
use uuid::Uuid;

use super::code::{Approval, DeviceCode, find};
use super::page::over;
use super::permissions::lacking;
use crate::authorize::SignedIn;
use crate::directory::{Application, Tenant, User, consented_with, grant_scopes};
use crate::pages::{self, Next, PageState};
use crate::refusal::Refusal;
use crate::sessions::Session;
use crate::visit::Visit;

/// `consent=accept` or anything else, with the form's own `ctx` and `canary`.
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
        // Only the person to whom the page was shown can answer it, and only while they are signed in.
        let found = self.session_of(tenant.id, state.user).await?;
        let Some((session, Some(user))) = found.filter(|(session, _)| Some(session.user_id) == state.user)
        else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
        if !session.signs_in(&user, &tenant.rules, now) {
            return self.ask_for_device(&code, now, None).await;
        }
        let client = self.idp.directory.application(tenant.id, code.client_id).await?;
        let client = client.ok_or_else(|| Refusal::new(aadsts::USER_CODE_WRONG))?;
        let accepted = self.parameters.get("consent") == Some("accept");
        self.record_answer(&code, &client, accepted, &user, &session, now).await?;
        let (title, text) = if accepted {
            ("The device is signed in", "You may close this page and go on at the device.")
        } else {
            ("The device is not signed in", "You said no. You may close this page.")
        };
        Ok(pages::message(StatusCode::OK, title, text))
    }

    /// Goes on with a device after the person has signed in.
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
        let subject = format!("user:{}", user.id);
        let about = json!({
            "upn": user.upn, "client_id": client.client_id, "client_name": client.name, "device_code": {"id": code.id},
            "session": session.id, "amr": session.amr,
        });
        let kind = if accepted { "device_code.approved" } else { "device_code.declined" };
        let line = Event::new(code.tenant, now, kind, subject.clone(), &self.trace).with(about);
        change.append(self.idp.chassis.journal.entry(&line));
        if accepted {
            for lacking in lacking(&self.idp, code, client, user.id).await? {
                let resource = lacking.resource.application.client_id;
                let all = consented_with(resource, &lacking.granted, &lacking.scopes);
                let principal = user.id.to_string();
                for statement in grant_scopes(code.tenant, client.client_id, resource, &principal, &all) {
                    change.add(statement);
                }
                let line = Event::new(code.tenant, now, "consent.granted", subject.clone(), &self.trace)
                    .with(json!({
                        "upn": user.upn,
                        "client_id": client.client_id,
                        "client_name": client.name,
                        "resource": lacking.resource.audience(),
                        "scope": lacking.scopes.iter().cloned().collect::<Vec<_>>().join(" "),
                    }));
                change.append(self.idp.chassis.journal.entry(&line));
            }
        }
        match self.idp.directory.commit(code.tenant, change).await {
            // Somebody answered it at the same moment.
            Err(error) if error.is_conflict() => Err(Refusal::new(aadsts::USER_CODE_WRONG)),
            other => Ok(other?),
        }
    }
}
