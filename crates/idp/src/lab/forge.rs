//! `POST /_lab/tenants/{t}/forge`: a token for tests of validators, which is recorded as forged.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, Span, TenantId, UserId};
use outlive_journal::Event;
use outlive_tokens::{
    ForgedSignature, SigningKey, TOKEN_CHARS_MAX, TokenVersion, fingerprint, forge_token, issuer, peek_token,
};
use outlive_wire::Subject;
use outlive_wire::events::TokenForged;
use outlive_wire::forge::{ForgeAlgorithm, ForgeAnswer, ForgeKey, Forgery};
use serde_json::{Map, Value, json};

use crate::directory::Tenant;
use crate::idp::Idp;

/// How long a token is valid that is not like another one.
const VALID: Span = Span::from_hours(1);
/// Real tokens are valid from five minutes before they are issued.
const VALID_BEFORE: Span = Span::from_minutes(5);
/// Claims with times, which may be given in words.
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];
/// The most characters of an invalid time that a message repeats.
const TIME_CHARS_SHOWN: usize = 40;
/// The most characters of an audience that the journal includes.
const AUDIENCE_CHARS: usize = 200;
/// The most characters of a token id that the journal includes; a real one has 22. A longer text
/// could be a credential.
const UTI_CHARS_MAX: usize = 64;

pub(crate) async fn forge(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<Forgery>, JsonRejection>,
) -> Result<Json<ForgeAnswer>, Problem> {
    let Json(Forgery { origin, token: wanted }) = body?;
    let tenant = idp.lab_tenant(&tenant).await?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let Parts { mut header, mut claims } = match wanted.like.as_deref().map(str::trim) {
        Some(like) => like_token(like)?,
        None => plain_token(&tenant, &origin, &wanted.claims, now)?,
    };
    let uti = URL_SAFE_NO_PAD.encode(idp.chassis.random.of(tenant.id).stream("forged-uti").bytes::<16>());
    // Another token has another id.
    claims.insert("uti".to_owned(), uti.into());
    merge(&mut claims, wanted.claims.clone());
    check_tenant(&idp, tenant.id, &claims).await?;
    for name in TIMES {
        if let Some(time) = claims.get_mut(name) {
            resolve_time(name, time, now)?;
        }
    }
    let (key, key_is_published) = key(&idp, &tenant, wanted.key).await?;
    header.insert("alg".to_owned(), wanted.alg.name().into());
    for name in ["kid", "x5t"] {
        if header.contains_key(name) {
            header.insert(name.to_owned(), key.kid().into());
        }
    }
    merge(&mut header, wanted.header.clone());
    let signature = match wanted.alg {
        ForgeAlgorithm::RS256 => ForgedSignature::Rs256(&key),
        ForgeAlgorithm::HS256 => ForgedSignature::Hs256(&key),
        ForgeAlgorithm::None => ForgedSignature::None,
    };
    let token = forge_token(&header, &claims, signature);
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let forged = TokenForged {
        fingerprint: fingerprint(&token),
        uti: text("uti").filter(|uti| uti.chars().nth(UTI_CHARS_MAX).is_none()),
        audience: claims.get("aud").map(audience_of),
        key: wanted.key.name().to_owned(),
        alg: wanted.alg.name().to_owned(),
        like: wanted.like.as_deref().map(|like| fingerprint(like.trim())),
    };
    let about = [Some(forged.fingerprint.clone()), forged.uti.clone()].into_iter().flatten();
    let subject = subject_of(&idp, tenant.id, text("oid")).await?;
    let event = Event::new(tenant.id, now, subject, &trace, forged.clone()).about(about);
    idp.chassis.store.commit(idp.chassis.journal.entry(&event)).await?;
    Ok(Json(ForgeAnswer { token, header, claims, key_is_published }))
}

