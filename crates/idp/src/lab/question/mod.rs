//! The question about one credential: `POST /_lab/tenants/{t}/question` with `{"of": TEXT}`. TEXT
//! is the credential itself (a refresh token, code, access token or session cookie) or a name of it
//! (id, `uti`, fingerprint). The response is the question that the rules would decide now: facts,
//! without secrets and without a verdict. The credential is neither stored nor recorded.

mod named;
mod pasted;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::{ClientId, UserId};
use outlive_rules::{Presented, Question, UserFacts};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::directory::{Tenant, User};
use crate::idp::Idp;

/// The maximum length of TEXT.
const TEXT_MAX: usize = 16_384;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    of: String,
}

/// A credential that was found.
struct Found {
    kind: &'static str,
    /// The name by which journal events refer to it.
    name: String,
    user: Option<UserId>,
    client: Option<ClientId>,
    /// The browser session that it comes from, or is.
    session: Option<String>,
    /// The family of the tokens that come from one grant.
    family: Option<String>,
    presented: Presented,
}

pub(crate) async fn ask(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    body: Result<Json<About>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let Json(About { of }) = body?;
    let text = of.trim();
    if text.is_empty() || text.len() > TEXT_MAX {
        return Err(Problem::bad_request("'of' is not a credential, nor the name of one."));
    }
    let asking = Asking { idp: &idp, tenant: &tenant };
    let found = match asking.find_by_text(text).await? {
        Some(found) => Some(found),
        None => asking.find_by_name(text).await?,
    };
    let found = found.ok_or_else(|| {
        Problem::not_found(
            "CredentialNotFound",
            "The identity provider issued no such credential in this tenant. Give the credential itself, or its id, uti or \
             fingerprint as the journal has it.",
        )
    })?;
    asking.answer(found).await
}

struct Asking<'a> {
    idp: &'a Idp,
    tenant: &'a Tenant,
}

impl Asking<'_> {
    async fn user(&self, id: UserId) -> Result<Option<User>, Problem> {
        Ok(self.idp.directory.user(self.tenant.id, id).await?)
    }

    async fn answer(&self, found: Found) -> Result<Json<Value>, Problem> {
        let Found { kind, name, user, client, session, family, presented } = found;
        let user = match user {
            Some(id) => self.user(id).await?,
            None => None,
        };
        let client = match client {
            Some(id) => self.idp.directory.application(self.tenant.id, id).await?,
            None => None,
        };
        let question = Question {
            presented,
            user: user.as_ref().map_or_else(UserFacts::unknown, User::facts),
            rules: self.tenant.rules.clone(),
            at: self.idp.chassis.clocks.now(self.tenant.id).await?,
        };
        Ok(Json(json!({
            "kind": kind,
            "name": name,
            "session": session,
            "family": family,
            "user": user.map(|user| json!({"id": user.id, "upn": user.upn})),
            "client": client.map(|client| json!({"client_id": client.client_id, "name": client.name})),
            "question": question,
        })))
    }
}
