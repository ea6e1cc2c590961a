//! Authentication and authorization.

use serde_json::{Value, json};

use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, TENANT, flow, hourly, manual, path};

#[test]
fn only_a_delegated_token_for_this_service_is_accepted() {
    let lab = Lab::with_flow(hourly());
    let url = path("");
    let with = |change: fn(&mut Value)| lab.token_with(OWNER, change);
    let other_tenant = "aaaaaaaa-0000-4000-8000-00000000ffff";
    for (token, status) in [
        (None, 401),
        (Some("garbled".to_owned()), 401),
        (Some("a.b.c".to_owned()), 401),
        (Some(with(|claims| claims["aud"] = json!("https://apihub.azure.com"))), 401),
        (Some(with(|claims| claims["exp"] = json!(1_767_603_600))), 401),
        (Some(with(|claims| claims["nbf"] = json!(3_000_000_000_u64))), 401),
        (Some(with(|claims| claims["iss"] = json!("http://evil.example/x/"))), 401),
        (Some(with(|claims| claims["tid"] = json!("aaaaaaaa-0000-4000-8000-00000000ffff"))), 401),
        (Some(with(|claims| claims["scp"] = json!("Other"))), 403),
        (
            Some(with(|claims| {
                claims["idtyp"] = json!("app");
                claims["roles"] = json!(["User"])
            })),
            403,
        ),
        (Some(with(|_| {})), 200),
    ] {
        let answer = lab.send("GET", &url, token.as_deref(), None);
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        if status == 401 {
            let challenge = answer.headers["www-authenticate"].to_str().expect("text");
            assert!(
                challenge.starts_with("Bearer") && challenge.contains("idp.public.example"),
                "{challenge}"
            );
        }
    }
    let elsewhere = url.replace(TENANT, other_tenant);
    assert_eq!(
        lab.send("GET", &elsewhere, Some(&lab.token(OWNER)), None).expect(403)["error"]["code"],
        "Forbidden"
    );
    let nowhere = url.replace("Default-", "Other-");
    lab.send("GET", &nowhere, Some(&lab.token(OWNER)), None).expect(404);
}

#[test]
fn the_api_version_is_required() {
    let lab = Lab::with_flow(hourly());
    let url = path("");
    let code =
        |url: &str| lab.send("GET", url, Some(&lab.token(OWNER)), None).expect(400)["error"]["code"].clone();
    assert_eq!(code(url.split_once('?').expect("a query").0), "MissingApiVersionParameter");
    assert_eq!(code(&url.replace("2016-11-01", "2015-01-01")), "InvalidApiVersionParameter");
    lab.send("DELETE", &url, Some(&lab.token(OWNER)), None).expect(405);
    lab.send("GET", "/providers/else", Some(&lab.token(OWNER)), None).expect(404);
    lab.send("PUT", &path("/not-a-uuid"), Some(&lab.token(OWNER)), Some(flow(hourly()))).expect(400);
    lab.send("GET", &path("/not-a-uuid"), Some(&lab.token(OWNER)), None).expect(404);
}

#[test]
fn the_flow_of_another_user_is_not_found() {
    let lab = Lab::with_flow(manual(json!({"A": {"type": "Compose", "inputs": 1}})));
    let name = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202)["name"].clone();
    let run = name.as_str().expect("a name");
    let colleague = lab.token(COLLEAGUE);
    for (method, below, body) in [
        ("GET", String::new(), None),
        ("PUT", String::new(), Some(flow(hourly()))),
        ("PATCH", String::new(), Some(json!({"properties": {"displayName": "mine"}}))),
        ("DELETE", String::new(), None),
        ("POST", "/start".to_owned(), None),
        ("POST", "/stop".to_owned(), None),
        ("POST", "/triggers/manual/run".to_owned(), None),
        ("GET", "/runs".to_owned(), None),
        ("GET", format!("/runs/{run}"), None),
        ("GET", format!("/runs/{run}/actions"), None),
    ] {
        let answer = lab.send(method, &path(&format!("/{FLOW}{below}")), Some(&colleague), body);
        assert_eq!(answer.expect(404)["error"]["code"], "FlowNotFound", "{method} {below}");
    }
    assert_eq!(lab.send("GET", &path(""), Some(&colleague), None).expect(200), json!({"value": []}));
    assert_eq!((lab.runs("").len(), lab.journal("flow.").len()), (1, 1));
    lab.owner("GET", &format!("/{FLOW}/runs/nothing"), None).expect(404);
}
