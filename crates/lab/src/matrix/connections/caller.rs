//! The caller of an on-behalf-of flow: a user with the page of the flow open, who runs it with a
//! token of their own. No trigger can: a flow has no user whose token could be exchanged.

use outlive_clock::{Instant, Span};
use serde_json::{Value, json};
use url::Url;

use super::setup::EVERY_MINUTES;
use super::subject::{Caller, Subject};
use super::workshop::Workshop;
use crate::browser::Browser;
use crate::maker::{Audience, Maker};
use crate::matrix::MatrixError;
use crate::oauth_client::stops_at;

/// The APIs that the page calls.
const AUDIENCES: [Audience; 2] = [Audience::Hub, Audience::Flow];
/// The application that the connector's application pre-authorizes.
pub(super) const HUB: &str = "API Hub";

impl Workshop<'_> {
    /// Returns what the application of an on-behalf-of connector offers: a permission, for which
    /// the hub needs no consent.
    pub(super) fn api_of_connector(&self) -> Result<Value, MatrixError> {
        let hub = self.client_id_of(HUB)?;
        let scope = self.random.stream("matrix-scope-id").uuid();
        Ok(json!({
            "oauth2PermissionScopes": [{
                "id": scope, "value": "access_as_user", "type": "User", "isEnabled": true,
                "adminConsentDisplayName": "Use the connector", "adminConsentDescription": "Use the connector as you",
            }],
            "preAuthorizedApplications": [{"appId": hub, "delegatedPermissionIds": [scope]}],
        }))
    }

    /// An administrator consents, for all users, to what an application requires.
    pub(super) async fn grant_consent(&mut self, client: &str) -> Result<(), MatrixError> {
        let mut page = Url::parse(&format!("{}/{}/adminconsent", self.idp(), self.tenant))?;
        let redirect_uri = self.redirect_uri();
        page.query_pairs_mut().append_pair("client_id", client).append_pair("redirect_uri", &redirect_uri);
        let mut browser = Browser::new(self.http().clone());
        let admin = self.admin.user();
        let back = browser.sign_in(page, &admin.upn, &admin.password, &stops_at(&redirect_uri)).await;
        let back = back.map_err(|error| MatrixError::in_row(self.row.name(), error))?;
        match back.query_pairs().find(|(name, _)| name == "admin_consent") {
            Some(_) => Ok(()),
            None => Err(MatrixError::Seed("an administrator who can consent for the organization")),
        }
    }

    /// Makes another caller run the flow, who signs in now, in a new browser.
    pub(super) async fn sign_in_caller(&mut self, caller: Caller) -> Result<(), MatrixError> {
        self.caller = caller;
        if caller == Caller::Owner {
            self.owner_at_page = self.owner.in_new_browser();
        }
        let now = self.now;
        self.caller().discard_tokens();
        for audience in AUDIENCES {
            let signed_in = Box::pin(self.caller().token(audience, now)).await.map(drop);
            signed_in.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn caller(&mut self) -> &mut Maker {
        match self.caller {
            Caller::Owner => &mut self.owner_at_page,
            Caller::OwnerWithPasskey => &mut self.owner_with_passkey,
            Caller::Colleague => &mut self.colleague,
        }
    }

    /// The caller opens the page of the flow again, which gets tokens from the browser's session.
    pub(super) async fn open_page(&mut self) -> Result<(), MatrixError> {
        let now = self.now;
        let maker = self.caller();
        maker.discard_tokens();
        let renewed = Box::pin(maker.renew_tokens(&AUDIENCES, now)).await;
        renewed.map(drop).map_err(|error| self.failed(error))
    }

    /// Runs the flow, with the page's tokens while they are valid. The caller signs in if the
    /// browser's session does not suffice for new ones.
    pub(super) async fn run_as_caller(&mut self, subject: &Subject) -> Result<(), MatrixError> {
        let (now, reference) = (self.now, subject.connector().unwrap_or_default());
        let maker = self.caller();
        let ran =
            Box::pin(maker.run_with_own_token(now, &subject.flow, reference, subject.connection())).await;
        ran.map_err(|error| self.failed(error))
    }

    /// Lets time pass until `until`. Meanwhile the caller runs the flow as often since `began` as
    /// others run by themselves, unless it is necessary to sign in for that. Returns since when it
    /// is.
    pub(super) async fn watch(
        &mut self,
        called: Option<&Subject>,
        began: Instant,
        until: Instant,
    ) -> Result<Option<Instant>, MatrixError> {
        let mut closed = None;
        let mut at = began;
        loop {
            at = at + Span::from_minutes(EVERY_MINUTES);
            let Some(subject) = called.filter(|_| at <= until) else {
                self.advance_to(until).await?;
                return Ok(closed);
            };
            if at <= self.now {
                continue;
            }
            self.advance_to(at).await?;
            let now = self.now;
            let renewed = Box::pin(self.caller().renew_tokens(&AUDIENCES, now)).await;
            if renewed.map_err(|error| self.failed(error))? {
                self.run_as_caller(subject).await?;
            } else {
                closed.get_or_insert(now);
            }
        }
    }

    /// Makes the colleague the caller, with a connection of their own.
    pub(super) async fn connect_colleague(&mut self, subject: &mut Subject) -> Result<(), MatrixError> {
        let name = format!("{}-of-the-colleague", subject.connection());
        let (now, title) = (self.now, subject.column.title);
        let api = self.colleague.custom_api_id(subject.connector().unwrap_or_default());
        let created = self.colleague.create_connection(now, &name, title, &api, &json!({})).await;
        created.map_err(|error| self.failed(error))?;
        let signed_in = Box::pin(self.colleague.follow_consent_link(now, &name)).await;
        signed_in.map_err(|error| self.failed(error))?;
        subject.connection = Some(name);
        self.sign_in_caller(Caller::Colleague).await
    }
}
