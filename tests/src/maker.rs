//! A user at the maker portal: connections, custom connectors, flows, and registrations.

use reqwest::{Client, Method, Url, redirect};
use serde_json::{Value, json};

use crate::{Deployment, Service, System, Tenant};

const GRAPH: &str = "https://graph.microsoft.com/.default";
const FLOW: &str = "https://service.flow.microsoft.com//User";
/// The scope of calls to the hub, also through connections.
const HUB: &str = "https://apihub.azure.com/user_impersonation";
/// Where consents return; nothing serves it.
const RETURN: &str = "http://127.0.0.1:5000/connected";

/// Something that answers at the addresses of the services.
pub trait Running: Sync {
    /// Where `service` answers, without a trailing slash.
    fn address(&self, service: Service) -> String;
    /// The client of the harness.
    fn client(&self) -> &Client;
}

impl Running for System {
    fn address(&self, service: Service) -> String {
        self.url(service)
    }

    fn client(&self) -> &Client {
        self.http()
    }
}

impl Running for Deployment {
    fn address(&self, service: Service) -> String {
        self.url(service)
    }

    fn client(&self) -> &Client {
        self.http()
    }
}

/// A user of a tenant, with tokens that the maker portal gets by the password grant.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    place: &'a dyn Running,
    tenant: &'a Tenant,
    role: &'a str,
}

impl std::fmt::Debug for Maker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Maker").field("role", &self.role).finish_non_exhaustive()
    }
}

impl<'a> Maker<'a> {
    /// The user with this role (`owner`, `colleague`, `admin`).
    #[must_use]
    pub fn new(place: &'a dyn Running, tenant: &'a Tenant, role: &'a str) -> Self {
        Self { place, tenant, role }
    }

