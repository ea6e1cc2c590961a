//! A browser at the console, without scripts.

use axum::Router;
use axum::body::Body;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use outlive_chassis::{CallerOrigin, HttpClient};
use outlive_clock::Randomness;
use outlive_console::ConsoleConfig;
use scraper::{Html, Selector};
use tower::ServiceExt;

use crate::fake_lab::TENANT;

/// A browser at the console: it keeps its cookies.
pub(crate) struct Browser {
    app: Router,
    pub(crate) cookies: Vec<(String, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        Html::parse_document(&self.body)
            .select(&selector)
            .map(|element| {
                element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    pub(crate) fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        Html::parse_document(&self.body)
            .select(&selector)
            .filter_map(|element| element.value().attr(name).map(str::to_owned))
            .collect()
    }
}

impl Browser {
    pub(crate) fn at(lab_url: &str) -> Self {
        let app = outlive_console::router(ConsoleConfig {
            lab_url: lab_url.parse().expect("an address"),
            tenant_hint: None,
            http: HttpClient::new().expect("a client"),
            random: Randomness::from_seed(1),
        });
        let origin = CallerOrigin("http://127.0.0.1:8700".into());
        Self { app: app.layer(axum::Extension(origin)), cookies: Vec::new() }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(COOKIE, cookies.join("; ")).body(Body::from(body)).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(SET_COOKIE) {
            let (pair, attributes) = set.to_str().expect("text").split_once(';').expect("attributes");
            // A sign-in returns from another site.
            let site = if pair.starts_with("outlive_demo=") { "SameSite=Lax" } else { "SameSite=Strict" };
            assert!(attributes.contains("HttpOnly") && attributes.contains(site), "{attributes}");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.get_as(path, "text/html").await
    }

    /// Loads a page in one of the accepted formats.
    pub(crate) async fn get_as(&mut self, path: &str, accept: &str) -> Answer {
        self.send(Request::get(path).header(ACCEPT, accept), String::new()).await
    }

    /// Asks for the headers of a page.
    pub(crate) async fn head(&mut self, path: &str) -> Answer {
        self.send(Request::head(path), String::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut url = url::Url::parse("http://form").expect("an address");
        url.query_pairs_mut().extend_pairs(fields);
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "text/html");
        self.send(request, url.query().unwrap_or_default().to_owned()).await
    }

    /// Loads the page, sends the form of `action` with these fields, and follows where it leads.
    pub(crate) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get("/").await;
        let path = format!("/console/{TENANT}/{action}");
        let token = page.attributes(&format!("form[action='{path}'] input[name=token]"), "value").remove(0);
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        let answer = self.post(&path, &all).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let to = answer.headers[LOCATION].to_str().expect("text").to_owned();
        assert_eq!(to, format!("/?tenant={TENANT}"));
        self.get(&to).await
    }
}
