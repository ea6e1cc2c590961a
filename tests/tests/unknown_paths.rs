//! Unknown paths of all services: a page for people, a problem document for programs. Icons exist.

use outlive_tests::{Service, System};
use reqwest::StatusCode;

#[tokio::test]
async fn people_get_a_page_that_leads_back_and_programs_a_problem() {
    let system = System::start().await;
    let console = format!("{}/", system.url(Service::Console).trim_end_matches('/'));
    for service in [Service::Console, Service::Idp, Service::Hub, Service::Resource, Service::Flow] {
        let url = format!("{}/nowhere/at/all", system.url(service).trim_end_matches('/'));
        let get = |url: &str, accept: &str| system.http().get(url).header("accept", accept).send();
        let page = get(&url, "text/html,application/xhtml+xml,*/*;q=0.8").await.expect("it answers");
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{url}");
        let kind = page.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(kind.starts_with("text/html"), "{url}: {kind}");
        let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy.contains("style-src 'self'") && !policy.contains("unsafe"), "{url}: {policy}");
        let text = page.text().await.expect("a page");
        let leads_back = match service {
            Service::Console => text.contains("href=\"/\""),
            // The issuer's own page: a person is there because of an application.
            Service::Idp => text.contains("<h1>"),
            _ => text.contains(&format!("href=\"{console}\"")),
        };
        assert!(leads_back, "{url}: {text}");
        for style in text.split("rel=\"stylesheet\" href=\"").skip(1) {
            let path = style.split('"').next().expect("a path");
            let sheet = format!("{}{path}", system.url(service).trim_end_matches('/'));
            assert_eq!(get(&sheet, "*/*").await.expect("it answers").status(), StatusCode::OK, "{sheet}");
        }
        if service != Service::Idp {
            let problem = get(&url, "*/*").await.expect("it answers");
            assert_eq!(problem.status(), StatusCode::NOT_FOUND, "{url}");
            let problem: serde_json::Value = problem.json().await.expect("JSON");
            assert!(problem["error"]["message"].is_string(), "{url}: {problem}");
        }
        let icon = format!("{}/favicon.ico", system.url(service).trim_end_matches('/'));
        let icon = get(&icon, "image/*").await.expect("it answers");
        assert_eq!(
            (icon.status(), &icon.headers()["content-type"]),
            (StatusCode::OK, &"image/svg+xml".parse().expect("a value"))
        );
    }
    system.stop().await;
}
