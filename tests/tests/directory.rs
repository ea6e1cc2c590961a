//! The directory of a system that runs: what an administrator does there has the effect of the
//! event, a new secret is shown once, connections are shared, and what a tenant does not have is
//! not found.

use outlive_tests::{Maker, Service, System};
use reqwest::Method;
use reqwest::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

struct Console {
    http: reqwest::Client,
    origin: String,
    tenant: Value,
    cookie: String,
    token: String,
}

impl Console {
    /// A browser at the console, with a tenant of its own.
    async fn open(system: &System) -> Self {
        let origin = system.url(Service::Console);
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let http = http.expect("a client");
        let created =
            http.post(format!("{origin}/lab/tenants")).json(&json!({})).send().await.expect("answers");
        let tenant = created.json().await.expect("JSON");
        let mut console = Self { http, origin, tenant, cookie: String::new(), token: String::new() };
        console.lab(Method::POST, "/clock", json!({"run": 0})).await;
        let answer =
            console.http.get(console.url("/directory/users")).header(ACCEPT, "text/html").send().await;
        let answer = answer.expect("answers");
        let cookie = answer.headers()[SET_COOKIE].to_str().expect("text");
        console.cookie = cookie.split(';').next().expect("a pair").to_owned();
        let page = answer.text().await.expect("a page");
        let (_, after) = page.split_once("name=\"token\" value=\"").expect("a form");
        console.token = after.split('"').next().expect("a value").to_owned();
        console
    }

    fn id(&self) -> &str {
        self.tenant["tenant_id"].as_str().expect("an id")
    }

    fn url(&self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{joint}tenant={}", self.origin, self.id())
    }

    fn user(&self, role: &str) -> &str {
        let users = self.tenant["users"].as_array().expect("users");
        let user = users.iter().find(|user| user["role"] == role).expect("the user");
        user["id"].as_str().expect("an id")
    }

    fn application(&self, name: &str) -> &str {
        let applications = self.tenant["applications"].as_array().expect("applications");
        let found =
            applications.iter().find(|application| application["name"] == name).expect("the application");
        found["client_id"].as_str().expect("an id")
    }

    async fn lab(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/lab/tenants/{}{path}", self.origin, self.id());
        let request = self.http.request(method.clone(), url);
        let request = if method == Method::GET { request } else { request.json(&body) };
        let answer = request.send().await.expect("answers");
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
    }

    async fn page(&self, path: &str, accept: &str) -> (u16, String) {
        let request = self.http.get(self.url(path)).header(ACCEPT, accept).header(COOKIE, &self.cookie);
        let answer = request.send().await.expect("answers");
        (answer.status().as_u16(), answer.text().await.expect("a page"))
    }

    /// Sends a form. Returns where it leads, and the page.
    async fn send(&self, form: &str, fields: &[(&str, &str)]) -> (Option<String>, String) {
        let url = format!("{}/console/{}/{form}", self.origin, self.id());
        let fields: Vec<_> =
            [("token", self.token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let request = self.http.post(url).header(ACCEPT, "text/html").header(COOKIE, &self.cookie);
        let answer = request.form(&fields).send().await.expect("answers");
        let to = answer.headers().get(LOCATION).map(|to| to.to_str().expect("text").to_owned());
        (to, answer.text().await.expect("a page"))
    }
}

#[tokio::test]
async fn what_an_administrator_does_has_the_effect_of_the_event() {
    let system = System::start().await;
    let console = Console::open(&system).await;
    let owner = console.user("owner").to_owned();
    let page = format!("/directory/users/{owner}");
    let (status, before) = console.page(&page, "text/html").await;
    assert!(status == 200 && before.contains("The refresh token of Flow Owner is alive"), "{before}");
    let reset = [("do", "admin_reset"), ("user", &owner), ("new_password", "Harbor-7421-fern")];
    let (to, _) = console.send("directory", &reset).await;
    assert_eq!(to, Some(format!("{page}?tenant={}", console.id())));
    let (_, after) = console.page(&page, "text/html").await;
    assert!(after.contains("has no refresh token left"), "every column is revoked by this channel: {after}");
    assert!(after.contains("Admin resets password in Microsoft Entra admin center"), "{after}");
    // A weak password is refused in the words of the directory, without the call behind it.
    let weak = json!({"type": "admin_reset", "user": owner, "new_password": "password"});
    let (status, refused) = console.lab(Method::POST, "/events", weak).await;
    let message = refused["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(
        (status, message.starts_with("The new password "), message.contains("http")),
        (400, true, false),
        "{message}"
    );
    // A generated password is returned: only the caller gets it.
    let (_, drawn) = console.lab(Method::POST, "/events", json!({"type": "sspr", "user": owner})).await;
    assert!(drawn["new_password"].as_str().is_some_and(|drawn| drawn.len() >= 12), "{drawn}");
    system.stop().await;
}

#[tokio::test]
async fn a_new_secret_is_shown_once_and_works() {
    let system = System::start().await;
    let console = Console::open(&system).await;
    let job = console.application("Nightly Job").to_owned();
    let fields = [("do", "rotate_secret"), ("app", job.as_str()), ("overlap", "P1D")];
    let (to, sent) = console.send("directory", &fields).await;
    let to = to.unwrap_or_else(|| panic!("{sent}"));
    // Another browser, which knows the address, does not see it.
    let stolen = console.http.get(format!("{}{to}", console.origin)).send().await.expect("answers");
    assert_eq!(stolen.status().as_u16(), 410);
    let (status, page) = console.page(&to, "text/html").await;
    assert_eq!(status, 200, "{page}");
    let (_, after) = page.split_once("id=\"secret\" type=\"text\" value=\"").expect("the secret");
    let secret = after.split('"').next().expect("a value").to_owned();
    assert!(!to.contains(&secret) && !sent.contains(&secret), "{to}");
    // Reloading shows it no more, and rotates nothing.
    let (status, again) = console.page(&to, "text/html").await;
    assert!(status == 410 && !again.contains(&secret), "{again}");
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), console.id());
    let request = [
        ("grant_type", "client_credentials"),
        ("client_id", &job),
        ("client_secret", &secret),
        ("scope", "api://contoso-orders/.default"),
    ];
    let answer = console.http.post(url).form(&request).send().await.expect("answers");
    assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap_or_default());
    let (_, page) = console.page(&format!("/directory/applications/{job}"), "text/html").await;
    assert!(page.contains("has two valid credentials") && !page.contains(&secret), "{page}");
    let (_, details) = console.lab(Method::GET, &format!("/directory/applications/{job}"), Value::Null).await;
    let (_, journal) = console.lab(Method::GET, "/journal?limit=1000", Value::Null).await;
    assert!(!details.to_string().contains(&secret) && !journal.to_string().contains(&secret));
    system.stop().await;
}

