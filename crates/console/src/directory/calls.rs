//! The lab's calls about the directory.

use outlive_clock::TenantId;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::lab::{Lab, LabError, answer_or_refusal, segment};

impl Lab {
    /// Reads a part of the directory.
    pub(super) async fn directory<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, LabError> {
        let path: Vec<_> = path.iter().map(|name| segment(name)).collect();
        let path = format!("/tenants/{tenant}/directory/{}", path.join("/"));
        let (url, request) = self.request_at(Method::GET, &path);
        answer_or_refusal(url, request.query(query)).await
    }

    /// Raises an event, and returns what the lab answers: a generated secret is part of it.
    pub(super) async fn raise_in_directory(
        &self,
        tenant: TenantId,
        event: &Value,
    ) -> Result<Value, LabError> {
        let (url, request) = self.request_at(Method::POST, &format!("/tenants/{tenant}/events"));
        answer_or_refusal(url, request.json(event)).await
    }
}
