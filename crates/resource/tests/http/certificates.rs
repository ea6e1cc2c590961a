//! Requests with a client certificate.

use http::Method;
use outlive_clock::{Randomness, Span};
use outlive_tokens::{Certificate, Pfx, SigningKey};
use reqwest::Identity;
use serde_json::{Value, json};

use crate::scene::{NOW, Scene, spec};

pub(crate) fn certificate(seed: u64) -> SigningKey {
    let mut stream = Randomness::from_seed(seed).stream("client-certificate");
    SigningKey::generate_for("gateway", &mut stream, NOW, NOW + Span::from_days(30)).expect("a key")
}

fn pem(key: &SigningKey) -> String {
    let text = Pfx::open(&Pfx::write(key, "p").expect("written"), "p").expect("opened").to_pem();
    text.split_once("-----END PRIVATE KEY-----\n").expect("a key").1.to_owned()
}

/// A client that trusts the authority, with this certificate.
pub(crate) fn client(authority: &str, key: Option<&SigningKey>) -> reqwest::Client {
    let trusted = reqwest::Certificate::from_pem(authority.as_bytes()).expect("a certificate");
    let builder = reqwest::Client::builder().tls_certs_only([trusted]);
    let builder = match key {
        Some(key) => {
            let pfx = Pfx::open(&Pfx::write(key, "p").expect("written"), "p").expect("opened");
            builder.identity(Identity::from_pem(pfx.to_pem().as_bytes()).expect("an identity"))
        }
        None => builder,
    };
    builder.build().expect("a client")
}

pub(crate) async fn list(client: &reqwest::Client, origin: &str, path: &str) -> (u16, Value) {
    let answer = client.get(format!("{origin}{path}")).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

pub(crate) async fn register(scene: &Scene, name: &str, key: &SigningKey) -> (u16, Value) {
    let path = format!("/_lab/tenants/{}/certificates/{name}", scene.tenant);
    let body = json!({"certificate": pem(key)});
    let answer = scene.send(Method::PUT, &path, |request| request.json(&body)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_registered_certificate_permits_everything_within_its_term() {
    let scene = Scene::start().await;
    let (origin, authority) = scene.by_tls();
    let (own, other) = (certificate(1), certificate(2));
    let (status, registered) = register(&scene, "gateway", &own).await;
    let read = Certificate::from_der(own.certificate_der()).expect("a certificate");
    assert_eq!((status, &registered["subject"]), (200, &json!("CN=gateway")));
    assert_eq!(registered["thumbprint"], read.thumbprint());
    let with = client(&authority, Some(&own));

    let (status, page) = list(&with, &origin, "/certificate/orders?$top=1").await;
    assert_eq!(status, 200, "{page}");
    let next = page["@odata.nextLink"].as_str().expect("a link");
    assert!(next.contains("/certificate/orders?"), "{next}");
    let order = json!({"customer": "Fabrikam", "item": "Bell", "quantity": 1});
    let created =
        with.post(format!("{origin}/certificate/orders")).json(&order).send().await.expect("an answer");
    assert_eq!(created.json::<Value>().await.expect("JSON")["createdBy"], "certificate:gateway");
    assert_eq!(scene.journal("request.accepted").await[0]["data"]["certificate"], "gateway");

    let code = |body: &Value| body["error"]["code"].as_str().expect("a code").to_owned();
    for (client, path, expected) in [
        (client(&authority, Some(&other)), "/certificate/orders", (403, "InvalidClientCertificate")),
        (client(&authority, None), "/certificate/orders", (403, "ClientCertificateRequired")),
        (with.clone(), "/orders", (401, "InvalidAuthenticationToken")),
        (with.clone(), "/key/orders", (401, "Unauthorized")),
    ] {
        let (status, body) = list(&client, &origin, path).await;
        assert_eq!((status, code(&body).as_str()), expected, "{path}");
    }
    let plain = scene.send(Method::GET, "/certificate/orders", |request| request).await;
    assert_eq!(plain.refused(), (403, "ClientCertificateRequired"));

    scene.move_time_to(NOW + Span::from_days(30)).await;
    assert_eq!(list(&with, &origin, "/certificate/orders").await.0, 200);
    scene.move_time_to(NOW + Span::from_days(30) + Span::from_seconds(1)).await;
    let (status, body) = list(&with, &origin, "/certificate/orders").await;
    assert_eq!((status, code(&body).as_str()), (403, "InvalidClientCertificate"));
    assert!(body.to_string().contains("expired at 2026-02-04"), "{body}");
    assert_eq!(scene.journal("request.refused").await[0]["data"]["reason"], "expired");

    assert_eq!(register(&scene, "gateway", &other).await.0, 200);
    let (status, body) = list(&with, &origin, "/certificate/orders").await;
    assert!(status == 403 && body.to_string().contains("not registered"), "the old one was replaced: {body}");
}

#[tokio::test]
async fn only_certificates_can_be_registered_and_each_once() {
    let scene = Scene::start().await;
    let own = certificate(1);
    assert_eq!(register(&scene, "one", &own).await.0, 200);
    assert_eq!(register(&scene, "two", &own).await.0, 409);
    assert_eq!(register(&scene, "a%20b", &own).await.0, 400);
    let path = format!("/_lab/tenants/{}/certificates/three", scene.tenant);
    for body in [json!({}), json!({"certificate": "x"}), json!({"certificate": pem(&own), "more": 1})] {
        let answer = scene.send(Method::PUT, &path, |request| request.json(&body)).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    for (certificates, at) in [
        (json!([{"name": "a", "certificate": "x"}]), "/certificates/0/certificate"),
        (json!([{"name": "a b", "certificate": pem(&own)}]), "/certificates/0/name"),
        (
            json!([{"name": "a", "certificate": pem(&own)}, {"name": "a", "certificate": pem(&certificate(2))}]),
            "/certificates/1/name",
        ),
    ] {
        let mut spec = spec();
        spec["certificates"] = certificates;
        let answer = scene.create_tenant(&spec).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.to_string().contains(at), "{answer:?}");
    }
}
