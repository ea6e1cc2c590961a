//! `client_assertion`: authentication with a token that the client signed with the key of a
//! registered certificate, or with a token of a registered federated issuer (RFC 7523; "Certificate
//! credentials"; "Workload identity federation").

use outlive_clock::{Instant, wall_now};
use outlive_rules::aadsts;
use outlive_tokens::{AssertionClaims, Certificate, ClientAssertion};

use super::presented_client::PresentedClient;
use crate::directory::{Application, Tenant};
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;

/// The only supported assertion type.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Accepted clock skew: an assertion may start this much later than now.
pub(crate) const AHEAD: outlive_clock::Span = outlive_clock::Span::from_minutes(5);

/// Verifies the client's assertion.
pub(crate) async fn authenticate(
    idp: &Idp,
    tenant: &Tenant,
    application: &Application,
    request: &PresentedClient<'_>,
    now: Instant,
) -> Result<(), Refusal> {
    match request.form.get("client_assertion_type") {
        None => return Err(Refusal::missing("client_assertion_type")),
        Some(JWT_BEARER) => {}
        Some(_) => return Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", "client_assertion_type")),
    }
    let text = request.form.get("client_assertion").ok_or_else(|| Refusal::missing("client_assertion"))?;
    let assertion = ClientAssertion::read(text)
        .map_err(|malformed| Refusal::new(aadsts::ASSERTION_MALFORMED).with("reason", malformed))?;
    let claims = assertion.claims();
    let client = application.client_id.to_string();
    if claims.iss.contains("://") {
        return by_another_issuer(idp, application, &assertion, request, now).await;
    }
    if !claims.iss.eq_ignore_ascii_case(&client) {
        return Err(mismatched_client(claims));
    }
    if claims.sub != claims.iss {
        return Err(mismatched_subject(claims));
    }
    by_certificate(application, &assertion, now)?;
    if !claims.aud.iter().any(|audience| is_ours(idp, tenant, request.segment, audience)) {
        return Err(Refusal::new(aadsts::ASSERTION_NOT_AUTHENTIC).with("audience", claims.aud.join(" ")));
    }
    check_time(claims, now)
}

fn mismatched_client(claims: &AssertionClaims) -> Refusal {
    if claims.iss == claims.sub {
        return Refusal::new(aadsts::ASSERTION_OF_ANOTHER_CLIENT);
    }
    mismatched_subject(claims)
}

fn mismatched_subject(claims: &AssertionClaims) -> Refusal {
    Refusal::new(aadsts::ASSERTION_SUBJECT_NOT_ISSUER)
        .with("subject", &claims.sub)
        .with("issuer", &claims.iss)
}

fn by_certificate(
    application: &Application,
    assertion: &ClientAssertion,
    now: Instant,
) -> Result<(), Refusal> {
    let refuse = |reason| Refusal::new(aadsts::CLIENT_ASSERTION_SIGNATURE).with("reason", reason);
    let registered = application.document.key_credentials.iter().filter_map(|key| key.certificate());
    let named: Vec<Certificate> = registered.filter(|certificate| assertion.names(certificate)).collect();
    let Some(certificate) = named.first() else { return Err(refuse("The key was not found")) };
    if !assertion.is_signed_by(certificate) {
        return Err(refuse("The signature does not fit the key that the header names"));
    }
    let (from, to) = certificate.term();
    if !holds_by_either_clock(now, |at| from <= at && at < to) {
        return Err(refuse("The key used is expired"));
    }
    Ok(())
}

