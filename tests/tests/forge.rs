//! Forged tokens, and an API that accepts and rejects them as it should.

use outlive_tests::{Service, System, Tenant};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn forge(system: &System, tenant: &Tenant, wanted: Value) -> (StatusCode, Value) {
    let url = format!("{}/lab/tenants/{}/forge", system.url(Service::Console), tenant.id());
    let answer = system.http().post(url).json(&wanted).send().await.expect("the lab answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

/// The status with which the orders API answers a token.
async fn read_orders(system: &System, token: &str) -> u16 {
    let url = format!("{}/orders", system.url(Service::Resource));
    let request = system.http().get(url).bearer_auth(token);
    request.send().await.expect("the API answers").status().as_u16()
}

async fn access_token(tenant: &Tenant) -> String {
    let request = json!({"user": "owner", "app": "Orders Desktop", "redeem": true});
    let tokens = tenant.call(Method::POST, "/sign_in", Some(request)).await;
    tokens["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn the_orders_api_rejects_forged_tokens_unless_a_published_key_signed_valid_claims() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"bare": true, "clock": {"speed": 0}})).await;
    let like = access_token(&tenant).await;
    assert_eq!(read_orders(&system, &like).await, 200);
    // The key that signed `like` is retired, and still published.
    tenant.happen(json!({"type": "rotate_signing_key"})).await;
    let (_, copy) = forge(&system, &tenant, json!({"like": like})).await;
    let kid = &copy["header"]["kid"];
    assert!(kid.is_string(), "{copy}");
    for (forgery, status) in [
        (json!({}), 200),
        (json!({"claims": {"name": "Another"}}), 200),
        (json!({"claims": {"exp": "PT1M"}}), 200),
        (json!({"key": "retired"}), 200),
        (json!({"claims": {"exp": "-PT1S"}}), 401),
        (json!({"claims": {"exp": null}}), 401),
        (json!({"claims": {"exp": ["soon"]}}), 401),
        (json!({"claims": {"nbf": "PT1H", "iat": "PT1H"}}), 401),
        (json!({"claims": {"aud": "api://another"}}), 401),
        (json!({"claims": {"aud": ["api://contoso-orders"]}}), 401),
        (json!({"claims": {"iss": "https://sts.windows.net/other/"}}), 401),
        (json!({"claims": {"tid": "00000000-0000-4000-8000-000000000001"}}), 401),
        (json!({"claims": {"scp": "Other.Read"}}), 403),
        (json!({"key": "unknown"}), 401),
        // Names the published key, so that only the signature is wrong.
        (json!({"key": "unknown", "header": {"kid": kid}}), 401),
        (json!({"alg": "HS256"}), 401),
        (json!({"alg": "none"}), 401),
        (json!({"alg": "none", "header": {"alg": "None"}}), 401),
        (json!({"alg": "HS256", "header": {"alg": "RS256"}}), 401),
        (json!({"header": {"kid": null}}), 401),
        (json!({"header": {"typ": "secevent+jwt"}}), 401),
    ] {
        let mut wanted = forgery.clone();
        wanted["like"] = json!(like);
        let (answered, forged) = forge(&system, &tenant, wanted).await;
        assert_eq!(answered, StatusCode::OK, "{forgery}: {forged}");
        let token = forged["token"].as_str().expect("a token");
        assert_eq!(read_orders(&system, token).await, status, "{forgery}: {forged}");
        assert_eq!(forged["key_is_published"], forgery["key"] != "unknown", "{forgery}");
        let alg = forgery["alg"].as_str().unwrap_or("RS256");
        assert_eq!(token.ends_with('.'), alg == "none", "{forgery}");
        if forgery["header"].is_null() {
            assert_eq!(forged["header"]["alg"], alg);
        }
    }
    system.stop().await;
}

#[tokio::test]
async fn every_forged_token_is_in_the_journal_and_none_of_its_text() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"bare": true})).await;
    let like = access_token(&tenant).await;
    let mut tokens = Vec::new();
    for wanted in [
        json!({"like": like, "alg": "none"}),
        json!({"claims": {"aud": "api://my-api", "ver": "2.0"}, "key": "unknown"}),
        json!({"claims": {"aud": {"is": "no text"}}, "alg": "HS256"}),
    ] {
        let (status, forged) = forge(&system, &tenant, wanted).await;
        assert_eq!(status, StatusCode::OK, "{forged}");
        tokens.push(forged["token"].as_str().expect("a token").to_owned());
    }
    let lines = tenant.journal("token.forged").await["lines"].as_array().expect("lines").clone();
    let facts = lines.iter().map(|line| {
        let data = &line["data"];
        json!([data["audience"], data["key"], data["alg"], data["like"].is_string()])
    });
    assert_eq!(
        facts.collect::<Vec<_>>(),
        [
            json!(["api://contoso-orders", "signing", "none", true]),
            json!(["api://my-api", "unknown", "RS256", false]),
            json!(["{\"is\":\"no text\"}", "signing", "HS256", false]),
        ]
    );
    assert_eq!(lines[0]["subject"], format!("user:{}", tenant.user("owner")["id"].as_str().expect("an id")));
    // An id of any length could be a credential.
    let (status, _) = forge(&system, &tenant, json!({"like": like, "claims": {"uti": like}})).await;
    assert_eq!(status, StatusCode::OK);
    let lines = tenant.journal("token.forged").await["lines"].as_array().expect("lines").clone();
    assert_eq!((lines.len(), &lines[3]["data"]["uti"]), (4, &Value::Null));
    tokens.push(like);
    let text = json!(lines).to_string();
    for token in tokens {
        let claims = token.split('.').nth(1).expect("claims");
        assert!(!text.contains(claims), "the journal has the token {token}");
    }
    system.stop().await;
}

