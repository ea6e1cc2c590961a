//! What is wrong with a fault that shall be added. Pure.

use outlive_clock::{Instant, Span};
use outlive_wire::faults::{Dropped, FaultEffect, FaultSpec};

use super::endpoint::{Endpoint, pattern_mistake};
use super::known::is_exempt;

/// What a service can do wrong.
#[derive(Clone, Copy, Debug)]
pub struct FaultAbilities {
    /// The endpoints that it names; `None` if they are not known.
    pub endpoints: Option<&'static [Endpoint]>,
    /// Whether it issues tokens.
    pub issues_tokens: bool,
    /// Whether it has connections.
    pub has_connections: bool,
    /// Whether the catalogue of the service has this error.
    pub knows_error: fn(u32) -> bool,
}

const TEXT_BYTES_MAX: usize = 500;
const BODY_BYTES_MAX: usize = 16 * 1024;
const COUNT_MAX: u32 = 1_000_000;
const RETRY_AFTER_MAX: u32 = 86_400 * 365;
const TRUNCATE_MAX: u32 = 1 << 20;
const DELAY_MAX: Span = Span::from_days(365);
const SKEW_MAX: Span = Span::from_days(3_650);

/// Sets the beginning and the end of a fault that is added at `now`.
///
/// # Errors
/// What is wrong with them: the field, and what to do.
pub fn scheduled(mut spec: FaultSpec, now: Instant) -> Result<FaultSpec, String> {
    let from = spec.from.unwrap_or(now);
    spec.from = Some(from);
    if let Some(lasts) = spec.lasts.take() {
        if spec.until.is_some() {
            return Err("for: give either for or until".to_owned());
        }
        if lasts <= Span::ZERO {
            return Err("for: write a positive duration, such as PT1H".to_owned());
        }
        spec.until = Some((from + lasts).min(Instant::MAX));
    }
    match spec.until {
        Some(until) if until <= from => {
            Err(format!("until: {until} is not after {from}, when the fault begins"))
        }
        Some(until) if until <= now => Err(format!("until: {until} is over; it is {now} in this tenant")),
        _ => Ok(spec),
    }
}

/// Returns the first mistake: the field, and what to do.
#[must_use]
pub fn fault_mistake(spec: &FaultSpec, abilities: FaultAbilities) -> Option<String> {
    place(spec, abilities).or_else(|| frequency(spec)).or_else(|| effect(&spec.effect, abilities))
}

fn place(spec: &FaultSpec, abilities: FaultAbilities) -> Option<String> {
    if let Some(endpoint) = &spec.endpoint {
        if endpoint.len() > TEXT_BYTES_MAX {
            return Some(format!("endpoint: a path has at most {TEXT_BYTES_MAX} bytes"));
        }
        let names = abilities.endpoints.map(|endpoints| endpoints.iter().map(|(name, _)| *name));
        let names: Option<Vec<_>> = names.map(Iterator::collect);
        if let Some(names) = names.filter(|names| !names.contains(&endpoint.as_str()))
            && !endpoint.starts_with('/')
        {
            return Some(format!(
                "endpoint: '{}' is not an endpoint of this service; write one of {}, or a path such as /orders/**",
                endpoint.escape_debug(),
                names.join(", ")
            ));
        }
        if let Some(why) = pattern_mistake(endpoint).filter(|_| endpoint.starts_with('/')) {
            return Some(format!("endpoint: {why}"));
        }
        if meets_no_fault(endpoint) {
            return Some(
                "endpoint: requests there meet no faults; write a path of the service, such as /orders/**"
                    .to_owned(),
            );
        }
    }
    if spec.client.as_ref().is_some_and(|client| client.parse::<uuid::Uuid>().is_err()) {
        return Some("client: write a client id, which is a UUID".to_owned());
    }
    let connection = spec.connection.as_ref()?;
    if !abilities.has_connections {
        return Some("connection: only the hub has connections; add the fault there".to_owned());
    }
    let is_name = (1..=TEXT_BYTES_MAX).contains(&connection.len()) && !connection.contains('/');
    (!is_name).then(|| "connection: write the name or the id of a connection".to_owned())
}

