//! Credentials in definitions: what is shown can be saved again.

use serde_json::{Value, json};

use crate::lab::{FLOW, Lab, manual};

const URI: &str = "https://api.contoso.example/apim/x/y/orders";
const SHOWN: &str = "*sanitized*";

fn http(more: Value) -> Value {
    let mut inputs = json!({"method": "GET", "uri": URI});
    for (name, value) in more.as_object().expect("an object") {
        inputs[name] = value.clone();
    }
    json!({"type": "Http", "inputs": inputs, "runAfter": {}})
}

fn shown(lab: &Lab) -> Value {
    lab.owner("GET", &format!("/{FLOW}"), None).expect(200)["properties"].clone()
}

fn save(lab: &Lab, properties: &Value) -> Value {
    lab.owner("PUT", &format!("/{FLOW}"), Some(json!({ "properties": properties }))).expect(200)
}

fn run(lab: &Lab) {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
}

#[test]
fn saving_what_is_shown_changes_nothing() {
    let data =
        json!({"authentication": {"type": "Raw", "value": "data"}, "headers": {"Authorization": "data"}});
    let mut definition = manual(json!({
        "Basic": http(json!({"authentication": {"type": "Basic", "username": "amy", "password": "s3cret"}})),
        "Key": http(json!({"headers": {"x-api-key": "s3cret", "Accept": "text/plain"}})),
        "Data": {"type": "Compose", "inputs": data},
        "Scope": {"type": "Scope", "actions": {"Raw": http(json!({"authentication": {"type": "Raw", "value": "s3cret"}}))}},
    }));
    definition["parameters"]["key"] = json!({"type": "SecureString", "defaultValue": "s3cret"});
    let lab = Lab::with_flow(definition);
    let before = shown(&lab);
    assert!(!before.to_string().contains("s3cret"), "{before}");
    assert_eq!(before.to_string().matches(SHOWN).count(), 4, "{before}");
    assert_eq!(before["definition"]["actions"]["Data"]["inputs"], data);
    assert_eq!(save(&lab, &before)["properties"], before);
    assert!(lab.journal("flow.changed").is_empty());
    assert_eq!(shown(&lab), before);
    run(&lab);
    let run = lab.newest_run();
    assert!(!run.to_string().contains("s3cret"), "{run}");
    assert_eq!(run["properties"]["actions"]["Key"]["inputs"]["headers"]["x-api-key"], SHOWN);
    assert_eq!(run["properties"]["actions"]["Data"]["outputs"], data);
    let sent: Vec<_> = lab.hub.calls().into_iter().map(|call| call.authorization).collect();
    assert!(
        sent.contains(&"Basic YW15OnMzY3JldA==".to_owned()) && sent.contains(&"s3cret".to_owned()),
        "{sent:?}"
    );
}

#[test]
fn a_credential_stays_with_its_action() {
    let basic = |password: &str| {
        http(json!({"authentication": {"type": "Basic", "username": "amy", "password": password}}))
    };
    let lab = Lab::with_flow(manual(json!({"One": basic("pw"), "Other": http(json!({}))})));
    let mut properties = shown(&lab);
    // Renamed and moved into a scope, in which another action has its name.
    let one = properties["definition"]["actions"]["One"].clone();
    properties["definition"]["actions"] =
        json!({"Scope": {"type": "Scope", "actions": {"Two": one, "One": http(json!({}))}}});
    save(&lab, &properties);
    run(&lab);
    let sent: Vec<_> = lab.hub.calls().into_iter().map(|call| call.authorization).collect();
    assert_eq!(sent.iter().filter(|sent| *sent == "Basic YW15OnB3").count(), 1, "{sent:?}");
    // It is not sent to another address under another name.
    let moved = &mut properties["definition"]["actions"]["Scope"]["actions"];
    let mut two = moved["Two"].clone();
    two["inputs"]["uri"] = json!("https://api.contoso.example/apim/x/y/other");
    *moved = json!({ "Three": two });
    let error = lab.owner("PUT", &format!("/{FLOW}"), Some(json!({ "properties": properties }))).expect(400);
    assert_eq!(
        error["error"]["details"][0]["target"],
        "properties.definition.actions.Scope.actions.Three.inputs.authentication.password"
    );
}

#[test]
fn credentials_in_headers_of_requests_are_not_in_the_history() {
    let secret = "@concat('s3', 'cret')";
    let headers = json!({"Authorization": secret, "X-Api-Key": secret, "Accept": "text/plain"});
    let api = json!({"type": "ApiConnection", "inputs": {
        "host": {"connection": {"referenceName": "shared_contoso-orders"}},
        "method": "get", "path": "/orders", "headers": headers,
    }});
    let lab = Lab::with_flow(manual(json!({"Http": http(json!({ "headers": headers })), "Api": api})));
    run(&lab);
    let run = lab.newest_run();
    assert!(!run.to_string().contains("s3cret"), "{run}");
    for name in ["Http", "Api"] {
        let shown = &run["properties"]["actions"][name]["inputs"]["headers"];
        assert_eq!(
            *shown,
            json!({"Authorization": SHOWN, "X-Api-Key": SHOWN, "Accept": "text/plain"}),
            "{run}"
        );
    }
}

#[test]
fn user_information_in_an_address_is_refused() {
    let lab = Lab::new();
    for uri in [
        "https://amy:pw@api.contoso.example/",
        "https://amy@api.contoso.example/",
        "https://@{parameters('key')}:x@api.contoso.example/",
        "https:\\\\amy:pw@api.contoso.example",
    ] {
        let mut definition = manual(json!({"Call": http(json!({ "uri": uri }))}));
        definition["parameters"]["key"] = json!({"type": "String", "defaultValue": "k"});
        let error = lab.put_flow(definition).expect(400);
        assert_eq!(
            error["error"]["details"][0]["target"], "properties.definition.actions.Call.inputs.uri",
            "{uri}"
        );
        assert!(error.to_string().contains("Basic"), "{error}");
        let hook = json!({"type": "HttpWebhook", "inputs": {"subscribe": {"method": "POST", "uri": uri}}});
        let error = lab.put_flow(manual(json!({ "Hook": hook }))).expect(400);
        let target = "properties.definition.actions.Hook.inputs.subscribe.uri";
        assert_eq!(error["error"]["details"][0]["target"], target, "{uri}");
    }
    for uri in ["https://api.contoso.example/apim/x/y/a@b", "https://api.contoso.example/apim/x/y?m=a@b.c"] {
        lab.put_flow(manual(json!({"Call": http(json!({ "uri": uri }))})));
        assert_eq!(shown(&lab)["definition"]["actions"]["Call"]["inputs"]["uri"], uri);
    }
    // Known only when it runs: neither sent nor shown.
    lab.put_flow(manual(
        json!({"Call": http(json!({"uri": "@concat('https://amy:p', 'w@api.contoso.example/')"}))}),
    ))
    .expect(200);
    run(&lab);
    let shown = lab.newest_run();
    assert_eq!(shown["properties"]["actions"]["Call"]["status"], "Failed");
    assert!(!shown.to_string().contains("amy:pw") && lab.hub.calls().is_empty(), "{shown}");
}
