//! A small application: it reads orders as a user who signed in once, and refreshes its token. Its
//! first version ignores that a user has to sign in again; `tests/orders_app.rs` finds that.

use reqwest::{Client, StatusCode};
use serde_json::Value;

/// What the application shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Screen {
    /// This number of orders.
    Orders(usize),
    /// "Please sign in again."
    SignIn,
    /// "Something went wrong. We try again in a minute."
    TryingAgain,
}

/// Whether the application handles refusals of its refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Every error is temporary.
    First,
    /// `invalid_grant` and `interaction_required` need the user.
    Second,
}

/// Where the application gets tokens and orders.
#[derive(Debug)]
pub struct Settings {
    /// The token endpoint.
    pub token_endpoint: String,
    /// The client id.
    pub client_id: String,
    /// The URL of the orders.
    pub orders: String,
}

/// The application.
#[derive(Debug)]
pub struct OrdersApp {
    version: Version,
    http: Client,
    settings: Settings,
    access_token: String,
    refresh_token: Option<String>,
}

impl OrdersApp {
    /// The application with the tokens of a user.
    pub fn new(
        version: Version,
        settings: Settings,
        access_token: String,
        refresh_token: Option<String>,
    ) -> Self {
        Self { version, http: Client::new(), settings, access_token, refresh_token }
    }

    /// Reads the orders, with a new access token if the old one is not accepted.
    pub async fn show_orders(&mut self) -> Result<Screen, reqwest::Error> {
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
        let answer = self.http.get(&self.settings.orders).bearer_auth(&self.access_token).send().await?;
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
            ("client_id", &*self.settings.client_id),
            ("refresh_token", self.refresh_token.as_deref().unwrap_or_default()),
        ];
        let answer: Value =
            self.http.post(&self.settings.token_endpoint).form(&form).send().await?.json().await?;
        if let Some(error) = answer["error"].as_str() {
            return Ok(Some(error.to_owned()));
        }
        let token = |name: &str| answer[name].as_str().map(str::to_owned);
        self.access_token = token("access_token").unwrap_or_default();
        self.refresh_token = token("refresh_token");
        Ok(None)
    }
}
