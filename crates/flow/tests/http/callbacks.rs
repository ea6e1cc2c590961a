//! Calls of request triggers: with a signed address, or with a token.

use axum::body::Body;
use axum::http::Request;
use outlive_clock::Span;
use serde_json::{Value, json};

use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, Response, START, TENANT, definition, flow};

const ORIGIN: &str = "http://flow.test";

fn echo() -> Value {
    json!({"Respond": {"type": "Response", "inputs": {"statusCode": 200, "body": "@triggerOutputs()"}}})
}

fn flow_with(trigger: Value, access: Value) -> Value {
    let mut trigger = trigger;
    trigger["type"] = json!("Request");
    let mut body = flow(definition(json!({ "manual": trigger }), echo()));
    if !access.is_null() {
        body["properties"]["accessControl"] = access;
    }
    body
}

fn saved(trigger: Value, access: Value) -> Lab {
    let lab = Lab::new();
    lab.owner("PUT", &format!("/{FLOW}"), Some(flow_with(trigger, access))).expect(201);
    lab
}

fn callback(lab: &Lab, options: Value) -> Value {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/listCallbackUrl"), Some(options)).expect(200)
}

fn address(lab: &Lab) -> String {
    let url = callback(lab, json!({}))["value"].as_str().expect("an address").to_owned();
    url.strip_prefix(ORIGIN).expect("our origin").to_owned()
}

/// The address without its signature.
fn unsigned(lab: &Lab) -> String {
    let url = address(lab);
    format!("{}?api-version=2016-06-01", url.split_once('?').expect("a query").0)
}

fn call(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut request = Request::builder().method(method).uri(path).header("host", "flow.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    lab.send_request(request.body(Body::from(body.to_owned())).expect("a request"))
}

fn code(response: &Response) -> (u16, &str) {
    (response.status.as_u16(), response.body["error"]["code"].as_str().unwrap_or_default())
}

fn policies(claims: Value) -> Value {
    json!({"triggers": {"openAuthenticationPolicies": {"policies": {"one": {"type": "AAD", "claims": claims}}}}})
}

#[test]
fn a_signed_address_runs_the_flow() {
    let lab = saved(json!({"kind": "Http"}), Value::Null);
    let listed = callback(&lab, json!({"keyType": "Secondary"}));
    assert_eq!(listed["method"], "POST");
    assert_eq!(listed["queries"]["sp"], "/triggers/manual/run");
    assert_eq!(listed["queries"]["sv"], "1.0");
    assert_eq!(listed["response"]["value"], listed["value"]);
    let base = listed["basePath"].as_str().expect("a path");
    assert!(listed["value"].as_str().is_some_and(|url| {
        url.starts_with(&format!("{base}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig="))
    }));
    let url = address(&lab);
    let headers =
        [("content-type", "application/json"), ("x-order", "7"), ("x-order", "8"), ("cookie", "c=1")];
    let response = call(&lab, "POST", &format!("{url}&a=1&b=x%20y"), &headers, "{\"id\": 7}");
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.headers.contains_key("x-ms-workflow-run-id"));
    let outputs = &response.body;
    assert_eq!(outputs["body"], json!({"id": 7}));
    assert_eq!(outputs["queries"], json!({"a": "1", "b": "x y"}));
    assert_eq!(
        (outputs["headers"]["X-Order"].as_str(), &outputs["headers"]["Content-Type"]),
        (Some("7, 8"), &json!("application/json"))
    );
    // What is a credential of the caller is not in the history.
    let run = lab.newest_run();
    assert_eq!(run["properties"]["trigger"]["outputs"]["headers"]["Cookie"], "*sanitized*");
    for (kind, body, expected) in [
        ("text/plain", "hello", json!("hello")),
        ("application/xml", "<a/>", json!("<a/>")),
        (
            "application/octet-stream",
            "ab",
            json!({"$content-type": "application/octet-stream", "$content": "YWI="}),
        ),
        ("application/json", "", json!({})),
    ] {
        let response = call(&lab, "POST", &url, &[("content-type", kind)], body).expect(200);
        assert_eq!(response["body"], expected, "{kind}");
    }
    let response = call(&lab, "POST", &url, &[("content-type", "application/json")], "{");
    assert_eq!(code(&response), (400, "InvalidRequestContent"));
}

