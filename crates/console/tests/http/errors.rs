//! A choice of tenants, and pages about what failed.

use http::StatusCode;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn shows_a_list_of_tenants_or_an_error_page() {
    let lab = FakeLab { two_tenants: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let choice = browser.get("/").await;
    assert_eq!(choice.texts("main li a"), ["contoso.example", "c0470500-0000-4000-8000-000000000002"]);
    assert_eq!(browser.get(&format!("/?tenant={TENANT}")).await.texts(".tenant-name"), ["contoso.example"]);
    for path in
        ["/?tenant=nonsense", "/?tenant=c0470500-0000-4000-8000-000000000009", "/console/nonsense/fixed/x"]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.texts("h1"), ["There is no such tenant"]);
    }
    assert_eq!(browser.post("/console/nonsense/advance", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unknown_path_leads_back_and_is_a_problem_for_programs() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/jurnal").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.texts("h1"), ["There is no page at this address"]);
    assert_eq!(browser.get("/journals").await.attributes("p a", "href"), ["/journal"]);
    assert!(browser.get("/%3Cscript%3E").await.body.contains("%3Cscript%3E"));
    for accept in ["application/json", "*/*"] {
        let problem = browser.get_as("/jurnal", accept).await;
        assert_eq!(problem.status, StatusCode::NOT_FOUND);
        assert!(problem.body.contains("There is nothing at this path."), "{}", problem.body);
    }
}

#[tokio::test]
async fn an_unreachable_lab_is_an_error_page() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let unreachable = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let answer = Browser::at(&unreachable).get("/").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(answer.texts("h1"), ["The lab does not answer"]);
    assert!(answer.body.contains(&unreachable));
}
