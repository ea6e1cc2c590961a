//! The form that adds a fault, in plain words. Pure.

use outlive_clock::{Instant, Span};
use outlive_wire::faults::{Dropped, FaultEffect, FaultSpec, WrongKey};
use outlive_wire::lab_api::Service;
use serde::Deserialize;

/// Where a fault can be: the value of the form, and its words.
pub(super) const PLACES: &[(&str, &str)] = &[
    ("idp token", "Issuer, token endpoint"),
    ("idp authorize", "Issuer, sign-in page"),
    ("idp keys", "Issuer, signing keys"),
    ("idp graph", "Issuer, Microsoft Graph"),
    ("idp", "Issuer, everything"),
    ("hub runtime", "Hub, calls of connections"),
    ("hub", "Hub, everything"),
    ("resource orders", "API, orders"),
    ("resource", "API, everything"),
    ("flow trigger", "Flow service, triggers"),
    ("flow", "Flow service, everything"),
];

/// What can go wrong: the value of the form, and its words.
pub(super) const EFFECTS: &[(&str, &str)] = &[
    ("503", "It is down (status 503)"),
    ("500", "It fails (status 500)"),
    ("429", "It is throttled (status 429, Retry-After 30 s)"),
    ("hang", "It does not respond in time"),
    ("late", "It responds 10 seconds late"),
    ("request", "The request is lost"),
    ("response", "The response is lost"),
    ("cut", "The response is cut off after 20 bytes"),
    ("malformed", "The response is malformed JSON"),
    ("aadsts", "It returns the AADSTS error below"),
    ("key", "Its tokens have an unknown key"),
    ("signature", "Its tokens have a wrong signature"),
    ("audience", "Its tokens have a wrong audience"),
    ("issuer", "Its tokens have a wrong issuer"),
    ("expired", "Its tokens have expired"),
    ("fast", "Its clock is 10 minutes fast"),
    ("slow", "Its clock is 10 minutes slow"),
];

/// When a fault begins, after now.
pub(super) const BEGINS: &[(&str, &str)] =
    &[("PT0S", "now"), ("PT10M", "in 10 minutes"), ("PT1H", "in an hour"), ("P1D", "in a day")];

/// How long a fault lasts.
pub(super) const LASTS: &[(&str, &str)] = &[
    ("PT1H", "for an hour"),
    ("PT10M", "for 10 minutes"),
    ("P1D", "for a day"),
    ("P7D", "for a week"),
    ("", "until it is removed"),
];

/// The faults of one click: the value of the form, and its words.
pub(super) const PRESETS: &[(&str, &str)] = &[
    ("token-down", "Token endpoint down for an hour"),
    ("token-throttled", "429 with Retry-After 30 s for an hour"),
    ("api-down", "API answers 503 for ten minutes"),
];

/// The audience and the issuer of wrong tokens.
const WRONG_AUDIENCE: &str = "api://another-api";
const WRONG_ISSUER: &str = "https://issuer.example/";

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct FaultForm {
    pub(super) token: String,
    /// `add`, `remove` or `preset`.
    #[serde(rename = "do")]
    pub(super) what: String,
    /// The fault to remove, or the preset.
    pub(super) which: String,
    pub(super) place: String,
    pub(super) effect: String,
    pub(super) aadsts: String,
    pub(super) client: String,
    pub(super) connection: String,
    pub(super) begins: String,
    pub(super) lasts: String,
    pub(super) count: String,
    pub(super) percent: String,
}

/// Returns the fault of a preset.
pub(super) fn preset(which: &str) -> Option<FaultSpec> {
    let (place, effect, lasts) = match which {
        "token-down" => ("idp token", "503", "PT1H"),
        "token-throttled" => ("idp token", "429", "PT1H"),
        "api-down" => ("resource orders", "503", "PT10M"),
        _ => return None,
    };
    let text = str::to_owned;
    let form =
        FaultForm { place: text(place), effect: text(effect), lasts: text(lasts), ..FaultForm::default() };
    fault(&form, Instant::EPOCH).ok().map(|fault| FaultSpec { from: None, ..fault })
}

/// Returns the fault that a form describes, or what is wrong with it. `now` is the time of the
/// tenant.
pub(super) fn fault(form: &FaultForm, now: Instant) -> Result<FaultSpec, String> {
    let (service, endpoint) = form.place.split_once(' ').unwrap_or((&form.place, ""));
    let service = Service::ALL.into_iter().find(|known| known.name() == service);
    let service = service.ok_or("Choose where it goes wrong.")?;
    let begins: Span = match form.begins.as_str() {
        "" => Span::ZERO,
        text => text.parse().map_err(|_| "Choose when it begins.")?,
    };
    let lasts: Option<Span> = match form.lasts.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| "Choose how long it lasts.")?),
    };
    let percent = number(&form.percent, "how many requests of a hundred")?.filter(|percent| *percent != 100);
    if percent.is_some_and(|percent| percent > 100) {
        return Err("Of a hundred requests, 1 to 100 can meet the fault.".to_owned());
    }
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Ok(FaultSpec {
        service,
        endpoint: filled(endpoint),
        client: filled(&form.client),
        connection: filled(&form.connection),
        effect: effect(form)?,
        probability: percent.map(|percent| f64::from(percent) / 100.0),
        count: number(&form.count, "after how many hits it ends")?,
        from: (begins > Span::ZERO).then_some(now + begins),
        until: None,
        lasts,
    })
}