/// Whether a pattern has only paths of the lab surface and of what else never fails.
fn meets_no_fault(pattern: &str) -> bool {
    let beginning = pattern.strip_suffix("**").unwrap_or(pattern);
    is_exempt(beginning) || is_exempt(beginning.trim_end_matches('/'))
}

fn frequency(spec: &FaultSpec) -> Option<String> {
    if spec.probability.is_some_and(|probability| !(probability > 0.0 && probability <= 1.0)) {
        return Some("probability: write a number above 0 and at most 1".to_owned());
    }
    let is_count = spec.count.is_none_or(|count| (1..=COUNT_MAX).contains(&count));
    (!is_count).then(|| format!("count: write a number from 1 to {COUNT_MAX}"))
}

fn effect(effect: &FaultEffect, abilities: FaultAbilities) -> Option<String> {
    if *effect == FaultEffect::default() {
        return Some("do: write what goes wrong, for example {\"status\": 503}".to_owned());
    }
    if effect.status.is_some_and(|status| !(200..=599).contains(&status)) {
        return Some("do.status: write a status from 200 to 599".to_owned());
    }
    if let Some(number) = effect.aadsts
        && !(abilities.knows_error)(number)
    {
        return Some(if abilities.issues_tokens {
            format!("do.aadsts: the catalogue has no error {number}; docs/errors.md lists its errors")
        } else {
            "do.aadsts: only the issuer returns these errors; write service: idp".to_owned()
        });
    }
    let body = effect.body.as_ref().map_or(0, |body| body.to_string().len());
    if body > BODY_BYTES_MAX {
        return Some(format!("do.body: a body has at most {BODY_BYTES_MAX} bytes"));
    }
    if effect.retry_after.is_some_and(|seconds| seconds > RETRY_AFTER_MAX) {
        return Some("do.retry_after: write at most a year, in seconds".to_owned());
    }
    if effect.delay.is_some_and(|delay| delay <= Span::ZERO || delay > DELAY_MAX) {
        return Some("do.delay: write a duration of at most a year, such as PT10S".to_owned());
    }
    if effect.truncate.is_some_and(|bytes| bytes > TRUNCATE_MAX) {
        return Some(format!("do.truncate: write a number of bytes up to {TRUNCATE_MAX}"));
    }
    if effect.skew.is_some_and(|skew| skew > SKEW_MAX || -skew > SKEW_MAX || skew == Span::ZERO) {
        return Some("do.skew: write a duration of at most ten years, such as PT10M or -PT10M".to_owned());
    }
    if effect.skew.is_some_and(|skew| skew.as_micros() % 1_000_000 != 0) {
        return Some(
            "do.skew: tokens have whole seconds; write a duration such as PT1S or -PT10M".to_owned(),
        );
    }
    let texts = [&effect.wrong_audience, &effect.wrong_issuer];
    if texts.into_iter().flatten().any(|text| text.is_empty() || text.len() > TEXT_BYTES_MAX) {
        return Some(format!("do: an audience or issuer has 1 to {TEXT_BYTES_MAX} bytes"));
    }
    if changes_tokens(effect) && !abilities.issues_tokens {
        return Some("do: only the issuer issues tokens; write service: idp for wrong tokens".to_owned());
    }
    contradiction(effect)
}

/// Whether an effect concerns the tokens in a response.
pub(crate) const fn changes_tokens(effect: &FaultEffect) -> bool {
    effect.wrong_key.is_some()
        || effect.wrong_audience.is_some()
        || effect.wrong_issuer.is_some()
        || effect.expired
        || effect.skew.is_some()
}

