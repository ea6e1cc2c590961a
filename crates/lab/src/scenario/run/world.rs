//! What a scenario knows while it is played: its tenant, who knows which password, what was kept under which name.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Randomness, Span, TenantId};
use serde_json::Value;

use super::lab_client::LabClient;
use crate::browser::{Authenticator, Browser};
use crate::http::Http;
use crate::maker::{Maker, Person, Places};
use crate::oauth_client::{OAuthClient, Tokens};
use crate::scenario::template::{self, TemplateError};
use crate::tenants::{Handout, HandoutApplication};

/// A step could not be carried out.
pub(super) struct StepError(pub(super) String);

impl<E: std::error::Error> From<E> for StepError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Tokens kept under a name. No `Debug`: they are real.
pub(super) struct KeptTokens {
    pub(super) tokens: Tokens,
    pub(super) app: String,
    pub(super) scope: String,
    /// Whether the client said that it can meet a claims challenge.
    pub(super) can_be_challenged: bool,
    /// When they were issued, in virtual time.
    pub(super) issued: Instant,
}

impl KeptTokens {
    /// When the access token expires, in virtual time: its `exp`, or what `expires_in` came to when it was issued.
    pub(super) fn expires(&self) -> Instant {
        let payload = self.tokens.access_token.split('.').nth(1);
        let claims = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
        let claims = claims.and_then(|claims| serde_json::from_slice::<Value>(&claims).ok());
        let exp = claims.and_then(|claims| claims.get("exp").and_then(Value::as_i64));
        exp.map_or_else(
            || self.issued + Span::from_seconds(self.tokens.expires_in_s()),
            Instant::from_seconds,
        )
    }
}

/// A flow of the story.
#[derive(Clone)]
pub(super) struct StoryFlow {
    pub(super) id: String,
    pub(super) owner: String,
}

/// A connection of the story.
#[derive(Clone)]
pub(super) struct StoryConnection {
    pub(super) owner: String,
    pub(super) connector: String,
    /// The hub's id of it, as it stands in its runtime URL.
    pub(super) id: String,
}

/// Everything a scenario knows.
pub(super) struct World {
    pub(super) http: Http,
    pub(super) lab: LabClient,
    pub(super) handout: Handout,
    pub(super) random: Randomness,
    /// Virtual time at the beginning of the step, then wherever the step moved it.
    pub(super) now: Instant,
    pub(super) started: Instant,
    passwords: HashMap<String, (String, Option<String>)>,
    makers: HashMap<String, Maker>,
    /// People's passkeys, by role.
    pub(super) authenticators: HashMap<String, Authenticator>,
    /// The browsers of people's last sign-ins, by role.
    pub(super) browsers: HashMap<String, Browser>,
    pub(super) tokens: HashMap<String, KeptTokens>,
    pub(super) marks: HashMap<String, Instant>,
    pub(super) connections: HashMap<String, StoryConnection>,
    pub(super) flows: HashMap<String, StoryFlow>,
    /// Ids that Graph answered with, by the name they are kept under.
    pub(super) objects: HashMap<String, String>,
}

impl World {
    pub(super) fn new(
        http: Http,
        lab: LabClient,
        handout: Handout,
        random: Randomness,
        now: Instant,
    ) -> Self {
        let passwords =
            handout.users.iter().map(|user| (user.role.clone(), (user.password.clone(), None))).collect();
        Self {
            http,
            lab,
            handout,
            random,
            now,
            started: now,
            passwords,
            makers: HashMap::new(),
            authenticators: HashMap::new(),
            browsers: HashMap::new(),
            tokens: HashMap::new(),
            marks: HashMap::new(),
            connections: HashMap::new(),
            flows: HashMap::new(),
            objects: HashMap::new(),
        }
    }

    pub(super) fn tenant(&self) -> &str {
        &self.handout.tenant_id
    }

    fn tenant_id(&self) -> TenantId {
        self.handout.tenant_id.parse().unwrap_or_else(|_| TenantId::from_uuid(uuid::Uuid::nil()))
    }

    /// A person with the password they have now.
    pub(super) fn person(&self, role: &str) -> Result<Person, StepError> {
        let user =
            self.handout.user(role).ok_or_else(|| StepError(format!("the tenant has no user '{role}'")))?;
        Ok(Person { upn: user.upn.clone(), id: user.id.clone(), password: self.password(role, "current")? })
    }

    /// A password: the current one, the previous one, or the text itself.
    pub(super) fn password(&self, role: &str, which: &str) -> Result<String, StepError> {
        let known = self.passwords.get(role);
        let (current, previous) =
            known.ok_or_else(|| StepError(format!("the tenant has no user '{role}'")))?;
        match which {
            "current" => Ok(current.clone()),
            "previous" => {
                let message = || StepError(format!("the password of '{role}' was never changed"));
                previous.clone().ok_or_else(message)
            }
            text => Ok(text.to_owned()),
        }
    }

