//! `Http` actions, and the credentials in their definitions.

use outlive_clock::Span;
use outlive_tokens::Pfx;
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::fake_issuer::key;
use crate::lab::{FLOW, Lab, OWNER, TENANT, manual};

const URI: &str = "https://api.contoso.example/apim/x/y/orders";

fn http(more: Value) -> Value {
    let mut inputs = json!({"method": "POST", "uri": URI});
    for (name, value) in more.as_object().expect("an object") {
        inputs[name] = value.clone();
    }
    json!({"type": "Http", "inputs": inputs, "runAfter": {}})
}

fn run(lab: &Lab) -> Value {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({"id": "o-1"}))).expect(202);
    lab.newest_run()["properties"]["actions"]["Call"].clone()
}

#[test]
fn requests_reach_only_mapped_hosts() {
    let call = http(json!({
        "uri": format!("{URI}?a=1"), "queries": {"b": "@triggerBody()['id']"},
        "headers": {"Accept": "text/plain", "Host": "evil.test"}, "body": {"n": "@add(1, 1)"},
    }));
    let lab = Lab::with_flow(manual(json!({ "Call": call })));
    let action = run(&lab);
    assert_eq!(action["status"], "Succeeded", "{action}");
    let calls = lab.hub.calls();
    assert_eq!(calls[0].line, "POST /apim/x/y/orders?a=1&b=o-1");
    assert_eq!((calls[0].body.as_str(), calls[0].authorization.as_str()), ("{\"n\":2}", ""));
    assert_eq!(action["outputs"]["statusCode"], 200);
    for (uri, code) in [
        ("https://other.test/", "HostNotMapped"),
        ("http://127.0.0.1:22/", "HostNotMapped"),
        ("http://api.contoso.example.other.test/", "HostNotMapped"),
        ("@{concat('file:', '///etc/passwd')}", "BadRequest"),
        ("@{concat('no', ' uri')}", "BadRequest"),
    ] {
        lab.put_flow(manual(json!({"Call": http(json!({ "uri": uri }))}))).expect(200);
        assert_eq!(run(&lab)["code"], code, "{uri}");
    }
    assert_eq!(lab.hub.calls().len(), 1);
}

#[test]
fn each_type_of_authentication_has_its_header() {
    let lab = Lab::new();
    let application = |secret: &str| {
        json!({"type": "ActiveDirectoryOAuth", "authority": "https://login.windows.net/", "tenant": TENANT,
               "audience": "https://api.contoso.example", "clientId": "app", "secret": secret})
    };
    for (authentication, header) in [
        (json!({"type": "Basic", "username": "amy", "password": "p:w"}), "Basic YW15OnA6dw==".to_owned()),
        (json!({"type": "Raw", "value": "Custom @{triggerBody()['id']}"}), "Custom o-1".to_owned()),
        (application("app-secret"), format!("Bearer app-for-https://api.contoso.example-in-{TENANT}")),
    ] {
        lab.owner(
            "PUT",
            &format!("/{FLOW}"),
            Some(crate::lab::flow(manual(json!({"Call": http(json!({"authentication": authentication}))})))),
        );
        let action = run(&lab);
        assert_eq!(action["status"], "Succeeded", "{action}");
        assert_eq!(action["inputs"]["authentication"], "*sanitized*");
        assert_eq!(lab.hub.calls().last().map(|call| call.authorization.clone()), Some(header));
    }
    lab.put_flow(manual(json!({"Call": http(json!({"authentication": application("old")}))}))).expect(200);
    let action = run(&lab);
    let text = "Http request failed as there is an error getting AD OAuth token: 'AADSTS7000215: Invalid client secret.'.";
    assert_eq!(
        (action["code"].as_str(), action["error"]["message"].as_str()),
        (Some("BadRequest"), Some(text))
    );
    let certificate = json!({"type": "Digest"});
    let error =
        lab.put_flow(manual(json!({"Call": http(json!({"authentication": certificate}))}))).expect(400);
    assert_eq!(
        error["error"]["details"][0]["target"],
        "properties.definition.actions.Call.inputs.authentication.type"
    );
}

#[test]
fn a_transient_failure_is_retried_with_the_credential() {
    let authentication = json!({"type": "Basic", "username": "amy", "password": "pw"});
    let lab = Lab::with_flow(manual(json!({"Call": http(json!({"authentication": authentication}))})));
    lab.hub.replies([Reply::Respond(503, json!({})), Reply::Respond(429, json!({}))]);
    assert_eq!(run(&lab)["status"], "Waiting");
    lab.advance(Span::from_hours(1));
    assert_eq!(lab.newest_run()["properties"]["status"], "Succeeded");
    assert!(lab.hub.calls().iter().all(|call| call.authorization == "Basic YW15OnB3"));
    assert_eq!(lab.hub.calls().len(), 3);
}

