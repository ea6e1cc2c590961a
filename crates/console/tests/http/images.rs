//! Images that pages export: SVG by the server, PNG by a script.

use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY};

#[tokio::test]
async fn each_image_stands_alone_and_its_png_needs_the_script() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    for (path, name) in
        [("/", "story.png"), ("/timeline", "timeline.png"), ("/matrix/credentials", "matrix.png")]
    {
        let page = browser.get(path).await;
        assert!(page.attributes("script", "src").contains(&"/console/png.js".to_owned()), "{path}");
        assert_eq!(page.attributes(".needs-script > a[data-png]", "data-png"), [name], "{path}");
        let address = page.attributes("a[data-png]", "href").remove(0);
        let image = browser.get(&address).await;
        assert_eq!(image.headers[CONTENT_TYPE], "image/svg+xml", "{address}");
        // With its size, for a canvas; without anything that is loaded or executed.
        let tag = image.body.split('>').next().unwrap_or_default();
        assert!(tag.contains(" width=\"") && tag.contains(" height=\""), "{tag}");
        assert!(tag.contains("xmlns=\"http://www.w3.org/2000/svg\""), "{tag}");
        for absent in ["<script", "<a ", "url(", NASTY] {
            assert!(!image.body.contains(absent), "{absent} in {address}");
        }
    }
    let script = browser.get("/console/png.js").await;
    assert_eq!(script.status, StatusCode::OK);
    assert!(script.headers[CONTENT_TYPE].to_str().expect("text").starts_with("text/javascript"));
}
