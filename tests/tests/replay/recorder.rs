//! Records exchanges with Outlive in the way in which browsers write HAR files, under the names of
//! the original.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outlive_tests::{Service, System, Tenant};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Url, redirect};
use serde_json::{Value, json};

/// When the recording starts.
pub(crate) const START: &str = "2026-03-02T08:00:00Z";
const LOGIN: &str = "https://login.microsoftonline.com";
const GRAPH: &str = "https://graph.microsoft.com";
const TOKENS_V1: &str = "https://sts.windows.net";

/// A recording in progress.
pub(crate) struct Recorder<'a> {
    system: &'a System,
    pub(crate) tenant: Tenant,
    pub(crate) entries: Vec<Value>,
    /// Values that must not be in a redacted file.
    pub(crate) secrets: Vec<String>,
    /// The session of the last sign-in.
    session: Value,
}

impl<'a> Recorder<'a> {
    pub(crate) async fn start(system: &'a System) -> Self {
        let clock = json!({"now": START, "speed": 0});
        let tenant = system.new_tenant_like(json!({"bare": true, "clock": clock})).await;
        let mut secrets = Vec::new();
        for user in tenant.facts["users"].as_array().expect("users") {
            secrets.extend(["upn", "id", "password"].map(|name| text(&user[name]).to_owned()));
        }
        for application in tenant.facts["applications"].as_array().expect("applications") {
            secrets.extend(application["secret"].as_str().map(str::to_owned));
        }
        secrets.extend([tenant.id().to_owned(), text(&tenant.facts["domain"]).to_owned()]);
        Self { system, tenant, entries: Vec::new(), secrets, session: Value::Null }
    }