/// What Microsoft Graph registers is shown as what it has, like an application of the seed, and so
/// are the tokens of its users.
#[tokio::test]
async fn an_application_that_graph_registered_is_shown_with_its_kind_and_its_users_tokens() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let admin = Maker::new(&system, &tenant, "admin");
    let mut ids = Vec::new();
    for (name, mut registration, kind) in [
        ("Tool", json!({"publicClient": {"redirectUris": ["http://localhost"]}}), "public"),
        ("Page", json!({"spa": {"redirectUris": ["https://page.test/"]}}), "spa"),
        ("Site", json!({"web": {"redirectUris": ["https://site.test/"]}}), "confidential"),
        ("Device", json!({"isFallbackPublicClient": true}), "public"),
    ] {
        registration["displayName"] = name.into();
        let application = admin.graph(Method::POST, "applications", &registration).await;
        let (object, id) = (application["id"].as_str().expect("an id"), application["appId"].clone());
        admin.graph(Method::POST, "servicePrincipals", &json!({ "appId": id })).await;
        let path = format!("/directory/applications/{}", id.as_str().expect("an id"));
        let shown = tenant.call(Method::GET, &path, None).await;
        assert_eq!(shown["application"]["kind"], kind, "{shown}");
        if name == "Device" {
            admin.graph(Method::POST, &format!("applications/{object}/addPassword"), &json!({})).await;
            let shown = tenant.call(Method::GET, &path, None).await;
            assert_eq!(shown["application"]["kind"], "confidential", "with a secret: {shown}");
            let list =
                tenant.call(Method::GET, "/directory/applications?of=registrations&limit=100", None).await;
            let listed = list["applications"].as_array().expect("a list");
            let listed: Vec<_> = listed
                .iter()
                .filter(|one| ids.contains(&one["client_id"]) || one["client_id"] == id)
                .collect();
            let mut kinds: Vec<_> = listed.iter().map(|one| one["kind"].as_str().expect("a kind")).collect();
            kinds.sort_unstable();
            assert_eq!(kinds, ["confidential", "confidential", "public", "spa"], "{list}");
        }
        ids.push(id);
    }
    let tool = ids[0].as_str().expect("an id");
    let issuer = format!("{}/{}/oauth2/v2.0", system.url(Service::Idp), tenant.id());
    let authorize = format!(
        "{issuer}/authorize?client_id={tool}&response_type=code&redirect_uri=http%3A%2F%2Flocalhost&scope=openid%20offline_access"
    );
    let signed_in = json!({"user": "owner", "authorize_url": authorize});
    let signed_in = tenant.call(Method::POST, "/sign_in", Some(signed_in)).await;
    let code = signed_in["code"].as_str().unwrap_or_else(|| panic!("{signed_in}"));
    let request = [
        ("grant_type", "authorization_code"),
        ("client_id", tool),
        ("code", code),
        ("redirect_uri", "http://localhost"),
    ];
    let answer = system.http().post(format!("{issuer}/token")).form(&request).send().await.expect("answers");
    assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap_or_default());
    let held = tenant.call(Method::GET, "/directory/users/owner/credentials", None).await;
    let tokens = held["credentials"].as_array().expect("credentials").iter();
    let of_tool: Vec<_> = tokens.filter(|one| one["holder"]["name"] == "Tool").collect();
    assert!(of_tool.iter().any(|one| one["kind"] == "refresh_token" && one["state"] == "alive"), "{held:#}");
    // The hub's own sign-ins stay those of connections.
    let list = held["credentials"].as_array().expect("credentials").iter();
    let applications = list.filter(|one| one["holder"]["client_id"].is_string());
    assert!(applications.map(|one| &one["holder"]["name"]).all(|name| name == "Tool"), "{held:#}");
    system.stop().await;
}

