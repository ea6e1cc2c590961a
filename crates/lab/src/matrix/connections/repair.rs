//! The steps that repair connections, and their execution.

use reqwest::Method;
use serde_json::{Value, json};

use super::columns::{Client, Kind};
use super::subject::Subject;
use super::workshop::Workshop;
use crate::matrix::MatrixError;
use crate::matrix::connections::setup;

/// A step of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The owner signs in to the connection again, as before.
    SignIn,
    /// The owner signs in to the connection again, with a passkey.
    SignInWithMfa,
    /// The owner enters the present password into the connection.
    EnterPassword,
    /// The owner replaces the expired password.
    ChangePassword,
    /// An admin enables the user.
    EnableUser,
    /// A colleague signs in to the connection, which is shared with them.
    TakeOver,
    /// A colleague saves the flow with a connection of their own.
    UseOwnConnection,
    /// An admin adds a secret to the application.
    AddSecret,
    /// The application's secret is put where the old one is.
    ReplaceSecret,
    /// The connector's maker saves it, and registers the new certificate.
    RenewCertificate,
    /// An admin enables the application.
    EnableApplication,
    /// An admin registers the redirect URI.
    RegisterRedirectUri,
    /// An admin deletes the policy.
    DeletePolicy,
    /// The flow is turned off and on.
    RestoreAccess,
    /// Nothing: the password grant cannot satisfy MFA.
    NoMfaForPasswords,
}

impl Step {
    /// Whether the step is part of the repair of a column.
    pub(super) const fn concerns(self, kind: Kind) -> bool {
        match self {
            Self::SignIn | Self::SignInWithMfa | Self::TakeOver | Self::RegisterRedirectUri => {
                matches!(kind, Kind::Delegated(_))
            }
            Self::EnterPassword | Self::ChangePassword | Self::UseOwnConnection | Self::NoMfaForPasswords => {
                matches!(kind, Kind::Password)
            }
            Self::AddSecret | Self::ReplaceSecret => match kind {
                Kind::Delegated(client) => client.has_secret(),
                Kind::ServicePrincipal | Kind::Http => true,
                Kind::Password | Kind::ApiKey => false,
            },
            Self::RenewCertificate => matches!(kind, Kind::Delegated(Client::Certificate)),
            Self::EnableApplication => !matches!(kind, Kind::Password | Kind::ApiKey),
            Self::EnableUser | Self::DeletePolicy => true,
            Self::RestoreAccess => !matches!(kind, Kind::Http),
        }
    }

    /// Whether a user signs in to the connection in it.
    pub(super) const fn signs_in(self) -> bool {
        matches!(self, Self::SignIn | Self::SignInWithMfa | Self::TakeOver)
    }

    /// Whether it changes something that the columns share, so that it is taken once.
    const fn is_shared(self) -> bool {
        matches!(self, Self::ChangePassword | Self::EnableUser | Self::DeletePolicy)
    }

    /// Returns the step as an instruction.
    pub(super) const fn text(self, kind: Kind) -> &'static str {
        match self {
            Self::SignIn => "The owner signs in to the connection again.",
            Self::SignInWithMfa => "The owner signs in to the connection again, with a passkey.",
            Self::EnterPassword => "The owner enters the new password into the connection.",
            Self::ChangePassword => "The owner replaces the expired password on the page for it.",
            Self::EnableUser => "An admin enables the user; the tokens work again.",
            Self::TakeOver => "A colleague with whom the connection is shared signs in to it.",
            Self::UseOwnConnection => "A colleague saves the flow with a connection of their own.",
            Self::AddSecret => "An admin adds a client secret to the application.",
            Self::ReplaceSecret => match kind {
                Kind::Http => "The owner puts the new secret into the flow.",
                Kind::ServicePrincipal => "The owner puts the new secret into the connection.",
                _ => "The maker puts the new secret on the connector; no user signs in.",
            },
            Self::RenewCertificate => {
                "The maker saves the connector, and registers its new certificate on the application."
            }
            Self::EnableApplication => "An admin enables the application.",
            Self::RegisterRedirectUri => "An admin registers the redirect URI again.",
            Self::DeletePolicy => "An admin deletes the policy.",
            Self::RestoreAccess => "The owner turns the flow off and on, which grants it access again.",
            Self::NoMfaForPasswords => {
                "Nothing repairs it: a stored password cannot satisfy MFA. Use a connector with a sign-in."
            }
        }
    }

    /// Whether there is something to do.
    pub(super) const fn is_possible(self) -> bool {
        !matches!(self, Self::NoMfaForPasswords)
    }
}

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
                    let posted = self.owner.post_flow_action(now, &subject.flow, action).await;
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
