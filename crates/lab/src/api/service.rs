//! The lab as a service of the chassis: it has a database and a shell, but no lab surface on which
//! another lab can create tenants.

use http::StatusCode;
use outlive_chassis::{Problem, Service, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use serde_json::Value;

#[derive(Clone, Copy, Debug, Default)]
pub struct LabService;

impl Service for LabService {
    type TenantSpec = Value;
    const TENANT_TABLES: &'static [&'static str] = &["handouts", "operations"];

    async fn create_tenant(
        &self,
        _: TenantId,
        _: Self::TenantSpec,
        _: Instant,
        _: &Trace,
    ) -> Result<Change, Problem> {
        Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "UseTheLabApi",
            "Create tenants with POST /lab/tenants.",
        ))
    }
}
