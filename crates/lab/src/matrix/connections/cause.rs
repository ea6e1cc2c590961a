//! Causes the event of each row: with the call for it, or through the lab.

use outlive_clock::{Instant, Span};
use reqwest::Method;
use serde_json::{Value, json};

use super::columns::Kind;
use super::rows::Row;
use super::subject::{Caller, Subject};
use super::workshop::Workshop;
use crate::matrix::MatrixError;
use crate::seed::draw_client_secret;
use crate::span_in_words::in_words;

/// How long a service is down.
const OUTAGE: Span = Span::from_hours(1);
/// How long the connections are not used: a day more than they may be.
const IDLE: Span = Span::from_days(91);

/// A caused event.
pub(super) struct Caused {
    /// How, as the end of a sentence.
    pub(super) way: String,
    pub(super) at: Instant,
}

impl Workshop<'_> {
    /// Causes the event of the row.
    pub(super) async fn cause(&mut self, subjects: &mut [Subject]) -> Result<Caused, MatrixError> {
        let user = self.owner.user().id.clone();
        let of_user = |kind: &str| json!({"type": kind, "user": user});
        let way = match self.row {
            Row::PasswordChangedByUser => self.raise_named(of_user("password_change")).await?,
            Row::Sspr => self.raise_named(of_user("sspr")).await?,
            Row::AdminResetAzurePortal => self.reset("azure_portal").await?,
            Row::AdminResetEntraAdminCenter => self.reset("entra_admin_center").await?,
            Row::AdminResetM365AdminCenter => self.reset("m365_admin_center").await?,
            Row::PasswordExpires => self.raise_named(of_user("password_expiry")).await?,
            Row::UserRevokes => self.revoke("user").await?,
            Row::AdminRevokes | Row::ResourceEvaluates => self.revoke("admin").await?,
            Row::SingleSignOut => self.raise_named(of_user("sign_out")).await?,
            Row::UserDisabled | Row::OwnerLeaves => self.raise_named(of_user("disable_user")).await?,
            Row::UserDeleted => self.raise_named(of_user("delete_user")).await?,
            Row::ConsentWithdrawn => self.of_applications("withdraw_consent", subjects).await?,
            Row::SecretExpires => self.of_applications("expire_secret", subjects).await?,
            Row::SecretRotated => self.rotate_secrets(subjects).await?,
            Row::CertificateExpires => "time: its two years have passed".to_owned(),
            Row::ApplicationDisabled => self.of_applications("disable_app", subjects).await?,
            Row::RedirectUriRemoved => self.remove_redirect_uris(subjects).await?,
            Row::MfaRequired => self.raise_named(of_user("require_mfa")).await?,
            Row::SignInFrequency => {
                self.raise_named(json!({"type": "sign_in_frequency", "every": "PT1H"})).await?
            }
            Row::ConditionalAccessBlock => self.block().await?,
            Row::IdleFor90Days => self.wait_idle(subjects).await?,
            Row::IssuerDown => {
                self.raise_named(json!({"type": "token_endpoint_down", "lasts": OUTAGE})).await?
            }
            Row::TokenEndpointThrottled => {
                self.raise_named(json!({"type": "token_endpoint_throttled", "lasts": OUTAGE})).await?
            }
            Row::SigningKeyRotated => self.raise_named(json!({"type": "rotate_signing_key"})).await?,
            Row::AccessRemoved => self.remove_access(subjects).await?,
        };
        Ok(Caused { way, at: self.now })
    }

    /// Raises an event. Returns how it was caused.
    async fn raise_named(&mut self, event: Value) -> Result<String, MatrixError> {
        let name = event["type"].as_str().unwrap_or_default().to_owned();
        self.raise(event).await?;
        Ok(format!("the lab's event {name}"))
    }

    async fn reset(&mut self, channel: &str) -> Result<String, MatrixError> {
        let user = self.owner.user().id.clone();
        self.raise(json!({"type": "admin_reset", "user": user, "channel": channel})).await?;
        Ok(format!("the lab's event admin_reset, channel {channel}"))
    }

    async fn revoke(&mut self, by: &str) -> Result<String, MatrixError> {
        let user = self.owner.user().id.clone();
        self.raise(json!({"type": "revoke_sessions", "user": user, "by": by})).await?;
        Ok(format!("the lab's event revoke_sessions, by {by}"))
    }

    /// Raises an event for each application.
    async fn of_applications(&mut self, kind: &str, subjects: &[Subject]) -> Result<String, MatrixError> {
        for client in applications(subjects) {
            self.raise(json!({"type": kind, "app": client})).await?;
        }
        Ok(format!("the lab's event {kind}, for each application"))
    }

    /// Replaces the secret of each application that has one.
    async fn rotate_secrets(&mut self, subjects: &mut [Subject]) -> Result<String, MatrixError> {
        let with_secret: Vec<_> = subjects.iter().filter(|subject| subject.secret.is_some()).collect();
        for client in applications(with_secret) {
            let secret = draw_client_secret(&mut self.random.stream("matrix-client-secret"));
            self.raise(json!({"type": "rotate_secret", "app": client, "new_secret": secret})).await?;
            for subject in subjects.iter_mut().filter(|subject| subject.client_id() == client) {
                subject.secret = Some(secret.clone());
            }
        }
        Ok("the lab's event rotate_secret, for each application with a secret".to_owned())
    }

    async fn remove_redirect_uris(&mut self, subjects: &[Subject]) -> Result<String, MatrixError> {
        let signs_in =
            |subject: &&Subject| matches!(subject.column.kind, Kind::Delegated(_) | Kind::OnBehalfOf);
        for subject in subjects.iter().filter(signs_in) {
            let body = subject.redirect_uris(&["https://connectors.contoso.example/redirect"]);
            self.patch_application(subject.client_id(), &body).await?;
        }
        Ok("Microsoft Graph, PATCH /applications/{id} with other redirectUris".to_owned())
    }

    /// Blocks the owner in all applications.
    async fn block(&mut self) -> Result<String, MatrixError> {
        let body = json!({
            "displayName": "Block the owner", "state": "enabled",
            "conditions": {
                "users": {"includeUsers": [self.owner.user().id]},
                "applications": {"includeApplications": ["All"]},
            },
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        });
        let path = "/v1.0/identity/conditionalAccess/policies";
        let created = self.graph(Method::POST, path, Some(&body)).await?;
        self.policy = created["id"].as_str().unwrap_or_default().to_owned();
        Ok("Microsoft Graph, POST /identity/conditionalAccess/policies".to_owned())
    }

    /// Turns the flows off for some time.
    async fn wait_idle(&mut self, subjects: &[Subject]) -> Result<String, MatrixError> {
        self.turn(subjects, "stop").await?;
        self.advance(IDLE).await?;
        self.turn(subjects, "start").await?;
        if subjects.iter().any(|subject| subject.column.kind == Kind::OnBehalfOf) {
            self.sign_in_caller(Caller::Owner).await?;
        }
        Ok(format!("turning the flows off for {}", in_words(IDLE)))
    }

    async fn turn(&mut self, subjects: &[Subject], action: &str) -> Result<(), MatrixError> {
        for subject in subjects {
            let now = self.now;
            let posted = self.owner.post_flow_action(now, &subject.flow, action, None).await;
            posted.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    async fn remove_access(&mut self, subjects: &[Subject]) -> Result<String, MatrixError> {
        let now = self.now;
        for connection in subjects.iter().filter_map(|subject| subject.connection.as_deref()) {
            let removed = self.owner.remove_access(now, connection).await;
            removed.map_err(|error| self.failed(error))?;
        }
        Ok("DELETE …/connections/{name}/accessPolicies/{policy}".to_owned())
    }
}

/// Returns the client ids of the applications, each once.
fn applications<'a>(subjects: impl IntoIterator<Item = &'a Subject>) -> Vec<String> {
    let mut clients = Vec::<String>::new();
    for client in subjects.into_iter().filter_map(|subject| subject.application.as_ref()) {
        if !clients.contains(client) {
            clients.push(client.clone());
        }
    }
    clients
}
