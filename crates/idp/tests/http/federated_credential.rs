//! Federated credentials. The external issuer is another tenant of the same installation, which is
//! treated like any issuer on the web.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::certificate::JWT_BEARER;
use crate::client::App;
use crate::tenant::{Answer, ORDERS, READ, Tenant};
use crate::tokens::Tokens;

/// A tenant with an application that trusts another tenant's tokens: those of its nightly job and
/// those of its owner.
async fn trusting(issuing: &Tenant, subjects: &[&str], issuer: &str) -> Tenant {
    let registered: Vec<Value> = subjects
        .iter()
        .enumerate()
        .map(|(n, subject)| json!({"name": format!("other-{n}"), "issuer": issuer, "subject": subject, "audiences": [issuing.id_of(10)]}))
        .collect();
    Tenant::with_applications(|tenant| {
        let more = json!({
            "federated_credentials": registered,
            "required": [{"resource": tenant.id_of(10), "roles": ["Orders.Read.All"]}],
            "admin_consented": true,
        });
        vec![tenant.application(31, "daemon", &more)]
    })
    .await
}

fn issuer(tenant: &Tenant) -> String {
    format!("{}/{}/v2.0", tenant.installation.url, tenant.id())
}

fn workload(tenant: &Tenant) -> App {
    tenant.app(31, None, "")
}

async fn token_of(tenant: &Tenant) -> String {
    let scope = format!("{ORDERS}/.default");
    Tokens::of(tenant.nightly().client_credentials(&scope).await).access().to_owned()
}

async fn send_assertion(app: &App, assertion: &str) -> Answer {
    let scope = format!("{ORDERS}/.default");
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", &scope),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    app.ask(&form, &[]).await
}

#[tokio::test]
async fn a_token_of_a_registered_issuer_authenticates_the_client() {
    let issuing = Tenant::new().await;
    let trusting = trusting(&issuing, &[&issuing.id_of(215)], &issuer(&issuing)).await;
    let token = token_of(&issuing).await;
    let tokens = Tokens::of(send_assertion(&workload(&trusting), &token).await);
    assert_eq!(tokens.claims()["azpacr"], "2");
    assert_eq!(tokens.claims()["roles"], json!(["Orders.Read.All"]));
    assert_eq!(tokens.claims()["tid"], json!(trusting.id()));

    let part = |n: usize| token.split('.').nth(n).expect("three parts");
    let other = token_of(&issuing).await;
    let forged = format!("{}.{}.{}", part(0), part(1), other.split('.').nth(2).expect("three parts"));
    send_assertion(&workload(&trusting), &forged).await.refused(401, "invalid_client", "AADSTS700027");
    send_assertion(&trusting.desktop(), &token).await.refused(401, "invalid_client", "AADSTS700025");
    // It has expired by the tenant's clock, and long ago by the machine's.
    trusting.advance(Span::from_hours(3)).await;
    send_assertion(&workload(&trusting), &token).await.refused(401, "invalid_client", "AADSTS700024");
}

/// The error number identifies the claim that no credential has: azure-workload-identity#1200
/// (issuer), Azure/login#482 (subject), #515 and #517 (subject in another case). Each is 401
/// `invalid_client` without `error_uri`.
#[tokio::test]
async fn the_error_names_the_claim_without_a_matching_credential() {
    let issuing = Tenant::new().await;
    let (exact, subject, audience) = (issuer(&issuing), issuing.id_of(215), issuing.id_of(10));
    let token = token_of(&issuing).await;
    let upper = subject.to_uppercase();
    assert_ne!(upper, subject);
    let registered = |name: &str, issuer: &str, subject: &str, audience: &str| json!({"name": name, "issuer": issuer, "subject": subject, "audiences": [audience]});
    let other_issuer = registered("other-issuer", &format!("{exact}/"), &subject, &audience);
    let other_audience = registered("other-audience", &exact, &subject, "api://AzureADTokenExchange");
    let other_subject = registered("other-subject", &exact, "other", &audience);
    let other_case = registered("other-case", &exact, &upper, &audience);
    for (credentials, code, named) in [
        (vec![other_issuer.clone()], "AADSTS700211", &exact),
        (vec![other_issuer.clone(), other_audience.clone()], "AADSTS700212", &audience),
        (vec![other_audience, other_subject.clone()], "AADSTS700213", &subject),
        (vec![other_subject, other_case, other_issuer], "AADSTS7002138", &subject),
    ] {
        let tenant = Tenant::with_applications(|tenant| {
            vec![tenant.application(31, "daemon", &json!({"federated_credentials": credentials}))]
        })
        .await;
        let body = send_assertion(&workload(&tenant), &token).await.refused(401, "invalid_client", code);
        let text = body["error_description"].as_str().expect("a text");
        assert!(text.contains(&format!("'{named}'")), "{text}");
        assert!(body.get("error_uri").is_none() && body.get("suberror").is_none(), "{body}");
    }
    let tenant = Tenant::with_applications(|tenant| vec![tenant.application(31, "daemon", &json!({}))]).await;
    send_assertion(&workload(&tenant), &token).await.refused(401, "invalid_client", "AADSTS70025");
}

#[tokio::test]
async fn user_tokens_and_unreachable_issuers_do_not_authenticate() {
    let issuing = Tenant::new().await;
    let user = issuing.desktop().sign_in(&issuing, "owner", READ).await;
    let subject = user.claims()["sub"].as_str().expect("a text").to_owned();
    let tenant = trusting(&issuing, &[&subject], &issuer(&issuing)).await;
    let answer = send_assertion(&workload(&tenant), user.access()).await;
    answer.refused(401, "invalid_client", "AADSTS700229");

    // An issuer at a port without a listener.
    let nowhere = "http://127.0.0.1:9/absent";
    let tenant = trusting(&issuing, &["other"], nowhere).await;
    let claims = json!({"iss": nowhere, "sub": "other", "aud": issuing.id_of(10), "exp": 4_000_000_000_u64});
    let part = |value: Value| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
    };
    for header in
        [json!({"alg": "RS256", "kid": "k"}), json!({"alg": "RS256"}), json!({"alg": "none", "kid": "k"})]
    {
        let assertion = format!("{}.{}.{}", part(header), part(claims.clone()), "AAAA");
        let answer = send_assertion(&workload(&tenant), &assertion).await;
        answer.refused(401, "invalid_client", "AADSTS700027");
    }
}
