//! What `outlive up` prints when all services are ready.

use std::path::{Path, PathBuf};

use outlive_lab::seed::SeedFile;
use serde_json::{Value, json};

use crate::system::System;

/// The tenant that the seed describes.
#[derive(Debug)]
pub(crate) struct FirstTenantName {
    id: String,
    domain: String,
}

impl FirstTenantName {
    pub(crate) fn of(seed: &SeedFile) -> Self {
        let tenant = &seed.tenant;
        Self { id: tenant.id.to_string(), domain: tenant.domain.clone() }
    }

    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }
}

/// Returns the addresses for people.
pub(crate) fn text(system: &System, tenant: &FirstTenantName) -> String {
    let (urls, domain) = (&system.urls, &tenant.domain);
    format!(
        "Outlive is up. Tenant {domain}; open {console}\n\n  \
         console and lab API  {console}\n  identity provider    {}\n  hub                  {}\n  resource             {}\n  \
         flow                 {}\n{by_tls}\nCtrl-C stops it.",
        urls.idp_public,
        urls.hub_public,
        urls.resource_public,
        urls.flow_public,
        console = system.console,
        by_tls = system.by_tls,
    )
}

/// Returns the addresses for programs.
pub(crate) fn json(system: &System, tenant: &FirstTenantName) -> Value {
    let urls = &system.urls;
    json!({
        "tenant_id": tenant.id,
        "domain": tenant.domain,
        "urls": {
            "console": system.console,
            "idp": urls.idp_public,
            "idp_tls": urls.idp_tls,
            "hub": urls.hub_public,
            "resource": urls.resource_public,
            "resource_tls": urls.resource_tls_public,
            "flow": urls.flow_public,
        },
        "ca": absolute(&system.authority_path),
    })
}

/// Clients are started in other directories, so they need the absolute path.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