    fn issuer(&self) -> String {
        self.system.url(Service::Idp)
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.issuer(), self.tenant.id())
    }

    pub(crate) fn client(&self, name: &str) -> String {
        text(&self.tenant.application(name)["client_id"]).to_owned()
    }

    pub(crate) fn secret(&self, name: &str) -> String {
        text(&self.tenant.application(name)["secret"]).to_owned()
    }

    /// The HAR file.
    pub(crate) fn har(&self) -> Value {
        har(&self.entries)
    }

    /// Sends a form to an endpoint and records it.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Value {
        let url = self.path(path);
        let request = self.system.http().post(&url).form(form);
        let secret = ["password", "client_secret", "code", "refresh_token", "device_code", "assertion"];
        let sent =
            form.iter().filter(|(name, _)| secret.contains(name)).map(|(_, value)| (*value).to_owned());
        self.secrets.extend(sent);
        self.send("POST", &url, &[], form, request).await
    }

    /// Requests a document or a user's data and records it.
    pub(crate) async fn get(&mut self, url: &str, token: Option<&str>) -> Value {
        let mut request = self.system.http().get(url);
        let mut headers = Vec::new();
        if let Some(token) = token {
            request = request.bearer_auth(token);
            headers.push(("Authorization", format!("Bearer {token}")));
        }
        self.send("GET", url, &headers, &[], request).await
    }

    pub(crate) async fn document(&mut self, path: &str) -> Value {
        let url = self.path(path);
        self.get(&url, None).await
    }

    /// Requests a document that is not of one tenant.
    pub(crate) async fn document_of_all(&mut self, path: &str) -> Value {
        let url = format!("{}/common/{path}", self.issuer());
        self.get(&url, None).await
    }

    /// Asks which names the identity provider has.
    pub(crate) async fn instance(&mut self) -> Value {
        let issuer = self.issuer();
        let endpoint = format!("{issuer}/{}/oauth2/v2.0/authorize", self.tenant.id());
        let path = format!("discovery/instance?api-version=1.1&authorization_endpoint={endpoint}");
        self.document_of_all(&path).await
    }

    pub(crate) async fn graph(&mut self, path: &str, token: &str) -> Value {
        let url = format!("{}{path}", self.issuer());
        let answer = self.get(&url, Some(token)).await;
        let entry = self.entries.last_mut().expect("it is recorded");
        let recorded = text(&entry["request"]["url"]).replace(LOGIN, GRAPH);
        entry["request"]["url"] = json!(recorded);
        answer
    }

    async fn send(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, String)],
        form: &[(&str, &str)],
        request: RequestBuilder,
    ) -> Value {
        let answer = request.send().await.expect("the issuer answers");
        let (status, received) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.expect("a body");
        let json: Value = serde_json::from_str(&body).unwrap_or_default();
        for name in ["access_token", "refresh_token", "id_token", "device_code"] {
            self.secrets.extend(json[name].as_str().map(str::to_owned));
        }
        self.record(method, url, headers, form, status, &received, &body).await;
        json
    }

    #[expect(clippy::too_many_arguments, reason = "they are the members of an entry")]
    async fn record(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, String)],
        form: &[(&str, &str)],
        status: u16,
        received: &HeaderMap,
        body: &str,
    ) {
        let now = text(&self.tenant.clock().await["now"]).to_owned();
        let (issuer, tenant) = (self.issuer(), self.tenant.id().to_owned());
        let original = |text: &str| renamed(text, &issuer, &tenant);
        let pairs = |name: &str, value: &str| json!({"name": name, "value": original(value)});
        let mut request = json!({
            "method": method,
            "url": original(url),
            "httpVersion": "http/2.0",
            "headers": headers.iter().map(|(name, value)| pairs(name, value)).collect::<Vec<_>>(),
            "queryString": [],
            "cookies": [],
        });
        if !form.is_empty() {
            let form = form.iter().map(|(name, value)| (*name, original(value)));
            let query = Url::parse_with_params("http://x", form).expect("a URL");
            request["postData"] = json!({
                "mimeType": "application/x-www-form-urlencoded",
                "text": query.query().unwrap_or_default(),
            });
        }
        let headers: Vec<Value> = received
            .iter()
            .map(|(name, value)| pairs(name.as_str(), value.to_str().expect("text")))
            .collect();
        // Chrome and Firefox write some bodies in base64.
        let content = if self.entries.len().is_multiple_of(2) {
            json!({"mimeType": "", "text": STANDARD.encode(original(body)), "encoding": "base64"})
        } else {
            json!({"mimeType": "", "text": original(body)})
        };
        self.entries.push(json!({
            "startedDateTime": now,
            "time": 12.5,
            "request": request,
            "response": {"status": status, "statusText": "", "headers": headers, "content": content},
        }));
    }

    fn authorization_request(&self, client: &str, redirect_uri: &str, scope: &str, challenge: &str) -> Url {
        let mut url: Url = self.path("oauth2/v2.0/authorize").parse().expect("a URL");
        url.query_pairs_mut().extend_pairs([
            ("client_id", client),
            ("response_type", "code"),
            ("redirect_uri", redirect_uri),
            ("scope", scope),
            ("state", "state-of-the-client"),
            ("nonce", "nonce-of-the-client"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]);
        url
    }

    /// Gets a code in the session of the last sign-in, without a page.
    pub(crate) async fn silent(&mut self, client: &str, redirect_uri: &str, scope: &str, challenge: &str) {
        let mut url = self.authorization_request(client, redirect_uri, scope, challenge);
        let session = &self.session;
        let request =
            json!({"user": "owner", "authorize_url": url.as_str(), "with": "session", "session": session});
        let answer = self.tenant.call(Method::POST, "/sign_in", Some(request)).await;
        url.query_pairs_mut().append_pair("prompt", "none");
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, text(&answer["redirect_url"]).parse().expect("a header"));
        self.record("GET", url.as_str(), &[], &[], 302, &headers, "").await;
        self.secrets.push(text(&answer["code"]).to_owned());
    }

    /// Signs the owner in and returns the code. The recording has the pages of the original.
    pub(crate) async fn sign_in(
        &mut self,
        client: &str,
        redirect_uri: &str,
        scope: &str,
        challenge: &str,
    ) -> String {
        let url = self.authorization_request(client, redirect_uri, scope, challenge);
        self.sign_in_by(url, None).await
    }

    /// Signs the owner in with a response mode, and returns the code.
    pub(crate) async fn sign_in_with_mode(
        &mut self,
        (client, redirect_uri): (&str, &str),
        scope: &str,
        challenge: &str,
        mode: &str,
    ) -> String {
        let url = self.authorization_request(client, redirect_uri, scope, challenge);
        self.sign_in_by(url, Some(mode)).await
    }

    async fn sign_in_by(&mut self, mut url: Url, mode: Option<&str>) -> String {
        // A script of the page posts the form, which is on no server of the recording.
        let is_posted = mode == Some("form_post");
        let mut asked = url.clone();
        if let Some(mode) = mode {
            url.query_pairs_mut().append_pair("response_mode", mode);
            asked.query_pairs_mut().append_pair("response_mode", if is_posted { "query" } else { mode });
        }
        let request = json!({"user": "owner", "authorize_url": asked.as_str()});
        let answer = self.tenant.call(Method::POST, "/sign_in", Some(request)).await;
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "text/html; charset=utf-8".parse().expect("a header"));
        self.record(
            "GET",
            url.as_str(),
            &[],
            &[],
            200,
            &headers,
            "<html>flowToken:'AQABIQ-secret-page'</html>",
        )
        .await;
        let back = text(&answer["redirect_url"]).to_owned();
        let (status, page) = if is_posted {
            (200, format!("<form method=post><input name=code value='{}'></form>", text(&answer["code"])))
        } else {
            headers.insert(LOCATION, back.parse().expect("a header"));
            (302, String::new())
        };
        headers.insert("set-cookie", "ESTSAUTH=0.secret-cookie; secure; HttpOnly".parse().expect("a header"));
        let upn = text(&self.tenant.user("owner")["upn"]).to_owned();
        let password = text(&self.tenant.user("owner")["password"]).to_owned();
        let form = [("login", upn.as_str()), ("passwd", &password), ("flowToken", "AQABIQ-secret-page")];
        let address = self.path("login");
        let cookie = [("Cookie", "ESTSAUTH=0.secret-cookie".to_owned())];
        self.record("POST", &address, &cookie, &form, status, &headers, &page).await;
        self.secrets.extend(["AQABIQ-secret-page", "0.secret-cookie"].map(str::to_owned));
        self.session = answer["session"].clone();
        let code = text(&answer["code"]).to_owned();
        self.secrets.push(code.clone());
        code
    }

    /// Approves a device code as the owner, outside of the recording.
    pub(crate) async fn approve_device(&self, user_code: &str) {
        let browser = Client::builder().no_proxy().tls_certs_only([]).cookie_store(true);
        let browser = browser.redirect(redirect::Policy::none()).build().expect("a client");
        let owner = self.tenant.user("owner");
        let filled = |name: &str| match name {
            "otc" => Some(user_code.to_owned()),
            "loginfmt" => Some(text(&owner["upn"]).to_owned()),
            "passwd" => Some(text(&owner["password"]).to_owned()),
            _ => None,
        };
        let mut url: Url = format!("{}/common/oauth2/deviceauth", self.issuer()).parse().expect("a URL");
        let mut request = browser.get(url.clone());
        for _ in 0..8 {
            let answer = request.send().await.expect("the issuer answers");
            if let Some(to) = answer.headers().get(LOCATION) {
                url = url.join(to.to_str().expect("text")).expect("a URL");
                request = browser.get(url.clone());
                continue;
            }
            let page = answer.text().await.expect("a page");
            if page.contains("The device is signed in") {
                return;
            }
            let (action, fields) = form_of(&page, filled);
            url = url.join(&action).expect("a URL");
            request = browser.post(url.clone()).form(&fields);
        }
        panic!("the device is not approved; the browser is at {url}");
    }
}