#[tokio::test]
async fn a_connection_is_shared_at_the_hub_as_its_owner() {
    let system = System::start().await;
    let console = Console::open(&system).await;
    let name = console.tenant["connections"][0]["name"].as_str().expect("a name").to_owned();
    let colleague = console.user("colleague").to_owned();
    let with = async || {
        let (_, held) = console.lab(Method::GET, "/connections", Value::Null).await;
        let held = held["connections"].as_array().expect("connections").clone();
        held.iter().find(|held| held["name"] == name.as_str()).expect("the connection")["shared_with"].clone()
    };
    assert_eq!(with().await, json!([]));
    for (what, expected) in
        [("share", json!([colleague])), ("share", json!([colleague])), ("stop", json!([]))]
    {
        let fields = [("connection", name.as_str()), ("do", what), ("with", colleague.as_str())];
        let (to, page) = console.send("connection", &fields).await;
        let to = to.unwrap_or_else(|| panic!("{page}"));
        assert_eq!(with().await, expected, "{what} {to}");
        let (_, page) = console.page(&format!("/connections?share={name}"), "text/html").await;
        assert_eq!(page.contains("shared with colleague@"), what == "share", "{page}");
    }
    let (_, journal) = console.lab(Method::GET, "/journal?kind=access.&limit=100", Value::Null).await;
    assert!(
        journal["lines"].as_array().is_some_and(|lines| lines.len() >= 2),
        "by the hub’s own API: {journal}"
    );
    for (share, expected) in [
        (json!({"with": "unknown"}), 400),
        (json!({"with": console.user("owner")}), 400),
        (json!({"with": colleague, "role": "Owner"}), 422),
        (json!({"with": colleague, "password": "Wrong-Horse-9"}), 409),
    ] {
        let (status, answer) =
            console.lab(Method::POST, &format!("/connections/{name}/share"), share.clone()).await;
        assert_eq!(status, expected, "{share}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && !message.contains("http://"), "{message}");
    }
    system.stop().await;
}

#[tokio::test]
async fn what_another_tenant_has_is_not_found() {
    let system = System::start().await;
    let (console, other) = (Console::open(&system).await, Console::open(&system).await);
    let flow = other.tenant["flows"][0]["id"].as_str().expect("an id");
    let (_, story) = other.lab(Method::GET, "/story", Value::Null).await;
    let token = story["credentials"][0]["name"].as_str().expect("a name");
    let (_, held) = other.lab(Method::GET, "/connections", Value::Null).await;
    let connection = held["connections"][0]["id"].as_str().expect("an id");
    other.lab(Method::POST, "/clock", json!({"advance": "PT2H"})).await;
    let (_, flows) = other.lab(Method::GET, &format!("/flows/{flow}"), Value::Null).await;
    let run = flows["runs"][0]["name"].as_str().expect("a name");
    for path in [
        format!("/directory/users/{}", other.user("owner")),
        format!("/directory/applications/{}", other.application("Nightly Job")),
        "/directory/groups/00000000-0000-4000-8000-000000000000".to_owned(),
        "/directory/users/..".to_owned(),
        "/directory/users/%2e%2e".to_owned(),
        "/directory/users/%00".to_owned(),
        format!("/flows/{flow}"),
        format!("/connections/{connection}"),
        format!("/runs/{run}"),
        format!("/tokens?of={token}"),
    ] {
        let (status, page) = console.page(&path, "text/html").await;
        assert_eq!((status, page.contains("<h1>")), (404, true), "{path}: {page}");
        assert!(page.contains(&format!("tenant={}", console.id())) || page.contains("href=\"/\""), "{path}");
        let (status, problem) = console.page(&path, "application/json").await;
        let problem: Value = serde_json::from_str(&problem).unwrap_or_default();
        assert_eq!((status, problem["error"]["message"].is_string()), (404, true), "{path}: {problem}");
    }
    system.stop().await;
}
