//! Refusals as pages.

use axum::response::Response;
use outlive_rules::aadsts;

use super::{PageState, respond};
use crate::protocol::refusal::{Refusal, RequestDetails};
use crate::visit::Visit;

impl Visit {
    /// Returns the request details for an error page. At an alias, the form's sealed state contains
    /// the client.
    async fn page_details(&self) -> RequestDetails {
        let client = self.parameters.get("client_id").and_then(|id| id.parse().ok());
        let mut tenant = self.idp.tenant(&self.segment, client).await.ok();
        if let (None, Some(next)) = (&tenant, PageState::next_of_form(self)) {
            tenant = self.tenant_of(&next).await.ok();
        }
        self.idp.request_details(&self.trace, &self.origin, tenant.map(|tenant| tenant.id)).await
    }

    pub(crate) async fn refusal_page(&self, refusal: &Refusal) -> Response {
        respond::refusal(refusal, &self.page_details().await)
    }

    /// Renders the page for an unsupported method, for example when a form's result page is
    /// reloaded.
    pub(crate) async fn wrong_method(self, allowed: &'static str) -> Response {
        let refusal =
            Refusal::new(aadsts::METHOD_NOT_ALLOWED).with("allowed", allowed).with("method", &self.method);
        self.refusal_page(&refusal).await
    }

    pub(crate) async fn page(&self, result: Result<Response, Refusal>) -> Response {
        match result {
            Ok(response) => response,
            Err(refusal) => self.refusal_page(&refusal).await,
        }
    }
}
