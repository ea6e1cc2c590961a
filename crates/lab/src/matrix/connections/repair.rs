//! Executes the steps that repair connections.

use reqwest::Method;
use serde_json::{Value, json};

use super::columns::Kind;
use super::setup;
use super::step::Step;
use super::subject::{Caller, Subject};
use super::workshop::Workshop;
use crate::matrix::MatrixError;

impl Workshop<'_> {
    /// Executes the steps of a repair for one column.
    pub(super) async fn repair(&mut self, subject: &mut Subject, steps: &[Step]) -> Result<(), MatrixError> {
        for step in steps {
            if step.is_shared() {
                if self.repaired.contains(step) {
                    continue;
                }
                self.repaired.push(*step);
            }
            Box::pin(self.take(*step, subject)).await?;
        }
        Ok(())
    }

    async fn take(&mut self, step: Step, subject: &mut Subject) -> Result<(), MatrixError> {
        match step {
            Step::SignIn => self.sign_in(subject).await,
            Step::SignInWithMfa => {
                let now = self.now;
                let signing_in = self.owner_with_passkey.follow_consent_link(now, subject.connection()).await;
                signing_in.map_err(|error| self.failed(error))
            }
            Step::SignInToPortal => self.sign_in_caller(Caller::Owner).await,
            Step::SignInToPortalWithMfa => self.sign_in_caller(Caller::OwnerWithPasskey).await,
            Step::GrantConsent => self.grant_consent(subject.client_id()).await,
            Step::UseOwnConnection if subject.column.kind == Kind::OnBehalfOf => {
                self.connect_colleague(subject).await
            }
            Step::AddCoOwner => {
                let (now, colleague) = (self.now, self.colleague.user());
                let principal = json!({"id": colleague.id, "type": "User", "email": colleague.upn});
                let permission = json!({"properties": {"principal": principal, "roleName": "CanEdit"}});
                let change = json!({ "put": [permission] });
                let shared = self.admin.modify_permissions(now, &subject.flow, true, &change).await;
                shared.map_err(|error| self.failed(error))
            }
            Step::TakeOver => {
                let now = self.now;
                let signing_in = self.colleague.follow_consent_link(now, subject.connection()).await;
                signing_in.map_err(|error| self.failed(error))
            }
            Step::EnterPassword => {
                let owner = self.owner.user();
                let values = json!({"username": owner.upn, "password": owner.password});
                self.replace_values(subject, &values).await
            }
            Step::ChangePassword => self.change_password().await,
            Step::EnableUser => {
                let user = self.owner.user().id.clone();
                self.raise(json!({"type": "enable_user", "user": user})).await
            }
            Step::UseOwnConnection => {
                let now = self.now;
                setup::own_connection(self, subject, now).await
            }
            Step::AddSecret => {
                let client = subject.client_id().to_owned();
                subject.secret = Some(self.add_secret(&client).await?);
                Ok(())
            }
            Step::ReplaceSecret => self.replace_secret(subject).await,
            Step::RenewCertificate => {
                let now = self.now;
                let (api, client) = (subject.column.name, subject.client_id().to_owned());
                let display_name = json!({ "displayName": subject.column.title });
                let renewed = self.admin.patch_custom_api(now, api, &display_name).await;
                let renewed = renewed.map_err(|error| self.failed(error))?;
                self.register_certificate(&client, &renewed).await
            }
            Step::EnableApplication => {
                self.raise(json!({"type": "enable_app", "app": subject.client_id()})).await
            }
            Step::RegisterRedirectUri => {
                let uris = subject.redirect_uris(&[&self.redirect_uri()]);
                let client = subject.client_id().to_owned();
                self.patch_application(&client, &uris).await
            }
            Step::DeletePolicy => {
                let path = format!("/v1.0/identity/conditionalAccess/policies/{}", self.policy);
                self.graph(Method::DELETE, &path, None).await.map(drop)
            }
            Step::RestoreAccess => {
                for action in ["stop", "start"] {
                    let now = self.now;
                    let posted = self.owner.post_flow_action(now, &subject.flow, action, None).await;
                    posted.map_err(|error| self.failed(error))?;
                }
                Ok(())
            }
            Step::NoMfaForPasswords => Ok(()),
        }
    }

    async fn replace_values(&mut self, subject: &Subject, values: &Value) -> Result<(), MatrixError> {
        let now = self.now;
        let replaced = self.owner.replace_values(now, subject.connection(), values).await;
        replaced.map(drop).map_err(|error| self.failed(error))
    }

    async fn replace_secret(&mut self, subject: &mut Subject) -> Result<(), MatrixError> {
        let now = self.now;
        let secret = subject.secret.clone().unwrap_or_default();
        match subject.column.kind {
            Kind::Http => setup::save_flow(self, subject).await,
            Kind::ServicePrincipal => {
                self.replace_values(subject, &json!({"token:clientSecret": secret})).await
            }
            _ => {
                let api = subject.column.name;
                let replaced = self.admin.patch_custom_api(now, api, &json!({"clientSecret": secret})).await;
                replaced.map(drop).map_err(|error| self.failed(error))
            }
        }
    }
}