#[test]
fn credentials_in_definitions_are_sealed_and_not_shown() {
    let mut definition = manual(json!({
        "Call": http(json!({"authentication": {"type": "Basic", "username": "amy", "password": "secret-password"}})),
    }));
    definition["parameters"]["key"] = json!({"type": "SecureString", "defaultValue": "secret-key"});
    let mut lab = Lab::on_files();
    let saved = lab.put_flow(definition).expect(201);
    run(&lab);
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    for text in
        [saved.to_string(), shown.to_string(), lab.newest_run().to_string(), format!("{:?}", lab.journal(""))]
    {
        assert!(!text.contains("secret-password") && !text.contains("secret-key"), "{text}");
    }
    // What is shown can be saved again, also after a restart.
    lab.restart();
    lab.owner("PUT", &format!("/{FLOW}"), Some(json!({"properties": shown["properties"]}))).expect(200);
    run(&lab);
    assert_eq!(
        lab.hub.calls().last().map(|call| call.authorization.clone()).as_deref(),
        Some("Basic YW15OnNlY3JldC1wYXNzd29yZA==")
    );
    let elsewhere = lab.send(
        "POST",
        &crate::lab::path(""),
        Some(&lab.token(OWNER)),
        Some(json!({"properties": shown["properties"]})),
    );
    let error = elsewhere.expect(400);
    assert_eq!(error["error"]["details"][0]["target"], "properties.definition.parameters.key.defaultValue");
    lab.restart();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(lab.data.path()).expect("a directory") {
        files.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let holds = |needle: &str| files.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds("manual") && !holds("secret-password") && !holds("secret-key"));
}

fn certified(pfx: &str, password: &str) -> Value {
    json!({"type": "ActiveDirectoryOAuth", "tenant": TENANT, "audience": "https://api.contoso.example", "clientId": "app",
           "credentialType": "Certificate", "pfx": pfx, "password": password})
}

#[test]
fn a_certificate_signs_the_assertion_of_an_application() {
    let pfx = Pfx::write(&key(), "p w").expect("written");
    let lab =
        Lab::with_flow(manual(json!({"Call": http(json!({"authentication": certified(&pfx, "p w")}))})));
    for _ in 0..2 {
        let action = run(&lab);
        assert_eq!(action["status"], "Succeeded", "{action}");
        assert_eq!(action["inputs"]["authentication"], "*sanitized*");
        let header = format!("Bearer app-for-https://api.contoso.example-in-{TENANT}");
        assert_eq!(lab.hub.calls().last().map(|call| call.authorization.clone()), Some(header));
    }
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200).to_string();
    assert!(!shown.contains(&pfx) && !shown.contains("p w"), "{shown}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_reported_when_the_action_runs() {
    let pfx = Pfx::write(&key(), "right").expect("written");
    let lab = Lab::new();
    let client =
        |pfx: &str, password: &str| json!({"type": "ClientCertificate", "pfx": pfx, "password": password});
    let not_loaded = "Could not load the certificate private key. Please check the authentication certificate password is \
                      correct and try again.";
    let no_key = "The provided authentication certificate is missing the private key. The private key is required to sign \
                  the request.";
    let without_key = include_str!("../../../tokens/src/pfx/certificate.txt");
    let no_tls = "The request of the action is not valid: its host is mapped to an address without TLS, so no certificate \
                  can be sent.";
    for (authentication, message) in [
        (certified(&pfx, "wrong"), not_loaded),
        (certified("x", "right"), not_loaded),
        (certified(without_key, "test"), no_key),
        (client(&pfx, "right"), no_tls),
    ] {
        lab.owner(
            "PUT",
            &format!("/{FLOW}"),
            Some(crate::lab::flow(manual(json!({"Call": http(json!({"authentication": authentication}))})))),
        );
        let action = run(&lab);
        assert_eq!(
            (&action["status"], &action["code"]),
            (&json!("Failed"), &json!("BadRequest")),
            "{action}"
        );
        assert_eq!(action["error"]["message"], message);
    }
    assert!(lab.hub.calls().is_empty());
    for (authentication, at) in [
        (json!({"type": "ClientCertificate"}), "pfx"),
        (json!({"type": "ClientCertificate", "pfx": 5, "passphrase": "x"}), "passphrase"),
    ] {
        let refused = lab
            .put_flow(manual(json!({"Call": http(json!({"authentication": authentication}))})))
            .expect(400);
        assert!(refused.to_string().contains(at), "{refused}");
    }
}
