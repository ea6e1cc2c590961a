//! A browser: keeps cookies, parses forms, follows redirects, and stops at the application.

use std::collections::BTreeMap;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use scraper::{Html, Selector};
use url::Url;

use crate::installation::OTHER_ORIGIN;
use crate::tenant::{Answer, send};

#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    idp: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The host name under which it reaches the identity provider, if not by address.
    pub(crate) host: Option<String>,
    /// Its address, if not this machine (`X-Forwarded-For`).
    pub(crate) address: Option<String>,
    /// All `Set-Cookie` headers received.
    pub(crate) set_cookies: Vec<String>,
}

/// Where navigation ended.
#[derive(Debug)]
pub(crate) enum Arrival {
    App(Url),
    Page(Page),
}

/// A parsed page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) answer: Answer,
    pub(crate) heading: String,
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Arrival {
    pub(crate) fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::App(url) => panic!("back at the application: {url}"),
        }
    }

    /// Returns the parameters that the application received, in the query or the fragment.
    pub(crate) fn app(self) -> BTreeMap<String, String> {
        match self {
            Self::App(url) => {
                let text = url.query().or(url.fragment()).unwrap_or_default();
                url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
            }
            Self::Page(page) => panic!("on a page: {page:?}"),
        }
    }

    pub(crate) fn code(self) -> String {
        let sent = self.app();
        sent.get("code").unwrap_or_else(|| panic!("no code in {sent:?}")).clone()
    }

    /// Asserts an error response to the application and returns its parameters.
    pub(crate) fn refused(self, error: &str, code: &str) -> BTreeMap<String, String> {
        let sent = self.app();
        assert_eq!(sent.get("error").map(String::as_str), Some(error), "{sent:?}");
        assert!(sent["error_description"].starts_with(&format!("{code}: ")), "{sent:?}");
        sent
    }
}

impl Page {
    /// Parses a page, and checks what all pages need for accessibility.
    pub(crate) fn read(answer: Answer) -> Self {
        let html = Html::parse_document(&answer.text);
        let select = |text: &str| Selector::parse(text).expect("a selector");
        let text = |name: &str| {
            let texts: Vec<String> = html.select(&select(name)).map(|e| e.text().collect()).collect();
            assert_eq!(texts.len(), 1, "one {name} in {answer:?}");
            assert!(!texts[0].trim().is_empty(), "{name} says something: {answer:?}");
            texts[0].trim().to_owned()
        };
        text("title");
        let heading = text("h1");
        let language = html.select(&select("html")).next().and_then(|e| e.attr("lang"));
        assert_eq!(language, Some("en"), "{answer:?}");
        assert_eq!(html.select(&select("main")).count(), 1, "{answer:?}");
        for input in html.select(&select("input:not([type=hidden])")) {
            let id = input.attr("id").unwrap_or_default();
            let label = format!("label[for='{id}']");
            let labelled = (!id.is_empty() && html.select(&select(&label)).next().is_some())
                || input.parent().and_then(|p| p.value().as_element()).is_some_and(|e| e.name() == "label");
            assert!(labelled, "{} has a label", input.html());
        }
        let form = html.select(&select("form")).next();
        let action = form.and_then(|form| form.attr("action")).unwrap_or_default().to_owned();
        let mut fields = Vec::new();
        for input in form.iter().flat_map(|form| form.select(&select("input")).collect::<Vec<_>>()) {
            if input.attr("type") != Some("checkbox") {
                let attribute = |name| input.attr(name).unwrap_or_default().to_owned();
                fields.push((attribute("name"), attribute("value")));
            }
        }
        // The first submit button is the default action.
        let button = form.and_then(|form| form.select(&select("button[type=submit]")).next());
        if let Some((name, value)) = button.and_then(|button| button.attr("name").zip(button.attr("value"))) {
            fields.push((name.to_owned(), value.to_owned()));
        }
        drop(html);
        Self { answer, heading, action, fields }
    }

    /// Asserts that the page shows this error, with this status.
    pub(crate) fn says(&self, status: u16, code: &str) {
        assert_eq!(self.answer.status, status, "{:?}", self.answer);
        assert!(self.answer.text.contains(&format!(">{code}<")), "{code} in {:?}", self.answer);
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(found, _)| found == name);
        &found.unwrap_or_else(|| panic!("no field {name} in {self:?}")).1
    }
}