/// Whether responses with a status have no body ("HTTP Semantics", RFC 9110).
pub(super) const fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}

/// Effects of which one would hide the other.
fn contradiction(effect: &FaultEffect) -> Option<String> {
    let replaces = effect.status.is_some() || effect.aadsts.is_some() || effect.body.is_some();
    let changes = effect.truncate.is_some() || effect.malform || effect.retry_after.is_some();
    let is_lost = effect.drop.is_some() || effect.is_hang();
    if is_lost && (replaces || changes) {
        return Some("do: a response that never arrives has no status, body or Retry-After".to_owned());
    }
    if effect.is_hang() && effect.drop.is_some() {
        return Some("do: write either a long delay or drop".to_owned());
    }
    if effect.drop == Some(Dropped::Request) && changes_tokens(effect) || replaces && changes_tokens(effect) {
        return Some("do: a request that is not handled has no tokens".to_owned());
    }
    if let Some(status) = effect.status.filter(|status| has_no_body(*status))
        && (effect.body.is_some() || effect.aadsts.is_some() || effect.truncate.is_some() || effect.malform)
    {
        return Some(format!(
            "do.status: a response with status {status} has no body; write another status, or remove aadsts, body, \
             truncate and malform"
        ));
    }
    if effect.expired && effect.skew.is_some() {
        return Some("do: expired tokens expired an hour ago; write either expired or skew".to_owned());
    }
    if effect.truncate.is_some() && effect.malform {
        return Some("do: write either truncate or malform".to_owned());
    }
    (effect.aadsts.is_some() && effect.body.is_some())
        .then(|| "do: the error of the catalogue has its own body; write either aadsts or body".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NINE: Instant = Instant::from_seconds(1_767_603_600);
    const ISSUER: FaultAbilities = FaultAbilities {
        endpoints: Some(&[("token", &["/*/token"])]),
        issues_tokens: true,
        has_connections: false,
        knows_error: |number| number == 50_173,
    };
    const API: FaultAbilities = FaultAbilities {
        endpoints: Some(&[]),
        issues_tokens: false,
        has_connections: false,
        knows_error: |_| false,
    };

    fn spec(text: Value) -> FaultSpec {
        let mut spec = json!({"service": "idp", "do": {"status": 503}});
        let more = text.as_object().expect("an object").clone();
        spec.as_object_mut().expect("an object").extend(more);
        serde_json::from_value(spec).expect("a fault")
    }

    #[test]
    fn a_mistake_names_its_field() {
        for (fault, abilities, field) in [
            (json!({"endpoint": "tokn"}), ISSUER, "endpoint"),
            (json!({"endpoint": "x".repeat(501)}), ISSUER, "endpoint"),
            (json!({"endpoint": "/orders/**/lines"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/orders*"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/orders/***"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/_lab/**"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/_lab"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/_lab/*/faults"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/_pages/**"}), ISSUER, "endpoint"),
            (json!({"endpoint": "/healthz"}), ISSUER, "endpoint"),
            (json!({"client": "the app"}), ISSUER, "client"),
            (json!({"connection": "a"}), ISSUER, "connection"),
            (json!({"connection": "a/b"}), FaultAbilities { has_connections: true, ..API }, "connection"),
            (json!({"probability": 0.0}), ISSUER, "probability"),
            (json!({"probability": 1.01}), ISSUER, "probability"),
            (json!({"count": 0}), ISSUER, "count"),
            (json!({"do": {}}), ISSUER, "do"),
            (json!({"do": {"status": 199}}), ISSUER, "do.status"),
            (json!({"do": {"status": 600}}), ISSUER, "do.status"),
            (json!({"do": {"aadsts": 1}}), ISSUER, "do.aadsts"),
            (json!({"do": {"aadsts": 50173}}), API, "do.aadsts"),
            (json!({"do": {"body": "x".repeat(20_000)}}), ISSUER, "do.body"),
            (json!({"do": {"delay": "-PT1S"}}), ISSUER, "do.delay"),
            (json!({"do": {"truncate": 2_000_000}}), ISSUER, "do.truncate"),
            (json!({"do": {"skew": "PT0S"}}), ISSUER, "do.skew"),
            (json!({"do": {"skew": "PT0.5S"}}), ISSUER, "do.skew"),
            (json!({"do": {"skew": "-PT1.25S"}}), ISSUER, "do.skew"),
            (json!({"do": {"wrong_issuer": ""}}), ISSUER, "do"),
            (json!({"do": {"expired": true}}), API, "do"),
            (json!({"do": {"drop": "request", "status": 503}}), ISSUER, "do"),
            (json!({"do": {"drop": "request", "expired": true}}), ISSUER, "do"),
            (json!({"do": {"delay": "PT1H", "drop": "request"}}), ISSUER, "do"),
            (json!({"do": {"truncate": 1, "malform": true}}), ISSUER, "do"),
            (json!({"do": {"aadsts": 50173, "body": "x"}}), ISSUER, "do"),
            (json!({"do": {"status": 204, "truncate": 3}}), ISSUER, "do.status"),
            (json!({"do": {"status": 205, "malform": true}}), ISSUER, "do.status"),
            (json!({"do": {"status": 304, "body": "x"}}), ISSUER, "do.status"),
            (json!({"do": {"status": 204, "aadsts": 50173}}), ISSUER, "do.status"),
            (json!({"do": {"expired": true, "skew": "PT2H"}}), ISSUER, "do"),
        ] {
            let found = fault_mistake(&spec(fault.clone()), abilities).unwrap_or_default();
            assert!(found.starts_with(&format!("{field}: ")), "{fault}: {found}");
        }
    }

    #[test]
    fn sensible_faults_have_no_mistake() {
        for fault in [
            json!({}),
            json!({"endpoint": "token", "probability": 0.5, "count": 3}),
            json!({"endpoint": "/orders/**", "do": {"status": 429, "retry_after": 30}}),
            json!({"endpoint": "/**", "do": {"status": 204, "delay": "PT1S"}}),
            json!({"endpoint": "/_labels", "do": {"status": 304}}),
            json!({"do": {"aadsts": 50173, "delay": "PT1S"}}),
            json!({"do": {"drop": "response", "skew": "PT1H"}}),
            json!({"do": {"status": 200, "body": "<html>", "truncate": 3}}),
            json!({"do": {"wrong_key": "unknown", "wrong_audience": "api://x", "expired": true}}),
        ] {
            assert_eq!(fault_mistake(&spec(fault.clone()), ISSUER), None, "{fault}");
        }
    }

    #[test]
    fn a_fault_begins_now_and_ends_after_its_duration() {
        let scheduled = |fault: Value| scheduled(spec(fault), NINE);
        let hour = scheduled(json!({"for": "PT1H"})).expect("scheduled");
        assert_eq!((hour.from, hour.until), (Some(NINE), Some(NINE + Span::from_hours(1))));
        let later = scheduled(json!({"from": "2026-01-06T00:00:00Z", "for": "PT1H"})).expect("scheduled");
        assert_eq!(later.until.map(|until| until.to_string()).as_deref(), Some("2026-01-06T01:00:00Z"));
        for (fault, field) in [
            (json!({"for": "PT1H", "until": "2027-01-01T00:00:00Z"}), "for"),
            (json!({"for": "-PT1H"}), "for"),
            (json!({"until": "2026-01-01T00:00:00Z"}), "until"),
            (json!({"from": "2025-01-01T00:00:00Z", "until": "2025-01-02T00:00:00Z"}), "until"),
        ] {
            let found = scheduled(fault.clone()).expect_err("a mistake");
            assert!(found.starts_with(&format!("{field}: ")), "{fault}: {found}");
        }
    }
}