#[test]
fn a_changed_or_old_signature_is_refused() {
    let lab = saved(json!({"kind": "Http"}), Value::Null);
    let url = address(&lab);
    let (start, signature) = url.rsplit_once("&sig=").expect("a signature");
    let other_letter = if signature.starts_with('A') { "B" } else { "A" };
    for (changed, expected) in [
        (format!("{start}&sig={other_letter}{}", &signature[1..]), (401, "AuthorizationFailed")),
        (format!("{start}&sig="), (401, "AuthorizationFailed")),
        (start.to_owned(), (401, "AuthorizationFailed")),
        (url.replace("sv=1.0", "sv=2.0"), (401, "AuthorizationFailed")),
        (url.replace("%2Frun", "%2Fread"), (401, "AuthorizationFailed")),
        (format!("{url}&se=2030-01-01T00%3A00%3A00Z"), (401, "AuthorizationFailed")),
        (format!("{url}&sig={signature}"), (400, "BadRequest")),
        (url.replace("api-version=2016-06-01&", ""), (400, "MissingApiVersionParameter")),
        (url.replace("2016-06-01", "2011-01-01"), (400, "InvalidApiVersionParameter")),
        (unsigned(&lab), (401, "DirectApiAuthorizationRequired")),
        (url.replace("/manual/", "/other/"), (404, "WorkflowTriggerNotFound")),
        (url.replacen("/workflows/a", "/workflows/b", 1), (404, "WorkflowNotFound")),
        (url.replacen("/workflows/a", "/workflows/é", 1).replace('é', "%C3%A9"), (404, "WorkflowNotFound")),
        (url.replace("/invoke?", "/invoke/more?"), (404, "NotFound")),
    ] {
        assert_eq!(code(&call(&lab, "POST", &changed, &[], "")), expected, "{changed}");
    }
    assert!(lab.runs("").is_empty());
    call(&lab, "POST", &url, &[], "").expect(200);
    // A replaced key.
    let secondary = callback(&lab, json!({"keyType": "Secondary"}))["value"].clone();
    let secondary = secondary.as_str().and_then(|url| url.strip_prefix(ORIGIN)).expect("an address");
    let regenerate = |body| lab.owner("POST", &format!("/{FLOW}/regenerateAccessKey"), Some(body));
    regenerate(json!({"keyType": "Primary"})).expect(200);
    assert_eq!(code(&call(&lab, "POST", &url, &[], "")), (401, "AuthorizationFailed"));
    call(&lab, "POST", secondary, &[], "").expect(200);
    call(&lab, "POST", &address(&lab), &[], "").expect(200);
    let event = &lab.journal("flow.access_key_regenerated")[0];
    assert_eq!(
        (event["data"]["key"].as_str(), event["data"]["user"].as_str()),
        (Some("Primary"), Some(OWNER))
    );
    for wrong in [json!({"keyType": "Third"}), json!({"keyType": 1}), json!({"notAfter": START}), json!([])] {
        assert_eq!(regenerate(wrong.clone()).status, 400, "{wrong}");
    }
    // Only the owner gets addresses and replaces keys.
    for below in ["/triggers/manual/listCallbackUrl", "/listCallbackUrl", "/regenerateAccessKey"] {
        let path = crate::lab::path(&format!("/{FLOW}{below}"));
        assert_eq!(lab.send("POST", &path, Some(&lab.token(COLLEAGUE)), None).status, 404, "{below}");
        assert_eq!(lab.send("POST", &path, None, None).status, 401, "{below}");
    }
}