    /// Gets a token for a scope.
    ///
    /// # Panics
    /// When the issuer refuses.
    pub async fn token(&self, scope: &str) -> String {
        let user = self.tenant.user(self.role);
        let form = [
            ("grant_type", "password"),
            ("client_id", self.tenant.facts["maker_portal"].as_str().expect("an id")),
            ("username", user["upn"].as_str().expect("a name")),
            ("password", user["password"].as_str().expect("a password")),
            ("scope", scope),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", self.place.address(Service::Idp), self.tenant.id());
        let answer = self.place.client().post(url).form(&form).send().await.expect("it answers");
        let body: Value = answer.json().await.expect("JSON");
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    /// Gets a token for the hub, also for calls through connections.
    ///
    /// # Panics
    /// When the issuer refuses.
    pub async fn hub_token(&self) -> String {
        self.token(HUB).await
    }

    /// Sends a request with a token for `scope`; `null` sends no body.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, scope: &str, method: Method, url: &str, body: &Value) -> (u16, Value) {
        let mut request = self.place.client().request(method, url).bearer_auth(self.token(scope).await);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.expect("it answers");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    /// Calls Microsoft Graph, which has to accept it.
    ///
    /// # Panics
    /// When it does not.
    pub async fn graph(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/v1.0/{path}", self.place.address(Service::Idp));
        let (status, answer) = self.send(GRAPH, method, &url, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Calls a URL of the hub.
    pub async fn call(&self, method: Method, url: &str, body: &Value) -> (u16, Value) {
        self.send(HUB, method, url, body).await
    }

    /// Calls the hub about a resource below `Microsoft.Web` in the resource group `lab`.
    pub async fn hub(&self, method: Method, resource: &str, body: &Value) -> (u16, Value) {
        let (hub, tenant) = (self.place.address(Service::Hub), self.tenant.id());
        let path = format!("/subscriptions/{tenant}/resourceGroups/lab/providers/Microsoft.Web/{resource}");
        self.call(method, &format!("{hub}{path}?api-version=2016-06-01"), body).await
    }

    /// Calls the hub about a connection.
    pub async fn connection(&self, method: Method, rest: &str, body: &Value) -> (u16, Value) {
        let path = if rest.is_empty() { "connections".to_owned() } else { format!("connections/{rest}") };
        self.hub(method, &path, body).await
    }

    /// Calls the hub about a managed API.
    pub async fn managed_api(&self, method: Method, name: &str, body: &Value) -> (u16, Value) {
        let (hub, tenant) = (self.place.address(Service::Hub), self.tenant.id());
        let path =
            format!("/subscriptions/{tenant}/providers/Microsoft.Web/locations/unitedstates/managedApis");
        let name = if name.is_empty() { String::new() } else { format!("/{name}") };
        self.call(method, &format!("{hub}{path}{name}?api-version=2016-06-01"), body).await
    }

    /// Calls the flow service about a flow.
    pub async fn flow(&self, method: Method, rest: &str, body: &Value) -> (u16, Value) {
        let (at, tenant) = (self.place.address(Service::Flow), self.tenant.id());
        let url = format!(
            "{at}/providers/Microsoft.ProcessSimple/environments/Default-{tenant}/flows/{rest}?api-version=2016-11-01"
        );
        self.send(FLOW, method, &url, body).await
    }

    /// Signs in for a connection in a browser and confirms the consent.
    ///
    /// # Panics
    /// When a step fails.
    pub async fn consent(&self, connection: &str) {
        let user = self.tenant.user(self.role);
        let request = json!({"parameters": [{
            "parameterName": "token", "redirectUrl": RETURN, "objectId": user["id"], "tenantId": self.tenant.id(),
        }]});
        let (status, links) =
            self.hub(Method::POST, &format!("connections/{connection}/listConsentLinks"), &request).await;
        assert_eq!(status, 200, "{links}");
        let link = links["value"][0]["link"].as_str().expect("a link");
        let name = user["upn"].as_str().expect("a name");
        let back = sign_in(link, name, user["password"].as_str().expect("a password")).await;
        let code = back.query_pairs().find(|(name, _)| name == "code");
        let code = code.unwrap_or_else(|| panic!("no code in {back}")).1.into_owned();
        let confirm = json!({"code": code, "objectId": user["id"], "tenantId": self.tenant.id()});
        let (status, connected) =
            self.hub(Method::POST, &format!("connections/{connection}/confirmConsentCode"), &confirm).await;
        let shown = &connected["properties"]["overallStatus"];
        assert_eq!((status, shown), (200, &json!("Connected")), "{connected}");
    }
}

/// Fills in the pages of a sign-in until the browser is sent to `http://127.0.0.1:5000/connected`.
///
/// # Panics
/// When a page has no form, or the sign-in does not end.
pub async fn sign_in(link: &str, name: &str, password: &str) -> Url {
    let browser = Client::builder().no_proxy().tls_certs_only([]).cookie_store(true);
    let browser = browser.redirect(redirect::Policy::none()).build().expect("a client");
    let mut url: Url = link.parse().expect("a URL");
    let mut form: Option<Vec<(String, String)>> = None;
    for _ in 0..20 {
        if url.as_str().starts_with(RETURN) {
            return url;
        }
        let request = match form.take() {
            Some(fields) => browser.post(url.clone()).form(&fields),
            None => browser.get(url.clone()),
        };
        let answer = request.send().await.expect("it answers");
        if let Some(to) = answer.headers().get("location") {
            url = url.join(to.to_str().expect("text")).expect("a URL");
            continue;
        }
        let page = answer.text().await.expect("a page");
        let (_, inside) = page.split_once("<form").unwrap_or_else(|| panic!("no form: {page}"));
        let (inside, _) = inside.split_once("</form>").expect("the form ends");
        let fields = inside.split("<input").skip(1).filter_map(|input| {
            let value = match attribute(input, "name")?.as_str() {
                "loginfmt" => name.to_owned(),
                "passwd" => password.to_owned(),
                _ if attribute(input, "type").as_deref() == Some("hidden") => attribute(input, "value")?,
                _ => return None,
            };
            Some((attribute(input, "name")?, value))
        });
        let button = inside.contains("name=\"consent\"").then(|| ("consent".to_owned(), "accept".to_owned()));
        form = Some(fields.chain(button).collect());
        url = url.join(&attribute(inside, "action").expect("an action")).expect("a URL");
    }
    panic!("the sign-in does not end; it is at {url}");
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, value) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = value.split_once('"')?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&quot;", "\""))
}