fn effect(form: &FaultForm) -> Result<FaultEffect, String> {
    let of = FaultEffect::default;
    Ok(match form.effect.as_str() {
        "503" => FaultEffect { status: Some(503), ..of() },
        "500" => FaultEffect { status: Some(500), ..of() },
        "429" => FaultEffect { status: Some(429), retry_after: Some(30), ..of() },
        "hang" => FaultEffect { delay: Some(Span::from_hours(1)), ..of() },
        "late" => FaultEffect { delay: Some(Span::from_seconds(10)), ..of() },
        "request" => FaultEffect { drop: Some(Dropped::Request), ..of() },
        "response" => FaultEffect { drop: Some(Dropped::Response), ..of() },
        "cut" => FaultEffect { truncate: Some(20), ..of() },
        "malformed" => FaultEffect { malform: true, ..of() },
        "key" => FaultEffect { wrong_key: Some(WrongKey::Unknown), ..of() },
        "signature" => FaultEffect { wrong_key: Some(WrongKey::Signature), ..of() },
        "audience" => FaultEffect { wrong_audience: Some(WRONG_AUDIENCE.to_owned()), ..of() },
        "issuer" => FaultEffect { wrong_issuer: Some(WRONG_ISSUER.to_owned()), ..of() },
        "expired" => FaultEffect { expired: true, ..of() },
        "fast" => FaultEffect { skew: Some(Span::from_minutes(10)), ..of() },
        "slow" => FaultEffect { skew: Some(-Span::from_minutes(10)), ..of() },
        "aadsts" => {
            let digits = form.aadsts.trim().trim_start_matches("AADSTS");
            let number = number(digits, "which AADSTS error it returns, for example 50173")?;
            let number = number.ok_or("Write which AADSTS error it returns, for example 50173.")?;
            FaultEffect { aadsts: Some(number), ..of() }
        }
        _ => return Err("Choose what goes wrong.".to_owned()),
    })
}

/// Reads a number above 0, if there is one.
fn number(text: &str, what: &str) -> Result<Option<u32>, String> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(format!("Write {what} as a number above 0.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NINE: Instant = Instant::from_seconds(1_767_603_600);

    fn form(fields: &Value) -> FaultForm {
        serde_json::from_value(fields.clone()).expect("a form")
    }

    #[test]
    fn a_form_becomes_a_fault() {
        for (fields, expected) in [
            (
                json!({"place": "idp token", "effect": "429", "lasts": "PT1H"}),
                json!({"service": "idp", "endpoint": "token", "do": {"status": 429, "retry_after": 30}, "for": "PT1H"}),
            ),
            (
                json!({"place": "hub", "effect": "hang", "connection": "c", "begins": "PT10M", "count": "3", "percent": "50"}),
                json!({"service": "hub", "do": {"delay": "PT1H"}, "connection": "c", "from": "2026-01-05T09:10:00Z",
                    "count": 3, "probability": 0.5}),
            ),
            (
                json!({"place": "idp", "effect": "aadsts", "aadsts": " AADSTS50173", "client": "x", "percent": "100"}),
                json!({"service": "idp", "do": {"aadsts": 50173}, "client": "x"}),
            ),
        ] {
            let fault = fault(&form(&fields), NINE).expect("a fault");
            assert_eq!(json!(fault), expected);
        }
    }

    #[test]
    fn an_incomplete_form_is_explained() {
        for (fields, begins) in [
            (json!({"effect": "503"}), "Choose where"),
            (json!({"place": "idp"}), "Choose what"),
            (json!({"place": "idp", "effect": "aadsts"}), "Write which AADSTS"),
            (json!({"place": "idp", "effect": "aadsts", "aadsts": "x"}), "Write which AADSTS"),
            (json!({"place": "idp", "effect": "503", "count": "0"}), "Write after how many"),
            (json!({"place": "idp", "effect": "503", "percent": "101"}), "Of a hundred"),
            (json!({"place": "idp", "effect": "503", "begins": "x"}), "Choose when"),
            (json!({"place": "idp", "effect": "503", "lasts": "x"}), "Choose how long"),
        ] {
            let why = fault(&form(&fields), NINE).expect_err("a mistake");
            assert!(why.starts_with(begins), "{fields}: {why}");
        }
    }

    #[test]
    fn every_choice_is_a_fault() {
        for (place, _) in PLACES {
            for (effect, _) in EFFECTS {
                let fields = json!({"place": place, "effect": effect, "aadsts": "50173"});
                assert!(fault(&form(&fields), NINE).is_ok(), "{place} {effect}");
            }
        }
        for (which, _) in PRESETS {
            assert!(preset(which).is_some_and(|fault| fault.lasts.is_some()), "{which}");
        }
        assert_eq!(preset("x"), None);
    }
}
