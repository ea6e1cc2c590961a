//! What a tenant does not have: a page that leads back for a person, a problem document for a
//! program.

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn unknown_objects_lead_back_and_are_problems_for_programs() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let other = "c0470500-0000-4000-8000-000000000009";
    let at = |path: &str| format!("{path}?tenant={TENANT}");
    for (path, title, back) in [
        ("/directory/users/nothing", "There is no such user", at("/directory/users")),
        ("/directory/groups/nothing", "There is no such group", at("/directory/users")),
        ("/directory/applications/nothing", "There is no such application", at("/directory/users")),
        ("/directory/nothing", "There is no page at this address", "/".to_owned()),
        ("/flows/nothing", "There is no such flow", at("/flows")),
        ("/connections?share=nothing", "There is no such connection", at("/connections")),
        ("/connections/nothing", "Nothing of that name is known in this tenant.", at("/connections")),
        ("/runs/nothing", "Nothing of that name is known in this tenant.", at("/flows")),
        ("/tokens?of=nothing", "Nothing of that name is known in this tenant.", at("/")),
        (&format!("/directory/users?tenant={other}"), "There is no such tenant", "/".to_owned()),
        (&format!("/flows/x?tenant={other}"), "There is no such tenant", "/".to_owned()),
        (&format!("/runs/x?tenant={other}"), "There is no such tenant", "/".to_owned()),
        ("/connections/x?tenant=nonsense", "There is no such tenant", "/".to_owned()),
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status.as_u16(), page.texts("h1")), (404, vec![title.to_owned()]), "{path}");
        assert!(
            page.attributes("main a", "href").contains(&back),
            "{path}: {:?}",
            page.attributes("main a", "href")
        );
        for accept in ["application/json", "*/*"] {
            let answer = browser.get_as(path, accept).await;
            let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
            assert_eq!(answer.status, 404, "{path} {accept}");
            assert!(problem["error"]["message"].is_string(), "{path} {accept}: {}", answer.body);
        }
    }
}
