//! The lab as a service of the chassis: it has a database and a shell, but no lab surface on which
//! another lab can create tenants.

use http::{StatusCode, Uri};
use outlive_chassis::{BODY_BYTES_MAX, Problem, Service, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use serde_json::Value;

use super::exports::is_import;
use crate::tenants::EXPORT_BYTES_MAX;

#[derive(Clone, Copy, Debug, Default)]
pub struct LabService;

impl Service for LabService {
    type TenantSpec = Value;
    const TENANT_TABLES: &'static [&'static str] = &["handouts", "operations"];

    fn body_bytes_max(target: &Uri) -> usize {
        if is_import(target) { EXPORT_BYTES_MAX } else { BODY_BYTES_MAX }
    }

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
