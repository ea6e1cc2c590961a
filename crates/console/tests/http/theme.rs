//! The theme: a choice of the browser that every page has.

use crate::browser::Browser;
use crate::fake_lab::{FLOW, FakeLab, TENANT};

async fn choose(browser: &mut Browser, theme: &str, back: &str) -> crate::browser::Answer {
    let page = browser.get("/flows").await;
    let token = page.attributes("form[action='/console/theme'] input[name=token]", "value")[0].clone();
    browser.post("/console/theme", &[("token", &token), ("theme", theme), ("back", back)]).await
}

#[tokio::test]
async fn every_page_has_the_chosen_theme() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let pages = [
        "/",
        "/?present",
        "/flows",
        "/connections",
        "/tokens",
        "/tokens?of=n",
        "/journal",
        "/phone",
        "/timeline",
        "/matrix/credentials",
        "/matrix/editions",
        "/matrix/worksheet",
        "/diagnose",
        "/lessons",
        "/class",
        "/join",
        "/console/tenants",
        "/nothing",
        "/directory/users",
        "/directory/users/nothing",
        "/flows/other",
        "/?tenant=nonsense",
        &format!("/flows/{FLOW}"),
    ];
    for (theme, attribute) in [("dark", vec!["dark"]), ("light", vec!["light"]), ("system", vec![])] {
        let answer = choose(&mut browser, theme, "/journal?show=all").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["location"]),
            (303, &"/journal?show=all".parse().expect("a header"))
        );
        for path in pages {
            assert_eq!(browser.get(path).await.attributes("html", "data-theme"), attribute, "{theme} {path}");
        }
        let image = browser.get("/timeline.svg").await;
        assert_eq!(image.body.contains("svg{background:#171614}"), theme == "dark", "{theme}");
    }
}

#[tokio::test]
async fn the_switch_returns_to_its_page_and_shows_what_is_chosen() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let address = format!("/connections?tenant={TENANT}&share=orders");
    let page = browser.get(&address).await;
    let form = "form[action='/console/theme']";
    assert_eq!(page.attributes(&format!("{form} input[name=back]"), "value"), [address.as_str()]);
    assert_eq!(page.texts(&format!("{form} [aria-current]")), ["As the system"]);
    choose(&mut browser, "dark", &address).await;
    assert_eq!(browser.get(&address).await.texts(&format!("{form} [aria-current]")), ["Dark"]);
    // Elsewhere is not returned to, and other sites change nothing.
    assert_eq!(choose(&mut browser, "light", "//elsewhere.example").await.headers["location"], "/");
    for fields in [[("token", "x"), ("theme", "dark")], [("token", "x"), ("theme", "pink")]] {
        let answer = browser.post("/console/theme", &fields).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get("set-cookie")), (400, None));
    }
}
