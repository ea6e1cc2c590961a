//! Causes the event of each row: on the page or with the API call for it, where there is one.

use outlive_rules::Event;
use reqwest::Method;
use serde_json::{Value, json};

use super::MatrixError;
use super::holder::Holder;
use crate::browser::{Arrival, Browser, BrowserError};
use crate::http::send;
use crate::seed::draw_password;

/// The id of every user's password method in Microsoft Graph.
const PASSWORD_METHOD: &str = "28c10230-6103-485e-b985-444c60001490";

impl Holder<'_> {
    /// Causes the event for the holder. Returns a description of how.
    pub(super) async fn cause(&mut self, event: Event) -> Result<&'static str, MatrixError> {
        match event {
            Event::PasswordExpires => {
                self.lab_event(json!({"type": "password_expiry"})).await?;
                Ok("the lab's event password_expiry")
            }
            Event::PasswordChangedByUser => {
                self.change_password().await?;
                Ok("the page to change the password")
            }
            Event::Sspr => {
                self.reset_forgotten_password().await?;
                Ok("the page to reset a forgotten password, with the code from the outbox")
            }
            Event::AdminReset | Event::AdminResetAzurePortal => {
                let profile = json!({"passwordProfile":
                    {"forceChangePasswordNextSignIn": false, "password": self.new_password()}});
                self.as_admin(Method::PATCH, "", &profile).await?;
                Ok("Microsoft Graph, PATCH /users/{id} with passwordProfile")
            }
            Event::AdminResetEntraAdminCenter => {
                let path = format!("/authentication/methods/{PASSWORD_METHOD}/resetPassword");
                self.as_admin(Method::POST, &path, &json!({"newPassword": self.new_password()})).await?;
                Ok("Microsoft Graph, POST /users/{id}/authentication/methods/{method}/resetPassword")
            }
            Event::AdminResetM365AdminCenter => {
                let password = self.new_password();
                self.lab_event(
                    json!({"type": "admin_reset", "channel": "m365_admin_center", "new_password": password}),
                )
                .await?;
                Ok("the lab's event admin_reset, channel m365_admin_center")
            }
            Event::UserRevokes => {
                let url = format!("{}/me/revokeSignInSessions", self.graph());
                self.graph_call("owner", "User.ReadWrite", Method::POST, &url, &json!({})).await?;
                Ok("Microsoft Graph, POST /me/revokeSignInSessions")
            }
            Event::AdminRevokes => {
                self.as_admin(Method::POST, "/revokeSignInSessions", &json!({})).await?;
                Ok("Microsoft Graph, POST /users/{id}/revokeSignInSessions")
            }
            Event::SingleSignOut => {
                let page = self.page("oauth2/v2.0/logout")?;
                for browser in [&mut self.by_password.browser, &mut self.by_passkey.browser] {
                    let row = Event::SingleSignOut;
                    let open = browser.open(page.clone(), &|_| false).await;
                    open.map_err(|error| MatrixError::Browser { row, error })?;
                }
                Ok("the logout endpoint, in both browsers")
            }
        }
    }

    fn new_password(&self) -> String {
        draw_password(&mut self.random.stream("matrix-password"))
    }

    fn graph(&self) -> String {
        format!("{}/v1.0", self.credentials.urls.graph.trim_end_matches("/v1.0"))
    }

    async fn lab_event(&self, mut event: Value) -> Result<(), MatrixError> {
        event["user"] = json!(self.owner.upn);
        self.tenants.raise(self.tenant, event).await?;
        Ok(())
    }

    async fn change_password(&self) -> Result<(), MatrixError> {
        let new = self.new_password();
        let mut browser = Browser::new(self.http.clone());
        let page = self.page("changepassword")?;
        let form = browser
            .sign_in_to(page, &self.owner.upn, &self.owner.password, "newpasswd")
            .await
            .map_err(|error| self.browser_error(error))?;
        let typed =
            [("oldpasswd", self.owner.password.as_str()), ("newpasswd", &new), ("confirmpasswd", &new)];
        let arrival = browser.submit(&form, &typed, &|_| false).await;
        self.check_accepted(arrival)
    }

    async fn reset_forgotten_password(&self) -> Result<(), MatrixError> {
        let failed = |error| self.browser_error(error);
        let new = self.new_password();
        let mut browser = Browser::new(self.http.clone());
        let form =
            browser.sign_in_to(self.page("passwordreset")?, "", "", "username").await.map_err(failed)?;
        let arrival =
            browser.submit(&form, &[("username", &self.owner.upn)], &|_| false).await.map_err(failed)?;
        let outbox = self.tenants.outbox(self.tenant).await?;
        let code = outbox.pointer("/messages/0/code").and_then(Value::as_str).unwrap_or_default();
        let form = match &arrival {
            Arrival::Page(page) => page.form_with("newpasswd").cloned(),
            Arrival::Stop(_) => None,
        };
        let Some(form) = form else { return self.check_accepted(Ok(arrival)) };
        let typed = [("code", code), ("newpasswd", &new), ("confirmpasswd", &new)];
        let arrival = browser.submit(&form, &typed, &|_| false).await;
        self.check_accepted(arrival)
    }

    /// Checks that a page accepted the form: it shows no error, and not the form again.
    fn check_accepted(&self, arrival: Result<Arrival, BrowserError>) -> Result<(), MatrixError> {
        match arrival.map_err(|error| self.browser_error(error))? {
            Arrival::Page(page) if page.status >= 400 || page.form_with("newpasswd").is_some() => Err(self
                .browser_error(BrowserError::Refused {
                    url: page.url.to_string(),
                    text: page.text.chars().take(600).collect(),
                    aadsts: page.aadsts(),
                    status: page.status,
                })),
            _ => Ok(()),
        }
    }

    async fn as_admin(&self, method: Method, path: &str, body: &Value) -> Result<(), MatrixError> {
        let url = format!("{}/users/{}{path}", self.graph(), self.owner.id);
        self.graph_call("admin", "Directory.AccessAsUser.All", method, &url, body).await
    }

    /// Calls Microsoft Graph as a user, signed in in a new browser.
    async fn graph_call(
        &self,
        role: &'static str,
        permission: &str,
        method: Method,
        url: &str,
        body: &Value,
    ) -> Result<(), MatrixError> {
        let caller = self.credentials.user(role).ok_or(MatrixError::Seed("an administrator"))?;
        let scope = format!("https://graph.microsoft.com/{permission}");
        let mut browser = Browser::new(self.http.clone());
        let tokens = self
            .public
            .sign_in(&self.http, &mut browser, &self.random, &caller.upn, &caller.password, &scope)
            .await
            .map_err(|error| self.oauth_error(error))?;
        let answer =
            send(self.http.request(method, url).bearer_auth(&tokens.access_token).json(body)).await?;
        if answer.status < 300 { Ok(()) } else { Err(answer.refused().into()) }
    }
}