/// Header and claims of a token.
struct Parts {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

/// Returns header and claims of the token that the forged one is like.
fn like_token(token: &str) -> Result<Parts, Problem> {
    let read = (token.len() <= TOKEN_CHARS_MAX).then(|| peek_token(token)).flatten();
    read.map(|(header, claims)| Parts { header, claims }).ok_or_else(|| {
        Problem::bad_request(
            "'like' is not a signed JWT. Give an access or ID token, in the compact form with three parts.",
        )
    })
}

/// Rejects a token that would be one of another tenant of this installation, whose journal has
/// nothing of it.
async fn check_tenant(idp: &Idp, tenant: TenantId, claims: &Map<String, Value>) -> Result<(), Problem> {
    let named = ["tid", "iss"].iter().filter_map(|name| claims.get(*name)?.as_str());
    let ids = named.flat_map(|text| text.split('/')).filter_map(|part| part.parse::<TenantId>().ok());
    for other in ids.filter(|other| *other != tenant) {
        if idp.lab_tenant(&other.to_string()).await.is_ok() {
            return Err(Problem::bad_request(format!(
                "The token would be one of tenant {other}. Forge it in that tenant."
            )));
        }
    }
    Ok(())
}

/// Returns header and claims that every token has. Their version is that of the claim `ver`.
fn plain_token(
    tenant: &Tenant,
    origin: &str,
    claims: &Map<String, Value>,
    now: Instant,
) -> Result<Parts, Problem> {
    if !claims.contains_key("aud") {
        return Err(Problem::bad_request(
            "Give a token to copy as 'like', or at least the audience: {\"claims\": {\"aud\": \"api://contoso-orders\"}}.",
        ));
    }
    let is_v2 = claims.get("ver").and_then(Value::as_str) == Some("2.0");
    let version = if is_v2 { TokenVersion::V2 } else { TokenVersion::V1 };
    let seconds = |at: Instant| at.as_seconds();
    let issued = json!({
        "iss": issuer(origin, tenant.id, version),
        "iat": seconds(now - VALID_BEFORE),
        "nbf": seconds(now - VALID_BEFORE),
        "exp": seconds(now + VALID),
        "tid": tenant.id,
        "ver": version,
    });
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": ""});
    let object = |value: Value| match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let (mut header, claims) = (object(header), object(issued));
    if version == TokenVersion::V1 {
        header.insert("x5t".to_owned(), "".into());
    }
    Ok(Parts { header, claims })
}

/// Replaces members; `null` removes one.
fn merge(members: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (name, value) in changes {
        match value {
            Value::Null => members.remove(&name),
            value => members.insert(name, value),
        };
    }
}

/// Replaces an instant or a duration from now by seconds.
///
/// # Errors
/// Another text. Malformed times, for tests of validators, are values that are no text: a list with
/// one text, `true`.
fn resolve_time(name: &str, time: &mut Value, now: Instant) -> Result<(), Problem> {
    let Some(text) = time.as_str() else { return Ok(()) };
    let at = text.parse::<Span>().ok().map(|span| now + span).or_else(|| text.parse().ok());
    let at = at.ok_or_else(|| {
        let shown: String = text.chars().take(TIME_CHARS_SHOWN).collect();
        Problem::bad_request(format!(
            "claims.{name}: '{}' is neither an instant (2026-01-05T09:00:00Z) nor a duration from now (-PT1H). Write one \
             of them or a number of seconds; for a token with a malformed time, write a value of another type, such as \
             [\"soon\"].",
            shown.escape_debug()
        ))
    })?;
    *time = at.as_seconds().into();
    Ok(())
}

/// Returns the key that signs, and whether it is published.
async fn key(idp: &Idp, tenant: &Tenant, wanted: ForgeKey) -> Result<(Arc<SigningKey>, bool), Problem> {
    let key = match wanted {
        ForgeKey::Signing => idp.keys.active(tenant).await?,
        ForgeKey::Unknown => idp.keys.load_unpublished().await?,
        ForgeKey::Retired => idp.keys.find_retired(tenant).await?.ok_or_else(|| {
            Problem::bad_request(
                "No key of this tenant is retired. Rotate its signing key before: POST /lab/tenants/{t}/events with \
                 {\"type\": \"rotate_signing_key\"}.",
            )
        })?,
    };
    let published = idp.keys.ring(tenant).await?;
    let is_published = published.published().any(|known| known.kid() == key.kid());
    Ok((key, is_published))
}

/// The user of the token, or the tenant.
async fn subject_of(idp: &Idp, tenant: TenantId, oid: Option<String>) -> Result<Subject, Problem> {
    let user = oid.and_then(|oid| oid.parse::<UserId>().ok());
    let Some(user) = user else { return Ok(Subject::tenant(tenant)) };
    let known = idp.directory.user(tenant, user).await?;
    Ok(known.map_or_else(|| Subject::tenant(tenant), |user| Subject::user(user.id)))
}

/// The audience as text: a forged one may be anything.
fn audience_of(claim: &Value) -> String {
    let text = claim.as_str().map_or_else(|| claim.to_string(), str::to_owned);
    text.chars().take(AUDIENCE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants_or_durations_from_now() {
        const NOW: Instant = Instant::from_seconds(1_000_000);
        for (given, resolved) in [
            (json!("-PT1H"), json!(996_400)),
            (json!("P1D"), json!(1_086_400)),
            (json!("1970-01-01T00:01:00Z"), json!(60)),
            (json!(5), json!(5)),
            (json!(["soon"]), json!(["soon"])),
            (json!(true), json!(true)),
        ] {
            let mut time = given.clone();
            assert!(resolve_time("exp", &mut time, NOW).is_ok(), "{given}");
            assert_eq!(time, resolved, "{given}");
        }
        for text in ["soon", "", "1767607200", "2026-13-01T00:00:00Z", "P1M"] {
            assert!(resolve_time("exp", &mut json!(text), NOW).is_err(), "{text}");
        }
    }
}
