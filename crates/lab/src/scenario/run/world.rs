//! The state of a scenario while it runs: its tenant, the passwords of its users, and what steps
//! have stored by name.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_wire::lab_api::{ApplicationCredentials, TenantCredentials};
use serde_json::Value;
use uuid::Uuid;

use super::created::Created;
use super::lab_client::LabClient;
use super::recorder::StepRecorder;
use crate::browser::{Authenticator, Browser};
use crate::http::Http;
use crate::maker::{Endpoints, Maker, UserAccount};
use crate::oauth_client::{OAuthClient, Tokens};
use crate::scenario::result::Check;
use crate::template::{self, TemplateError};

/// A step that could not be executed.
pub(in crate::scenario) struct StepError(pub(in crate::scenario) String);

impl<E: std::error::Error> From<E> for StepError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Tokens stored under a name. No `Debug`: they are credentials.
#[derive(Clone)]
pub(in crate::scenario) struct KeptTokens {
    pub(in crate::scenario) tokens: Tokens,
    pub(in crate::scenario) app: String,
    pub(in crate::scenario) scope: String,
    /// Whether the client declared that it handles claims challenges (`cp1`).
    pub(in crate::scenario) cae_capable: bool,
    /// When they were issued (virtual time).
    pub(in crate::scenario) issued: Instant,
}

impl KeptTokens {
    /// When the access token expires (virtual time): its `exp`, or `expires_in` after its issue.
    pub(in crate::scenario) fn expires(&self) -> Instant {
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

/// A flow that the scenario created.
#[derive(Clone)]
pub(in crate::scenario) struct ScenarioFlow {
    pub(in crate::scenario) id: String,
    pub(in crate::scenario) owner: String,
}

/// A certificate that the scenario created. No `Debug`: it contains a key.
#[derive(Clone)]
pub(in crate::scenario) struct ScenarioCertificate {
    /// The PKCS#12 file with key and certificate, base64.
    pub(in crate::scenario) pfx: String,
    pub(in crate::scenario) password: String,
    /// The certificate alone, base64.
    pub(in crate::scenario) key: String,
}

impl ScenarioCertificate {
    /// The certificate alone, PEM.
    pub(in crate::scenario) fn pem(&self) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", self.key)
    }
}

/// A connection that the scenario created.
#[derive(Clone)]
pub(in crate::scenario) struct ScenarioConnection {
    pub(in crate::scenario) owner: String,
    pub(in crate::scenario) connector: String,
    /// The hub's id of the connection, as in its runtime URL.
    pub(in crate::scenario) id: String,
}

/// The state of a scenario at a snapshot of its tenant.
pub(in crate::scenario) struct SavedState {
    /// The lab's id of the snapshot.
    pub(in crate::scenario) id: Uuid,
    pub(super) world: World,
    /// How many passkeys the users had, by role.
    pub(super) passkeys: HashMap<String, usize>,
}

/// The state of a scenario.
pub(in crate::scenario) struct World {
    pub(in crate::scenario) http: Http,
    pub(in crate::scenario) lab: LabClient,
    pub(in crate::scenario) credentials: TenantCredentials,
    pub(in crate::scenario) random: Randomness,
    /// The virtual time at the start of the step, updated when the step moves it.
    pub(in crate::scenario) now: Instant,
    pub(in crate::scenario) started: Instant,
    pub(super) passwords: HashMap<String, (String, Option<String>)>,
    pub(super) makers: HashMap<String, Maker>,
    /// The users' passkeys, by role.
    pub(in crate::scenario) authenticators: HashMap<String, Authenticator>,
    /// The browser of each user's last sign-in, by role.
    pub(in crate::scenario) browsers: HashMap<String, Browser>,
    pub(in crate::scenario) tokens: HashMap<String, KeptTokens>,
    pub(in crate::scenario) marks: HashMap<String, Instant>,
    pub(in crate::scenario) connections: HashMap<String, ScenarioConnection>,
    pub(in crate::scenario) certificates: HashMap<String, ScenarioCertificate>,
    pub(in crate::scenario) flows: HashMap<String, ScenarioFlow>,
    /// The faults that steps named, by name.
    pub(in crate::scenario) faults: HashMap<String, Uuid>,
    /// Object ids that Microsoft Graph returned, by the name they are stored under.
    pub(in crate::scenario) objects: HashMap<String, String>,
    /// What else steps created.
    pub(in crate::scenario) created: Created,
    /// The values that steps captured, by name.
    pub(in crate::scenario) captured: HashMap<String, String>,
    /// The state at each snapshot that a step took, by its name.
    pub(in crate::scenario) snapshots: HashMap<String, SavedState>,
}

impl World {
    pub(in crate::scenario) fn new(
        http: Http,
        lab: LabClient,
        credentials: TenantCredentials,
        random: Randomness,
        now: Instant,
    ) -> Self {
        let passwords =
            credentials.users.iter().map(|user| (user.role.clone(), (user.password.clone(), None))).collect();
        Self {
            http,
            lab,
            credentials,
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
            certificates: HashMap::new(),
            flows: HashMap::new(),
            faults: HashMap::new(),
            objects: HashMap::new(),
            created: Created::default(),
            captured: HashMap::new(),
            snapshots: HashMap::new(),
        }
    }

