//! The orders API behind directory passwords and keys, with the real program: a changed password
//! ends the one at the next request, and never the other.

use outlive_tests::{Service, System};

#[tokio::test]
async fn a_changed_password_ends_requests_with_the_old_one_at_once() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let owner = tenant.user("owner");
    let name = owner["upn"].as_str().expect("a name").to_owned();
    let old = owner["password"].as_str().expect("a password").to_owned();
    let key = tenant.facts["api_keys"][0]["key"].as_str().expect("a key").to_owned();
    let resource = system.url(Service::Resource);
    let by_password = async |password: &str| {
        let request = system.http().get(format!("{resource}/basic/orders"));
        let answer = request.basic_auth(&name, Some(password)).send().await.expect("it answers");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let by_key = async || {
        let request = system.http().get(format!("{resource}/key/orders")).header("x-api-key", &key);
        request.send().await.expect("it answers").status().as_u16()
    };
    assert_eq!(by_password(&old).await.0, 200);
    assert_eq!(by_key().await, 200);

    let new = "Other-9876-password";
    tenant.change_password("owner", new).await;
    let (status, body) = by_password(&old).await;
    assert_eq!(status, 401, "{body}");
    assert!(body.contains("AADSTS50126"), "{body}");
    assert_eq!(by_password(new).await.0, 200);
    assert_eq!(by_key().await, 200);

    let log = system.log();
    for secret in [&old, new, &key] {
        assert!(!log.contains(secret), "{log}");
    }
    system.stop().await;
}