#[test]
fn keys_outlive_a_restart_and_end_with_their_flow() {
    let mut lab = Lab::on_files();
    lab.owner("PUT", &format!("/{FLOW}"), Some(flow_with(json!({"kind": "Http"}), Value::Null))).expect(201);
    let url = address(&lab);
    lab.restart();
    call(&lab, "POST", &url, &[], "").expect(200);
    lab.owner("POST", &format!("/{FLOW}/regenerateAccessKey"), None).expect(200);
    let replaced = address(&lab);
    assert_ne!(replaced, url);
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    assert_eq!(code(&call(&lab, "POST", &replaced, &[], "")), (400, "WorkflowTriggerIsNotEnabled"));
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(code(&call(&lab, "POST", &replaced, &[], "")), (404, "WorkflowNotFound"));
}

#[test]
fn an_address_can_expire() {
    let lab = saved(json!({"kind": "Http"}), Value::Null);
    for wrong in [START, "2020-01-01T00:00:00Z", "tomorrow", ""] {
        let path = format!("/{FLOW}/listCallbackUrl");
        assert_eq!(lab.owner("POST", &path, Some(json!({"notAfter": wrong}))).status, 400, "{wrong}");
    }
    let listed = callback(&lab, json!({"notAfter": "2026-01-05T10:00:00Z"}));
    let url = listed["value"].as_str().and_then(|url| url.strip_prefix(ORIGIN)).expect("an address");
    call(&lab, "POST", url, &[], "").expect(200);
    let later = url.replace("2026-01-05T10", "2026-01-05T11");
    assert_ne!(later, url);
    assert_eq!(code(&call(&lab, "POST", &later, &[], "")), (401, "AuthorizationFailed"));
    lab.advance(Span::from_hours(1));
    let response = call(&lab, "POST", url, &[], "");
    assert_eq!(code(&response), (401, "AuthorizationFailed"));
    assert!(response.body.to_string().contains("expired"), "{}", response.body);
}

#[test]
fn a_call_has_one_authentication_scheme() {
    let claims = json!([{"name": "iss", "value": format!("https://sts.windows.net/{TENANT}/")}]);
    let disabled = json!({"triggers": {"sasAuthenticationPolicy": {"state": "Disabled"}}});
    let both = |mut access: Value| {
        access["triggers"]["sasAuthenticationPolicy"] = json!({"state": "Disabled"});
        access
    };
    // What is sent: s a signature, t a token, b Basic, m a malformed token.
    for (access, sent, expected) in [
        (Value::Null, "s", (200, "")),
        (Value::Null, "", (401, "DirectApiAuthorizationRequired")),
        (Value::Null, "t", (401, "DirectApiAuthorizationRequired")),
        (Value::Null, "b", (401, "DirectApiAuthorizationRequired")),
        (Value::Null, "st", (400, "DirectApiRequestHasMoreThanOneAuthorization")),
        (Value::Null, "sb", (400, "DirectApiRequestHasMoreThanOneAuthorization")),
        (policies(claims.clone()), "s", (200, "")),
        (policies(claims.clone()), "t", (200, "")),
        (policies(claims.clone()), "", (401, "DirectApiAuthorizationRequired")),
        (policies(claims.clone()), "b", (401, "DirectApiInvalidAuthorizationScheme")),
        (policies(claims.clone()), "m", (401, "InvalidAuthenticationToken")),
        (policies(claims.clone()), "st", (400, "DirectApiRequestHasMoreThanOneAuthorization")),
        (both(policies(claims.clone())), "s", (401, "DirectApiInvalidAuthorizationScheme")),
        (both(policies(claims)), "t", (200, "")),
        (disabled.clone(), "s", (401, "DirectApiInvalidAuthorizationScheme")),
        (disabled, "t", (401, "DirectApiAuthorizationRequired")),
    ] {
        let lab = saved(json!({"kind": "Http"}), access.clone());
        let path = if sent.contains('s') { address(&lab) } else { unsigned(&lab) };
        let token = format!("Bearer {}", lab.token(OWNER));
        let mut headers = Vec::new();
        for (letter, value) in [('t', token.as_str()), ('b', "Basic YTpi"), ('m', "Bearer a b")] {
            headers.extend(sent.contains(letter).then_some(("authorization", value)));
        }
        let response = call(&lab, "POST", &path, &headers, "{}");
        assert_eq!(code(&response), expected, "{sent} {access}: {}", response.body);
        assert_eq!(response.headers.contains_key("www-authenticate"), response.status == 401);
        assert_eq!(lab.runs("").len(), usize::from(response.status == 200));
    }
}

