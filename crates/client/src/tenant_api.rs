//! Requests below a tenant.

use std::pin::Pin;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::lab_api::LabApi;

/// Timeout of a request that moves time: it may do years of hourly runs.
const MOVE_TIMEOUT: Duration = Duration::from_secs(3_600);

/// A call in progress.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A tenant of a lab.
#[derive(Clone, Debug)]
pub(crate) struct TenantApi {
    api: LabApi,
    path: String,
}

impl TenantApi {
    pub(crate) fn new(api: LabApi, tenant: &str) -> Self {
        Self { api, path: format!("/tenants/{tenant}") }
    }

    /// The address of the lab.
    pub(crate) fn lab(&self) -> &str {
        self.api.lab()
    }

    pub(crate) fn request(&self, method: Method, rest: &str) -> RequestBuilder {
        self.api.request(method, &format!("{}{rest}", self.path))
    }

    pub(crate) async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        self.api.send(request).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, rest: &str) -> Result<T, Error> {
        self.send(self.request(Method::GET, rest)).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, rest: &str, body: &Value) -> Result<T, Error> {
        self.send(self.request(Method::POST, rest).json(body)).await
    }

    /// Changes the clock, however long the due work takes.
    pub(crate) async fn change_clock<T: DeserializeOwned>(&self, change: &Value) -> Result<T, Error> {
        let request = self.request(Method::POST, "/clock").json(change);
        self.send(request.timeout(MOVE_TIMEOUT)).await
    }

    pub(crate) async fn delete(&self, rest: &str) -> Result<(), Error> {
        self.send::<Value>(self.request(Method::DELETE, rest)).await.map(drop)
    }
}
