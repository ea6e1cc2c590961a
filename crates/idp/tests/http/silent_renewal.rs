//! Silent renewal in hidden frames, user realm discovery, and the native client page.

use crate::tenant::{Tenant, send};

#[tokio::test]
async fn redirects_work_in_hidden_frames_but_pages_do_not() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let silently = app.authorize_url("User.Read", &[("prompt", "none")]);
    let redirect = send(tenant.http.get(silently)).await;
    assert_eq!(redirect.status, 302, "{redirect:?}");
    assert!(redirect.headers.get("x-frame-options").is_none(), "{redirect:?}");
    assert!(!redirect.header("content-security-policy").contains("frame-ancestors"), "{redirect:?}");
    let page = send(tenant.http.get(app.authorize_url("User.Read", &[]))).await;
    assert_eq!((page.status, page.header("x-frame-options")), (200, "DENY"));
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{page:?}");
}

#[tokio::test]
async fn user_realm_depends_on_the_domain_only() {
    let tenant = Tenant::new().await;
    let upper = tenant.domain.to_uppercase();
    for path in ["userrealm", "UserRealm"] {
        for domain in [&tenant.domain, &upper] {
            let realm = tenant.get(&format!("/common/{path}/unknown@{domain}?api-version=1.0")).await.json();
            assert_eq!(realm["account_type"], "Managed", "{realm}");
            assert_eq!(realm["domain_name"], tenant.domain, "{realm}");
            assert_eq!(realm["ver"], "1.0");
            assert_eq!(realm["cloud_audience_urn"], "urn:federation:MicrosoftOnline");
        }
    }
    let (domain, id) = (tenant.domain.clone(), tenant.id());
    for odd in ["who@elsewhere.example", "who@common", "who", "@", "%ff@x.y", &format!("who@{id}"), &domain] {
        let answer = tenant.get(&format!("/common/userrealm/{odd}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["account_type"], "Unknown", "{odd}");
    }
}

#[tokio::test]
async fn native_applications_can_use_our_redirect_page() {
    let tenant = Tenant::new().await;
    let page = tenant.browser().open("/common/oauth2/nativeclient?code=secret").await.page();
    assert_eq!(page.heading, "You can go back to the application");
    assert!(!page.answer.text.contains("secret"), "{:?}", page.answer);
}