#[test]
fn a_token_has_all_claims_of_a_policy() {
    let issuer = format!("https://sts.windows.net/{TENANT}/");
    let claim = |name: &str, value: &str| json!({"name": name, "value": value});
    let access = json!({"triggers": {"openAuthenticationPolicies": {"policies": {
        "apps": {"type": "AAD", "claims": [claim("iss", &issuer), claim("aud", "api://orders"), claim("roles", "Call")]},
        "amy": {"type": "AAD", "claims": [claim("iss", &issuer), claim("oid", OWNER)]},
    }}}});
    let lab = saved(json!({"kind": "Http"}), access.clone());
    let shown = lab.owner("GET", &format!("/{FLOW}"), None).expect(200);
    assert_eq!(shown["properties"]["accessControl"], access);
    let path = unsigned(&lab);
    let send =
        |token: &str| call(&lab, "POST", &path, &[("authorization", &format!("Bearer {token}"))], "{}");
    let orders = |roles: Value| {
        lab.token_with(COLLEAGUE, |claims| {
            claims["aud"] = json!("api://orders");
            claims["roles"] = roles;
        })
    };
    assert_eq!(send(&lab.token(OWNER)).status, 200);
    assert_eq!(send(&orders(json!(["Read", "Call"]))).status, 200);
    for token in [lab.token(COLLEAGUE), orders(json!(["Read"])), orders(json!([]))] {
        let response = send(&token);
        assert_eq!(code(&response), (403, "MisMatchingOAuthClaims"));
        assert!(!response.body.to_string().contains("orders"), "{}", response.body);
    }
    for change in [
        (|claims: &mut Value| claims["exp"] = json!(1_700_000_001)) as fn(&mut Value),
        |claims| claims["nbf"] = json!(3_900_000_000_u64),
        |claims| claims["iss"] = json!("https://evil.test/"),
        |claims| claims["tid"] = json!("dddddddd-0000-4000-8000-000000000009"),
    ] {
        let response = send(&lab.token_with(OWNER, change));
        assert_eq!(code(&response), (401, "InvalidAuthenticationToken"), "{}", response.body);
    }
    let token = lab.token(OWNER);
    let (unsigned_part, _) = token.rsplit_once('.').expect("a signature");
    assert_eq!(code(&send(&format!("{unsigned_part}.AAAA"))), (401, "InvalidAuthenticationToken"));
    // A policy that is not valid is refused with its path, and changes nothing.
    let wrong = policies(json!([claim("iss", "https://evil.test/")]));
    let error =
        lab.owner("PATCH", &format!("/{FLOW}"), Some(json!({"properties": {"accessControl": wrong}})));
    assert_eq!(
        error.expect(400)["error"]["details"][0]["target"],
        "properties.accessControl.triggers.openAuthenticationPolicies.policies.one.claims[0].value"
    );
    assert_eq!(send(&lab.token(OWNER)).status, 200);
    // Without the member, PUT removes it.
    lab.owner("PUT", &format!("/{FLOW}"), Some(flow_with(json!({"kind": "Http"}), Value::Null))).expect(200);
    assert_eq!(code(&send(&lab.token(OWNER))), (401, "DirectApiAuthorizationRequired"));
}