/// Its journal would have nothing of such a token.
#[tokio::test]
async fn a_token_of_another_tenant_is_forged_in_that_tenant() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"bare": true})).await;
    let other = system.new_tenant_like(json!({"bare": true})).await;
    let like = access_token(&other).await;
    let named = json!({"aud": "api://contoso-orders", "tid": other.id()});
    for wanted in [json!({"like": like}), json!({"claims": named})] {
        let (status, problem) = forge(&system, &tenant, wanted).await;
        let message = problem["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        assert!(message.contains(&format!("one of tenant {}", other.id())), "{message}");
    }
    assert_eq!(forge(&system, &other, json!({"like": like})).await.0, StatusCode::OK);
    let nowhere = json!({"aud": "api://contoso-orders", "tid": "11111111-0000-4000-8000-000000000000"});
    assert_eq!(forge(&system, &tenant, json!({"claims": nowhere})).await.0, StatusCode::OK);
    system.stop().await;
}

#[tokio::test]
async fn what_cannot_be_forged_is_refused_with_the_reason() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"bare": true})).await;
    for (status, wanted, part) in [
        (400, json!({}), "at least the audience"),
        (400, json!({"like": "opaque"}), "'like' is not a signed JWT"),
        (400, json!({"like": "a.b.c"}), "'like' is not a signed JWT"),
        (400, json!({"claims": {"aud": "x"}, "key": "retired"}), "rotate_signing_key"),
        (400, json!({"claims": {"aud": "x", "exp": "soon"}}), "claims.exp: 'soon' is neither an instant"),
        (400, json!({"claims": {"aud": "x", "nbf": ""}}), "claims.nbf: ''"),
        (400, json!({"claims": {"aud": "x", "iat": "1767607200"}}), "a number of seconds"),
        (422, json!({"claims": {"aud": "x"}, "key": "another"}), "unknown variant `another`"),
        (422, json!({"claims": {"aud": "x"}, "alg": "RS1"}), "unknown variant `RS1`"),
        (422, json!({"claims": []}), "claims"),
        (422, json!({"audience": "x"}), "unknown field `audience`"),
    ] {
        let (answered, problem) = forge(&system, &tenant, wanted.clone()).await;
        assert_eq!(answered.as_u16(), status, "{wanted}: {problem}");
        let message = problem["error"]["message"].as_str().expect("a message");
        assert!(message.contains(part), "{wanted}: {message}");
    }
    system.stop().await;
}
