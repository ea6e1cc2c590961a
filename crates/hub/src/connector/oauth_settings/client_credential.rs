//! What a document says of the application's credential: its client secret, or that it takes a
//! certificate.

use outlive_tokens::Secret;
use serde_json::Value;

use super::settings::SPELLINGS;

/// Whether a sign-in of the document authenticates the application with a certificate.
pub(crate) fn takes_certificate(document: &Value) -> bool {
    let properties = document.get("properties").unwrap_or(document);
    let single = properties.get("connectionParameters");
    let sets = properties.pointer("/connectionParameterSets/values").and_then(Value::as_array);
    let sets = sets.into_iter().flatten().filter_map(|set| set.get("parameters"));
    single.into_iter().chain(sets).filter_map(Value::as_object).any(|parameters| {
        parameters.values().any(|parameter| {
            SPELLINGS.iter().any(|spelling| {
                let provider = parameter.get(spelling).and_then(|settings| settings.get("identityProvider"));
                provider
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.eq_ignore_ascii_case("aadcertificate"))
            })
        })
    })
}

/// Removes all client secrets from an `apiProperties` document and returns the first: they are
/// write-only.
pub(in crate::connector) fn take_client_secret(document: &mut Value) -> Option<Secret> {
    let properties =
        if document.get("properties").is_some() { document.get_mut("properties")? } else { document };
    let mut found = None;
    if let Some(parameters) = properties.get_mut("connectionParameters") {
        take_from(parameters, &mut found);
    }
    let sets = properties.pointer_mut("/connectionParameterSets/values").and_then(Value::as_array_mut);
    for set in sets.into_iter().flatten() {
        if let Some(parameters) = set.get_mut("parameters") {
            take_from(parameters, &mut found);
        }
    }
    found
}

fn take_from(parameters: &mut Value, found: &mut Option<Secret>) {
    for parameter in parameters.as_object_mut().into_iter().flat_map(|parameters| parameters.values_mut()) {
        for spelling in SPELLINGS {
            let settings = parameter.get_mut(spelling).and_then(Value::as_object_mut);
            if let Some(Value::String(secret)) = settings.and_then(|settings| settings.remove("clientSecret"))
            {
                found.get_or_insert(Secret::new(secret));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn connectors_of_aadcertificate_take_one() {
        let parameters = |provider: &str| json!({"token": {"oAuthSettings": {"identityProvider": provider}}});
        for (document, takes) in [
            (json!({"properties": {"connectionParameters": parameters("aadcertificate")}}), true),
            (json!({"connectionParameters": parameters("AadCertificate")}), true),
            (json!({"properties": {"connectionParameters": parameters("aad")}}), false),
            (
                json!({"properties": {"connectionParameterSets": {"values": [
                    {"parameters": parameters("aad")}, {"parameters": parameters("aadcertificate")},
                ]}}}),
                true,
            ),
            (json!([]), false),
        ] {
            assert_eq!(takes_certificate(&document), takes, "{document}");
        }
    }

    #[test]
    fn secrets_are_removed_from_the_document() {
        for spelling in SPELLINGS {
            let parameters =
                || json!({"token": {"type": "oauthSetting", spelling: {"clientSecret": "s3cret"}}});
            for mut document in [
                json!({"properties": {"connectionParameters": parameters()}}),
                json!({"connectionParameters": parameters()}),
                json!({"properties": {"connectionParameterSets": {"values": [
                    {"parameters": {}}, {"parameters": parameters()}, {"parameters": parameters()},
                ]}}}),
            ] {
                assert_eq!(take_client_secret(&mut document), Some(Secret::new("s3cret")));
                assert!(!document.to_string().contains("s3cret"));
                assert_eq!(take_client_secret(&mut document), None);
            }
        }
        for mut other in [json!([1]), json!({"properties": 1}), json!({"connectionParameters": [1]})] {
            assert_eq!(take_client_secret(&mut other), None);
        }
    }
}