impl Browser {
    pub(crate) fn new(http: Client, idp: String) -> Self {
        Self { http, idp, cookies: BTreeMap::new(), host: None, address: None, set_cookies: Vec::new() }
    }

    /// Opens a URL, absolute or relative to the identity provider.
    pub(crate) async fn open(&mut self, url: &str) -> Arrival {
        self.go(url, None).await
    }

    /// Fills in and submits a page's form.
    pub(crate) async fn submit(&mut self, page: &Page, filled: &[(&str, &str)]) -> Arrival {
        let mut fields = page.fields.clone();
        for (name, value) in filled {
            fields.retain(|(field, _)| field != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.post(&page.action, &fields).await
    }

    pub(crate) async fn post(&mut self, action: &str, fields: &[(String, String)]) -> Arrival {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.go(action, Some(body)).await
    }

    /// Submits user name and password.
    pub(crate) async fn sign_in(&mut self, page: &Page, upn: &str, password: &str) -> Arrival {
        assert_eq!(page.heading, "Sign in");
        self.submit(page, &[("loginfmt", upn), ("passwd", password)]).await
    }

    /// Accepts the consent page.
    pub(crate) async fn accept_permissions(&mut self, page: &Page) -> Arrival {
        assert_eq!(page.heading, "Permissions requested");
        self.submit(page, &[]).await
    }

    /// Completes all prompts (password, consent) and returns to the application.
    pub(crate) async fn go_through(&mut self, url: &str, upn: &str, password: &str) -> Arrival {
        let mut arrival = self.open(url).await;
        for _ in 0..2 {
            arrival = match arrival {
                Arrival::Page(page) if page.heading == "Sign in" => self.sign_in(&page, upn, password).await,
                Arrival::Page(page) if page.heading == "Permissions requested" => {
                    self.accept_permissions(&page).await
                }
                other => return other,
            };
        }
        arrival
    }

    /// Changes the password on its page, after signing in if necessary.
    pub(crate) async fn change_password(&mut self, tenant: &str, upn: &str, old: &str, new: &str) -> Page {
        let mut page = self.open(&format!("/{tenant}/changepassword")).await.page();
        if page.heading == "Sign in" {
            page = self.sign_in(&page, upn, old).await.page();
        }
        self.type_new_password(&page, old, new).await.page()
    }

    pub(crate) async fn type_new_password(&mut self, page: &Page, old: &str, new: &str) -> Arrival {
        assert_eq!(page.heading, "Change your password");
        self.submit(page, &[("oldpasswd", old), ("newpasswd", new), ("confirmpasswd", new)]).await
    }

    async fn go(&mut self, url: &str, body: Option<String>) -> Arrival {
        let url = Url::parse(&self.idp).expect("a URL").join(url).expect("an address");
        assert!(url.as_str().starts_with(&self.idp), "forms stay with the identity provider: {url}");
        let mut request = match body {
            Some(body) => self
                .http
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body),
            None => self.http.get(url.clone()),
        };
        if let Some(host) = &self.host {
            request = request.header(HOST, host);
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let answer = send(request).await;
        for set in answer.headers.get_all(SET_COOKIE) {
            let set = set.to_str().expect("a text");
            assert!(set.contains("; HttpOnly") && set.contains("; SameSite="), "{set}");
            // Over https every cookie is `Secure`, whichever page sets it.
            let over_https = self.host.as_ref().is_some_and(|host| OTHER_ORIGIN.ends_with(host));
            assert_eq!(set.contains("; Secure"), over_https, "{set}");
            self.set_cookies.push(set.to_owned());
            let (name, rest) = set.split_once('=').expect("a pair");
            let value = rest.split(';').next().unwrap_or_default();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        match answer.headers.get(LOCATION) {
            Some(location) => {
                let location = location.to_str().expect("a text");
                Arrival::App(Url::parse(location).expect("an absolute address"))
            }
            None => Arrival::Page(Page::read(answer)),
        }
    }
}