#[test]
fn cloud_flows_can_accept_users_of_the_tenant_only() {
    let users =
        |list: &str| json!({"triggerAuthenticationType": "SpecificUsers", "triggerAllowedUsers": list});
    for (inputs, owner, colleague) in [
        (json!({"triggerAuthenticationType": "Tenant"}), 200, 200),
        (users(&OWNER.to_uppercase()), 200, 403),
        (users(&format!("{COLLEAGUE}; {OWNER}")), 200, 200),
        (users(""), 403, 403),
        (json!({"triggerAuthenticationType": "All"}), 401, 401),
    ] {
        let is_open = inputs["triggerAuthenticationType"] == "All";
        let lab = saved(json!({"kind": "Http", "inputs": inputs}), Value::Null);
        let path = unsigned(&lab);
        let send =
            |token: String| call(&lab, "POST", &path, &[("authorization", &format!("Bearer {token}"))], "{}");
        assert_eq!(send(lab.token(OWNER)).status, owner, "{inputs}");
        assert_eq!(send(lab.token(COLLEAGUE)).status, colleague, "{inputs}");
        let other = lab.token_with(OWNER, |claims| claims["aud"] = json!("api://other"));
        assert_ne!(send(other).status, 200, "{inputs}");
        assert_eq!(call(&lab, "POST", &address(&lab), &[], "{}").status == 200, is_open, "{inputs}");
    }
}

#[test]
fn the_authorization_header_is_an_output_only_if_wanted() {
    let access = policies(json!([{"name": "iss", "value": format!("https://sts.windows.net/{TENANT}/")}]));
    for (options, is_included) in [
        (Value::Null, false),
        (json!("EnableSchemaValidation"), false),
        (json!("EnableSchemaValidation, includeAuthorizationHeadersInOutputs"), true),
    ] {
        let mut trigger = json!({"kind": "Http"});
        if !options.is_null() {
            trigger["operationOptions"] = options;
        }
        let lab = saved(trigger, access.clone());
        let token = lab.token(OWNER);
        let authorization = format!("Bearer {token}");
        let response =
            call(&lab, "POST", &unsigned(&lab), &[("authorization", &authorization)], "{}").expect(200);
        let expected = is_included.then_some(authorization.as_str());
        assert_eq!(response["headers"].get("Authorization").and_then(Value::as_str), expected);
        let trigger = lab.newest_run()["properties"]["trigger"].to_string();
        assert!(!trigger.contains(&token), "{trigger}");
    }
}

#[test]
fn a_trigger_has_a_method_and_a_path() {
    let inputs = json!({"method": "get", "relativePath": "/orders/{id}/lines"});
    let lab = saved(json!({"kind": "Http", "inputs": inputs}), Value::Null);
    let listed = callback(&lab, json!({}));
    assert_eq!(
        (listed["method"].as_str(), listed["relativePath"].as_str()),
        (Some("GET"), Some("orders/{id}/lines"))
    );
    assert_eq!(listed["relativePathParameters"], json!(["id"]));
    let url =
        listed["value"].as_str().and_then(|url| url.strip_prefix(ORIGIN)).expect("an address").to_owned();
    assert!(url.contains("/paths/invoke/orders/{id}/lines?"), "{url}");
    for (id, expected) in [("7", "7"), ("a%2F..%2Fb", "a/../b"), ("%C3%A9%20x", "é x")] {
        let response = call(&lab, "GET", &url.replace("{id}", id), &[], "").expect(200);
        assert_eq!(response["relativePathParameters"], json!({ "id": expected }));
    }
    for (path, expected) in [
        (url.replace("/orders/{id}/lines", ""), (404, "NotFound")),
        (url.replace("{id}/lines", "7"), (404, "NotFound")),
        (url.replace("{id}", "%FF"), (400, "BadRequest")),
        (url.replace("orders/{id}", "Orders/7"), (404, "NotFound")),
    ] {
        let response = call(&lab, "GET", &path, &[], "");
        assert_eq!(response.status.as_u16(), expected.0, "{path}: {}", response.body);
    }
    let response = call(&lab, "POST", &url.replace("{id}", "7"), &[], "");
    assert_eq!(code(&response), (405, "MethodNotAllowed"));
    assert_eq!(response.headers["allow"], "GET");
    // Without a method, any that has a meaning.
    lab.owner("PUT", &format!("/{FLOW}"), Some(flow_with(json!({"kind": "Http"}), Value::Null))).expect(200);
    let url = address(&lab);
    for method in ["GET", "PUT", "POST", "PATCH", "DELETE"] {
        let response = call(&lab, method, &url, &[], "").expect(200);
        assert_eq!(response["method"], method);
    }
    let runs = lab.runs("").len();
    for method in ["OPTIONS", "HEAD", "TRACE"] {
        let response = call(&lab, method, &url, &[], "");
        assert_eq!((response.status.as_u16(), lab.runs("").len()), (405, runs), "{method}");
        assert_eq!(response.headers["allow"], "GET, PUT, POST, PATCH, DELETE");
    }
    // Triggers that are not called have no address.
    lab.put_flow(crate::lab::hourly()).expect(200);
    let error = lab.owner("POST", &format!("/{FLOW}/listCallbackUrl"), None);
    assert_eq!(code(&error), (400, "ListCallbackUrlNotSupported"));
}

