//! The tenant itself: policies and signing keys.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::directory::{
    DirectoryKey, DirectoryKeyState, DirectoryKeys, DirectoryLifetime, DirectoryPolicies, DirectoryPolicy,
    DirectoryTenant,
};

use crate::idp::Idp;
use crate::keys::signing_key_turns;

pub(super) async fn show(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
) -> Result<Json<DirectoryTenant>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let lifetimes = tenant.policies.token_lifetimes.iter().map(|kept| DirectoryLifetime {
        name: kept.says.display_name.clone(),
        access_token: kept.says.access_token,
        is_default: kept.says.organization_default,
    });
    Ok(Json(DirectoryTenant {
        id: tenant.id,
        domain: tenant.domain.clone(),
        display_name: tenant.display_name.clone(),
        rules: tenant.rules.to_string(),
        now,
        require_mfa: tenant.require_mfa,
        password_validity_days: tenant.password_validity_days,
        lifetimes: lifetimes.collect(),
        outage_until: tenant.policies.outage.filter(|outage| now < outage.until).map(|outage| outage.until),
    }))
}

pub(super) async fn policies(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
) -> Result<Json<DirectoryPolicies>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let policies = tenant.policies.conditional_access.iter().map(|kept| DirectoryPolicy {
        id: kept.id.to_string(),
        created: kept.created_at,
        modified: kept.modified_at,
        policy: kept.says.clone(),
    });
    Ok(Json(DirectoryPolicies { require_mfa: tenant.require_mfa, policies: policies.collect() }))
}

/// The published keys, in the order in which they sign: the next one first.
pub(super) async fn keys(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
) -> Result<Json<DirectoryKeys>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let ring = idp.keys.ring(&tenant).await?;
    let turns = signing_key_turns::since(&idp.chassis.store, tenant.id).await?;
    let since = |number: i64| turns.iter().find(|(known, _)| *known == number).map(|(_, since)| *since);
    let key = |kid: &str, state, number| DirectoryKey { kid: kid.to_owned(), state, since: since(number) };
    let mut keys = Vec::new();
    if let Some(next) = &ring.next {
        keys.push(DirectoryKey { since: None, ..key(next.kid(), DirectoryKeyState::Next, 0) });
    }
    let active = tenant.signing_key;
    keys.push(key(ring.active.kid(), DirectoryKeyState::Active, active));
    for (number, retired) in (0..active).rev().zip(&ring.retired) {
        keys.push(key(retired.kid(), DirectoryKeyState::Retired, number));
    }
    let schedule = signing_key_turns::find_schedule(&idp.chassis.store, tenant.id).await?;
    let (next_rotation, every) = schedule.unzip();
    Ok(Json(DirectoryKeys { keys, every, next_rotation }))
}