/// Replaces the issuer in a text, and in the claims of the tokens in it. The original has issuers
/// of version 1.0 at a host of their own.
fn renamed(text: &str, issuer: &str, tenant: &str) -> String {
    let at_original = |text: &str| {
        text.replace(&format!("\"{issuer}/{tenant}/\""), &format!("\"{TOKENS_V1}/{tenant}/\""))
            .replace(issuer, LOGIN)
    };
    let part = |part: &str| {
        let claims = URL_SAFE_NO_PAD.decode(part).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let claims = claims.filter(|claims| claims.starts_with('{') && claims.contains(issuer));
        claims.map_or_else(|| part.to_owned(), |claims| URL_SAFE_NO_PAD.encode(at_original(&claims)))
    };
    // Microsoft Graph has a host of its own.
    let graph = format!("{issuer}/oidc");
    // Names in the metadata have no scheme.
    let (name, original) = (issuer.trim_start_matches("http://"), LOGIN.trim_start_matches("https://"));
    at_original(&text.replace(&graph, &format!("{GRAPH}/oidc")))
        .replace(&format!("\"{name}\""), &format!("\"{original}\""))
        .split('.')
        .map(part)
        .collect::<Vec<_>>()
        .join(".")
}

/// The action and the fields of the form for the password, or of the first one.
fn form_of(page: &str, filled: impl Fn(&str) -> Option<String>) -> (String, Vec<(String, String)>) {
    use scraper::{Html, Selector};
    let select = |selector| Selector::parse(selector).expect("a selector");
    let page = Html::parse_document(page);
    let with_password = page.select(&select("form:has(input[name=passwd])")).next();
    let form = with_password.or_else(|| page.select(&select("form")).next()).expect("a form");
    let mut fields: Vec<(String, String)> = form
        .select(&select("input[name]"))
        .filter_map(|input| {
            let name = input.attr("name")?.to_owned();
            let hidden =
                (input.attr("type") == Some("hidden")).then(|| input.attr("value").unwrap_or("").to_owned());
            Some((name.clone(), filled(&name).or(hidden)?))
        })
        .collect();
    let button = form.select(&select("button")).next();
    fields.extend(
        button.and_then(|button| Some((button.attr("name")?.to_owned(), button.attr("value")?.to_owned()))),
    );
    (form.attr("action").expect("an action").to_owned(), fields)
}

/// A HAR file with these entries.
pub(crate) fn har(entries: &[Value]) -> Value {
    json!({"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": entries}})
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