/// Accepts a token of another issuer if a federated credential has its issuer, subject and audience
/// (`federatedIdentityCredentials`). Only then are keys fetched from that issuer.
async fn by_another_issuer(
    idp: &Idp,
    application: &Application,
    assertion: &ClientAssertion,
    request: &PresentedClient<'_>,
    now: Instant,
) -> Result<(), Refusal> {
    let claims = assertion.claims();
    check_registered(application, claims)?;
    if claims.scp.is_some() {
        return Err(Refusal::new(aadsts::USER_TOKEN_AS_FEDERATED));
    }
    idp.foreign_issuers()
        .verify(&claims.iss, assertion, now, request.trace)
        .await
        .map_err(|refusal| Refusal::new(aadsts::CLIENT_ASSERTION_SIGNATURE).with("reason", refusal))?;
    check_time(claims, now)
}

/// Checks that one federated credential has the issuer, the audience and the subject of the
/// assertion.
///
/// The error names the first claim for which no credential is left that also has the claims before
/// it: issuer, audience, subject (azure-workload-identity#1200, Azure/login#482 and #515).
fn check_registered(application: &Application, claims: &AssertionClaims) -> Result<(), Refusal> {
    let registered = application.document.federated_credentials.iter();
    let registered: Vec<_> = registered.map(|credential| &credential.registered).collect();
    if registered.is_empty() {
        return Err(Refusal::new(aadsts::NO_FEDERATED_CREDENTIALS)
            .with_client(application.client_id, &application.name));
    }
    let of_issuer: Vec<_> = registered.into_iter().filter(|spec| spec.issuer == claims.iss).collect();
    if of_issuer.is_empty() {
        return Err(Refusal::new(aadsts::FEDERATED_ISSUER_UNKNOWN).with("issuer", &claims.iss));
    }
    let is_audience = |audience: &String| claims.aud.contains(audience);
    let of_audience: Vec<_> =
        of_issuer.into_iter().filter(|spec| spec.audiences.iter().any(is_audience)).collect();
    if of_audience.is_empty() {
        return Err(Refusal::new(aadsts::FEDERATED_AUDIENCE_UNKNOWN).with("audience", claims.aud.join(" ")));
    }
    if of_audience.iter().any(|spec| spec.subject == claims.sub) {
        return Ok(());
    }
    let differs_in_case = of_audience.iter().any(|spec| spec.subject.eq_ignore_ascii_case(&claims.sub));
    let error =
        if differs_in_case { aadsts::FEDERATED_SUBJECT_CASE } else { aadsts::FEDERATED_SUBJECT_UNKNOWN };
    Err(Refusal::new(error).with("subject", &claims.sub))
}

/// Returns whether the audience of an assertion is this tenant's token endpoint (v1.0 or v2.0, with
/// any name of the tenant) or its issuer, at any of our origins.
fn is_ours(idp: &Idp, tenant: &Tenant, segment: &str, audience: &str) -> bool {
    let id = tenant.id.to_string();
    let segments = [segment, &id, &tenant.domain, "common", "organizations"];
    let endings = ["/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/", ""];
    idp.chassis.origins.all().iter().any(|origin| {
        let Some(path) = audience.strip_prefix(origin.as_str()).and_then(|rest| rest.strip_prefix('/'))
        else {
            return false;
        };
        segments
            .iter()
            .any(|segment| path.strip_prefix(segment).is_some_and(|ending| endings.contains(&ending)))
    })
}

/// Checks that an assertion has started and has not expired.
fn check_time(claims: &AssertionClaims, now: Instant) -> Result<(), Refusal> {
    let from = claims.nbf.unwrap_or(Instant::EPOCH);
    if holds_by_either_clock(now, |at| from <= at + AHEAD && at < claims.exp) {
        return Ok(());
    }
    Err(Refusal::new(aadsts::CLIENT_ASSERTION_TIME)
        .with("now", now)
        .with("valid_from", from)
        .with("valid_until", claims.exp))
}

/// Returns whether `holds` is true by the tenant's clock or the machine's. Libraries that create
/// assertions and certificates only know the latter, and a tenant's time may be months away from
/// it.
pub(crate) fn holds_by_either_clock(now: Instant, holds: impl Fn(Instant) -> bool) -> bool {
    holds(now) || holds(wall_now())
}