    pub(in crate::scenario) const fn tenant(&self) -> TenantId {
        self.credentials.tenant_id
    }

    /// Returns a user with the current password.
    pub(in crate::scenario) fn user(&self, role: &str) -> Result<UserAccount, StepError> {
        let user = self
            .credentials
            .user(role)
            .ok_or_else(|| StepError(format!("the tenant has no user '{role}'")))?;
        Ok(UserAccount {
            upn: user.upn.clone(),
            id: user.id.clone(),
            password: self.password(role, "current")?,
        })
    }

    /// Returns the current or the previous password of a user; any other text is a password itself.
    pub(in crate::scenario) fn password(&self, role: &str, which: &str) -> Result<String, StepError> {
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

    /// Records the new password of a user.
    pub(in crate::scenario) fn update_password(&mut self, role: &str, password: &str) {
        if let Some((current, previous)) = self.passwords.get_mut(role) {
            *previous = Some(std::mem::replace(current, password.to_owned()));
        }
        if let Some(maker) = self.makers.get_mut(role) {
            maker.set_password(password);
        }
    }

    /// Records the new secret of an application.
    pub(in crate::scenario) fn set_secret(&mut self, name: &str, secret: String) {
        if let Some(application) = self.credentials.applications.iter_mut().find(|found| found.name == name) {
            application.secret = Some(secret);
        }
    }

    /// Returns the user's session at the maker portal.
    pub(in crate::scenario) fn maker(&mut self, role: &str) -> Result<&mut Maker, StepError> {
        if !self.makers.contains_key(role) {
            let endpoints = Endpoints {
                tenant: self.tenant(),
                idp: self.credentials.urls.idp.clone(),
                hub: self.credentials.urls.hub.clone(),
                flow: self.credentials.urls.flow.clone(),
                portal: self.credentials.maker_portal.clone(),
            };
            let maker = Maker::new(self.http.clone(), endpoints, self.user(role)?, self.random.clone());
            self.makers.insert(role.to_owned(), maker);
        }
        let maker = self
            .makers
            .get_mut(role)
            .ok_or_else(|| StepError("the user has no session at the portal".to_owned()))?;
        maker.set_http(&self.http);
        Ok(maker)
    }

    pub(in crate::scenario) fn application(&self, name: &str) -> Result<&ApplicationCredentials, StepError> {
        self.credentials
            .application(name)
            .ok_or_else(|| StepError(format!("the tenant has no application '{name}'")))
    }

    /// Returns an application of the tenant as an OAuth client.
    pub(in crate::scenario) fn client(&self, name: &str) -> Result<OAuthClient, StepError> {
        let application = self.application(name)?;
        let redirect_uri = application.redirect_uris.first().cloned().unwrap_or_default();
        let is_spa = application.kind == outlive_wire::tenant::ApplicationKind::Spa;
        let origin = url::Url::parse(&redirect_uri).ok().map(|url| url.origin().ascii_serialization());
        Ok(OAuthClient {
            idp: self.credentials.urls.idp.clone(),
            tenant: self.tenant(),
            client_id: application.client_id.clone(),
            secret: application.secret.clone(),
            redirect_uri,
            origin: origin.filter(|_| is_spa),
            cae_capable: false,
        })
    }

    pub(in crate::scenario) fn kept(&self, name: &str) -> Result<&KeptTokens, StepError> {
        self.tokens.get(name).ok_or_else(|| StepError(format!("no tokens are stored as '{name}'")))
    }

    pub(in crate::scenario) fn flow(&self, name: &str) -> Result<ScenarioFlow, StepError> {
        self.flows.get(name).cloned().ok_or_else(|| StepError(format!("there is no flow '{name}'")))
    }

    pub(in crate::scenario) fn connection(&self, name: &str) -> Result<ScenarioConnection, StepError> {
        self.connections
            .get(name)
            .cloned()
            .ok_or_else(|| StepError(format!("there is no connection '{name}'")))
    }

    /// Checks that time has passed since a mark. What happened at the instant of the mark is not
    /// counted, because it may have been before it, so every count would be 0.
    pub(in crate::scenario) fn check_time_passed(&self, mark: Option<&str>, recorder: &mut StepRecorder<'_>) {
        if let Some(mark) = mark
            && self.marks.get(mark).is_some_and(|instant| *instant >= self.now)
        {
            let what = format!("time since the mark '{mark}'");
            recorder.check(Check::that(what, "more than none; advance before this step", "none", false));
        }
    }

    /// Returns the instant of a mark, or of the scenario's start without one.
    pub(in crate::scenario) fn since(&self, mark: Option<&str>) -> Result<Instant, StepError> {
        match mark {
            None => Ok(self.started - Span::from_micros(1)),
            Some(mark) => {
                self.marks.get(mark).copied().ok_or_else(|| StepError(format!("there is no mark '{mark}'")))
            }
        }
    }

    /// Replaces the `${name}` placeholders in a text. Instants have the format of the issuer's
    /// messages.
    pub(in crate::scenario) fn fill(&self, text: &str) -> Result<String, TemplateError> {
        template::fill(text, |name| self.value(name))
    }

    /// Replaces the placeholders in all texts of a JSON value.
    pub(in crate::scenario) fn fill_json(&self, value: &Value) -> Result<Value, TemplateError> {
        template::fill_json(value, &|name| self.value(name))
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
                let user = self.credentials.user(role)?;
                match field {
                    "upn" => Some(user.upn.clone()),
                    "password" => self.user(role).ok().map(|user| user.password),
                    _ => Some(user.id.clone()),
                }
            }
            "key" => {
                let key = self.credentials.api_keys.iter().find(|key| key.name == rest)?;
                Some(key.key.clone())
            }
            "app" => {
                let (name, field) = rest.rsplit_once('.')?;
                let application = self.credentials.application(name)?;
                match field {
                    "client_id" => Some(application.client_id.clone()),
                    "secret" => application.secret.clone(),
                    _ => None,
                }
            }
            "identity" => {
                let (name, field) = rest.rsplit_once('.')?;
                let mut identities = self.credentials.managed_identities.iter();
                let identity = identities.find(|identity| identity.name == name)?;
                match field {
                    "client_id" => Some(identity.client_id.clone()),
                    "principal_id" => Some(identity.principal_id.clone()),
                    "resource_id" => Some(identity.resource_id.clone()),
                    _ => None,
                }
            }
            "certificate" => {
                let (name, field) = rest.rsplit_once('.')?;
                let certificate = self.certificates.get(name)?;
                match field {
                    "pfx" => Some(certificate.pfx.clone()),
                    "password" => Some(certificate.password.clone()),
                    "key" => Some(certificate.key.clone()),
                    _ => None,
                }
            }
            "connection" => self.connections.get(rest.strip_suffix(".id")?).map(|found| found.id.clone()),
            "flow" => self.flows.get(rest.strip_suffix(".id")?).map(|found| found.id.clone()),
            "captured" => self.captured.get(rest).cloned(),
            "object" => self.objects.get(rest.strip_suffix(".id")?).cloned(),
            "tenant" => Some(self.tenant().to_string()),
            _ => None,
        }
    }
}