#[test]
fn addresses_of_callers_and_readers_can_be_limited() {
    let ranges =
        |list: &[&str]| -> Vec<Value> { list.iter().map(|range| json!({ "addressRange": range })).collect() };
    let lab = saved(
        json!({"kind": "Http"}),
        json!({"triggers": {"allowedCallerIpAddresses": ranges(&["203.0.113.0/24", "2001:db8::/64"])},
               "contents": {"allowedCallerIpAddresses": ranges(&["198.51.100.7-198.51.100.9"])}}),
    );
    let path = address(&lab);
    let from = |client: &str| match client {
        "" => call(&lab, "POST", &path, &[], "{}"),
        client => call(&lab, "POST", &path, &[("x-forwarded-for", client)], "{}"),
    };
    for (client, status) in [
        ("203.0.113.9", 200),
        ("2001:db8::1", 200),
        ("203.0.114.9", 401),
        ("203.0.114.9, 203.0.113.9", 401),
        ("", 401),
    ] {
        let response = from(client);
        assert_eq!(response.status, status, "{client} {}", response.body);
        if status == 401 {
            assert_eq!(response.body["error"]["code"], "AuthorizationFailed");
            let message = response.body["error"]["message"].as_str().expect("a message");
            assert!(message.contains("is not in the allowed caller IP address ranges"), "{message}");
        }
    }
    // The list of runs is no content of them.
    let runs = lab.runs("");
    assert_eq!(runs.len(), 2);
    let name = runs[0]["name"].as_str().expect("a name");
    let token = format!("Bearer {}", lab.token(OWNER));
    let read = |below: &str, client: &str| {
        let path = crate::lab::path(&format!("/{FLOW}/{below}"));
        call(&lab, "GET", &path, &[("authorization", token.as_str()), ("x-forwarded-for", client)], "")
            .status
            .as_u16()
    };
    for below in [
        format!("runs/{name}"),
        format!("runs/{name}/actions"),
        format!("runs/{name}/actions/Respond"),
        format!("triggers/manual/histories/{name}"),
    ] {
        assert_eq!((read(&below, "198.51.100.8"), read(&below, "198.51.100.10")), (200, 401), "{below}");
    }
    // Only other workflows, which do not exist here.
    let limited = |triggers: Value, contents: Value| {
        json!({"properties": {"accessControl": {
        "triggers": {"allowedCallerIpAddresses": triggers}, "contents": {"allowedCallerIpAddresses": contents}}}})
    };
    lab.owner("PATCH", &format!("/{FLOW}"), Some(limited(json!([]), json!([])))).expect(200);
    assert_eq!((from("203.0.113.9").status.as_u16(), read(&format!("runs/{name}"), "192.0.2.1")), (401, 200));
    let wrong = limited(json!(ranges(&["10.0.0.0/33"])), json!([{"range": "10.0.0.1"}]));
    let error = lab.owner("PATCH", &format!("/{FLOW}"), Some(wrong)).expect(400);
    let targets: Vec<_> = error["error"]["details"]
        .as_array()
        .expect("details")
        .iter()
        .map(|one| one["target"].clone())
        .collect();
    assert_eq!(targets.len(), 2, "{error}");
    assert!(
        targets
            .contains(&json!("properties.accessControl.triggers.allowedCallerIpAddresses[0].addressRange"))
    );
}
