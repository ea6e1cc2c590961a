//! `/directory/tenant`: domain, edition of the rules, clock, password and token policies.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use outlive_wire::counted;
use outlive_wire::directory::DirectoryTenant;

use super::area::{AREAS, Area};
use super::visit::{AskedQuery, Visit, or_return};
use crate::error::{self, ErrorPage};
use crate::frame::Frame;
use crate::state::Console;
use crate::when::When;

#[derive(Template)]
#[template(path = "directory/tenant.html")]
struct TenantPage {
    frame: Frame,
    area: Area,
    title: String,
    facts: Vec<(&'static str, String)>,
    issuer: String,
    configuration_url: String,
}

pub(super) async fn show(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) = or_return!(visit.read::<DirectoryTenant>(&["tenant"], "tenant").await?);
    let now = When::of(found.now, found.now);
    let mut facts = vec![
        ("Name", found.display_name.clone()),
        ("Primary domain", found.domain.clone()),
        ("Tenant ID", found.id.to_string()),
        ("Rules", format!("edition {}", found.rules)),
        ("Clock", format!("{} {} UTC, {}", now.day, now.seconds, frame.tenant.rate())),
        ("MFA for all users", if found.require_mfa { "required" } else { "not required" }.to_owned()),
        (
            "Passwords",
            match found.password_validity_days {
                Some(days) => format!("expire after {}", counted(days, "day")),
                None => "do not expire".to_owned(),
            },
        ),
    ];
    for lifetime in &found.lifetimes {
        let scope = if lifetime.is_default { "all applications" } else { "assigned applications" };
        let minutes = lifetime.access_token.as_seconds() / 60;
        facts.push((
            "Token lifetime policy",
            format!("{}: access tokens live {}, {scope}", lifetime.name, counted(minutes, "minute")),
        ));
    }
    if let Some(until) = found.outage_until {
        let until = When::of(until, found.now).shown;
        facts.push(("Token endpoint", format!("is down or throttled until {until}")));
    }
    let idp = format!("{}/{}", frame.tenant.idp, found.id);
    let name: String = found.display_name.chars().take(36).collect();
    let page = TenantPage {
        area: Area::Tenant,
        title: format!("{name} follows the rules of edition {}", frame.tenant.rules),
        facts,
        issuer: format!("{idp}/v2.0"),
        configuration_url: format!("{idp}/v2.0/.well-known/openid-configuration"),
        frame,
    };
    Ok(page.frame.respond(error::show(&page)))
}