    /// A person has another password from now on.
    pub(super) fn learn_password(&mut self, role: &str, password: &str) {
        if let Some((current, previous)) = self.passwords.get_mut(role) {
            *previous = Some(std::mem::replace(current, password.to_owned()));
        }
        if let Some(maker) = self.makers.get_mut(role) {
            maker.knows_password(password);
        }
    }

    /// An application has another secret from now on.
    pub(super) fn learn_secret(&mut self, name: &str, secret: String) {
        if let Some(application) = self.handout.applications.iter_mut().find(|found| found.name == name) {
            application.secret = Some(secret);
        }
    }

    /// A person at the maker's portal.
    pub(super) fn maker(&mut self, role: &str) -> Result<&mut Maker, StepError> {
        if !self.makers.contains_key(role) {
            let places = Places {
                tenant: self.tenant_id(),
                idp: self.handout.urls.idp.clone(),
                hub: self.handout.urls.hub.clone(),
                flow: self.handout.urls.flow.clone(),
                portal: self.handout.maker_portal.clone(),
            };
            let maker = Maker::new(self.http.clone(), places, self.person(role)?, self.random.clone());
            self.makers.insert(role.to_owned(), maker);
        }
        let maker = self.makers.get_mut(role).ok_or_else(|| StepError("the portal is gone".to_owned()))?;
        maker.follow(&self.http);
        Ok(maker)
    }

    pub(super) fn application(&self, name: &str) -> Result<&HandoutApplication, StepError> {
        self.handout
            .application(name)
            .ok_or_else(|| StepError(format!("the tenant has no application '{name}'")))
    }

    /// An application of the tenant, as an OAuth client.
    pub(super) fn client(&self, name: &str) -> Result<OAuthClient, StepError> {
        let application = self.application(name)?;
        let redirect_uri = application.redirect_uris.first().cloned().unwrap_or_default();
        let is_spa = application.kind == crate::seed::ApplicationKind::Spa;
        let origin = url::Url::parse(&redirect_uri).ok().map(|url| url.origin().ascii_serialization());
        Ok(OAuthClient {
            idp: self.handout.urls.idp.clone(),
            tenant: self.tenant_id(),
            client_id: application.client_id.clone(),
            secret: application.secret.clone(),
            redirect_uri,
            origin: origin.filter(|_| is_spa),
            can_be_challenged: false,
        })
    }

    pub(super) fn kept(&self, name: &str) -> Result<&KeptTokens, StepError> {
        self.tokens.get(name).ok_or_else(|| StepError(format!("no tokens '{name}' were kept")))
    }

    pub(super) fn flow(&self, name: &str) -> Result<StoryFlow, StepError> {
        self.flows.get(name).cloned().ok_or_else(|| StepError(format!("there is no flow '{name}'")))
    }

    pub(super) fn connection(&self, name: &str) -> Result<StoryConnection, StepError> {
        self.connections
            .get(name)
            .cloned()
            .ok_or_else(|| StepError(format!("there is no connection '{name}'")))
    }

    /// The instant of a mark; the scenario's start without one.
    pub(super) fn since(&self, mark: Option<&str>) -> Result<Instant, StepError> {
        match mark {
            None => Ok(self.started - Span::from_micros(1)),
            Some(mark) => {
                self.marks.get(mark).copied().ok_or_else(|| StepError(format!("there is no mark '{mark}'")))
            }
        }
    }

    /// A text with its `${names}` filled in. Instants are written as the issuer's texts write them.
    pub(super) fn fill(&self, text: &str) -> Result<String, TemplateError> {
        template::fill(text, |name| self.value(name))
    }

    /// A JSON value with the names in its texts filled in.
    pub(super) fn fill_json(&self, value: &Value) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill_json(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), self.fill_json(field)?)))
                    .collect::<Result<_, TemplateError>>()?,
            ),
            other => other.clone(),
        })
    }

    fn value(&self, name: &str) -> Option<String> {
        let (kind, rest) = name.split_once('.')?;
        let entra = |instant: Instant| instant.strftime("%Y-%m-%dT%H:%M:%S.%7fZ");
        match kind {
            "mark" => self.marks.get(rest).copied().map(entra),
            "issued" => self.tokens.get(rest).map(|kept| entra(kept.issued)),
            "expires" => self.tokens.get(rest).map(|kept| entra(kept.expires())),
            "user" => {
                let (role, field) = rest.rsplit_once('.')?;
                let user = self.handout.user(role)?;
                Some(if field == "upn" { user.upn.clone() } else { user.id.clone() })
            }
            "app" => {
                self.handout.application(rest.strip_suffix(".client_id")?).map(|app| app.client_id.clone())
            }
            "connection" => self.connections.get(rest.strip_suffix(".id")?).map(|found| found.id.clone()),
            "flow" => self.flows.get(rest.strip_suffix(".id")?).map(|found| found.id.clone()),
            "object" => self.objects.get(rest.strip_suffix(".id")?).cloned(),
            "tenant" => Some(self.handout.tenant_id.clone()),
            _ => None,
        }
    }
}
