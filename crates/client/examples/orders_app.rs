//! A small application: it reads orders as a user who signed in once, and refreshes its token. Its
//! first version ignores that a user has to sign in again; `tests/orders_app.rs` finds that.
//!
//! `cargo run -p outlive-client --example orders_app` shows both versions after a password reset.

use outlive_client::{Lab, Tenant, Tokens};
use reqwest::{Client, StatusCode};
use serde_json::Value;

/// What the application shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// This number of orders.
    Orders(usize),
    /// "Please sign in again."
    SignIn,
    /// "Something went wrong. We try again in a minute."
    TryingAgain,
}

/// Whether the application handles refusals of its refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Every error is temporary.
    First,
    /// `invalid_grant` and `interaction_required` need the user.
    Second,
}

/// The application.
#[derive(Debug)]
pub(crate) struct OrdersApp {
    version: Version,
    http: Client,
    token_endpoint: String,
    orders: String,
    client_id: String,
    tokens: Tokens,
}

impl OrdersApp {
    /// The application with the tokens of a user.
    pub(crate) fn new(version: Version, tenant: &Tenant, client_id: &str, tokens: Tokens) -> Self {
        let urls = tenant.urls();
        let token_endpoint = format!("{}/{}/oauth2/v2.0/token", urls.idp, tenant.id());
        let orders = format!("{}/orders", urls.resource);
        let client_id = client_id.to_owned();
        Self { version, http: Client::new(), token_endpoint, orders, client_id, tokens }
    }

    /// Reads the orders, with a new access token if the old one is not accepted.
    pub(crate) async fn show_orders(&mut self) -> Result<Screen, reqwest::Error> {
        if let Some(orders) = self.orders().await? {
            return Ok(Screen::Orders(orders));
        }
        match self.refresh_tokens().await?.as_deref() {
            None => Ok(self.orders().await?.map_or(Screen::TryingAgain, Screen::Orders)),
            Some("invalid_grant" | "interaction_required") if self.version == Version::Second => {
                Ok(Screen::SignIn)
            }
            Some(_) => Ok(Screen::TryingAgain),
        }
    }

    async fn orders(&self) -> Result<Option<usize>, reqwest::Error> {
        let answer = self.http.get(&self.orders).bearer_auth(&self.tokens.access_token).send().await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        let orders: Value = answer.error_for_status()?.json().await?;
        Ok(orders["value"].as_array().map(Vec::len))
    }

    /// Returns the error of the token endpoint, if there is one.
    async fn refresh_tokens(&mut self) -> Result<Option<String>, reqwest::Error> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("refresh_token", self.tokens.refresh_token.as_deref().unwrap_or_default()),
        ];
        let answer: Value = self.http.post(&self.token_endpoint).form(&form).send().await?.json().await?;
        if let Some(error) = answer["error"].as_str() {
            return Ok(Some(error.to_owned()));
        }
        let token = |name: &str| answer[name].as_str().map(str::to_owned);
        self.tokens.access_token = token("access_token").unwrap_or_default();
        self.tokens.refresh_token = token("refresh_token");
        Ok(None)
    }
}

/// Prints what both versions show after a password reset.
#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example prints what it shows")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tenant = Lab::get().await?.new_tenant().bare().create().await?;
    let desktop = &tenant.application("Orders Desktop")?.client_id;
    let mut versions = Vec::new();
    for version in [Version::First, Version::Second] {
        let tokens = tenant.sign_in("owner", desktop).await?;
        versions.push(OrdersApp::new(version, &tenant, desktop, tokens));
    }
    tenant.reset_password("owner").await?;
    tenant.advance("PT2H").await?;
    for app in &mut versions {
        let screen = app.show_orders().await?;
        println!("{:?} version: {screen:?}", app.version);
    }
    Ok(tenant.delete().await?)
}
