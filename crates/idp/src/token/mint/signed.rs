//! Signs the claims of a token, as they are or with the fault that the request met.

use outlive_chassis::token_fault;
use outlive_clock::{Instant, Span};
use outlive_tokens::{SigningKey, TokenVersion, sign_rs256, with_unknown_key, with_wrong_signature};
use outlive_wire::faults::{FaultEffect, WrongKey};
use serde::Serialize;
use serde_json::Value;

/// How long ago a token has expired that is expired on arrival.
const EXPIRED_SINCE: Span = Span::from_hours(1);

/// Signs claims as the tenant's issuer.
pub(super) fn sign<T: Serialize>(
    key: &SigningKey,
    version: TokenVersion,
    claims: &T,
    now: Instant,
) -> String {
    let Some(fault) = token_fault() else { return sign_rs256(key, version, claims) };
    let Ok(mut claims) = serde_json::to_value(claims) else { return sign_rs256(key, version, claims) };
    falsify(&mut claims, &fault, now);
    let token = sign_rs256(key, version, &claims);
    match fault.wrong_key {
        None => token,
        Some(WrongKey::Unknown) => with_unknown_key(&token).unwrap_or(token),
        Some(WrongKey::Signature) => with_wrong_signature(&token).unwrap_or(token),
    }
}

/// Changes claims as a fault wants. Pure.
fn falsify(claims: &mut Value, fault: &FaultEffect, now: Instant) {
    let texts = [("aud", &fault.wrong_audience), ("iss", &fault.wrong_issuer)];
    for (name, text) in texts {
        if let Some(text) = text {
            claims[name] = text.clone().into();
        }
    }
    if fault.expired
        && let Some(expires) = claims["exp"].as_i64()
    {
        let expired = (now - EXPIRED_SINCE).as_seconds();
        shift(claims, expired - expires);
    }
    if let Some(skew) = fault.skew {
        shift(claims, skew.as_seconds());
    }
}

/// Moves the times of a token by seconds.
fn shift(claims: &mut Value, seconds: i64) {
    for name in ["iat", "nbf", "exp"] {
        if let Some(at) = claims[name].as_i64() {
            claims[name] = at.saturating_add(seconds).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_fault_changes_its_claims() {
        const NOW: Instant = Instant::from_seconds(10_000);
        let claims = json!({"aud": "a", "iss": "i", "iat": 9_700, "nbf": 9_700, "exp": 13_900, "sub": "s"});
        for (fault, changed) in [
            (json!({"wrong_audience": "api://x"}), json!({"aud": "api://x"})),
            (json!({"wrong_issuer": "https://x"}), json!({"iss": "https://x"})),
            (json!({"expired": true}), json!({"iat": 2_200, "nbf": 2_200, "exp": 6_400})),
            (json!({"skew": "PT10M"}), json!({"iat": 10_300, "nbf": 10_300, "exp": 14_500})),
            (json!({"skew": "-PT10M"}), json!({"iat": 9_100, "nbf": 9_100, "exp": 13_300})),
            (json!({"wrong_key": "unknown"}), json!({})),
        ] {
            let fault: FaultEffect = serde_json::from_value(fault).expect("an effect");
            let (mut falsified, mut expected) = (claims.clone(), claims.clone());
            falsify(&mut falsified, &fault, NOW);
            let expect = expected.as_object_mut().expect("an object");
            expect.extend(changed.as_object().expect("an object").clone());
            assert_eq!(falsified, expected, "{fault:?}");
        }
    }
}
