//! The tutorial of docs/connectors.md: a maker registers an application and a connector of her own,
//! consents, runs an hourly flow, and replaces the client secret without a failed run.

use outlive_tests::{Service, System, Tenant, free_base};
use reqwest::{Client, Method, Url, redirect};
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com/.default";
const HUB: &str = "https://apihub.azure.com/user_impersonation";
const FLOW: &str = "https://service.flow.microsoft.com//User";
const RETURN: &str = "http://127.0.0.1:5000/connected";

struct Maker<'a> {
    system: &'a System,
    tenant: &'a Tenant,
    role: &'static str,
}

impl Maker<'_> {
    /// Sends a request with a token for `scope`.
    async fn send(&self, scope: &str, method: Method, url: &str, body: &Value) -> (u16, Value) {
        let user = self.tenant.user(self.role);
        let form = [
            ("grant_type", "password"),
            ("client_id", self.tenant.facts["maker_portal"].as_str().expect("an id")),
            ("username", user["upn"].as_str().expect("a name")),
            ("password", user["password"].as_str().expect("a password")),
            ("scope", scope),
        ];
        let token = format!("{}/{}/oauth2/v2.0/token", self.system.url(Service::Idp), self.tenant.id());
        let answer = self.system.http().post(token).form(&form).send().await.expect("it answers");
        let token: Value = answer.json().await.expect("JSON");
        let token = token["access_token"].as_str().unwrap_or_else(|| panic!("{token}")).to_owned();
        let mut request = self.system.http().request(method, url).bearer_auth(token);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.expect("it answers");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    async fn graph(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/v1.0/{path}", self.system.url(Service::Idp));
        let (status, answer) = self.send(GRAPH, method, &url, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Calls the hub about a resource below `Microsoft.Web`.
    async fn hub(&self, method: Method, resource: &str, body: &Value) -> (u16, Value) {
        let (hub, tenant) = (self.system.url(Service::Hub), self.tenant.id());
        let path = format!("/subscriptions/{tenant}/resourceGroups/lab/providers/Microsoft.Web/{resource}");
        self.send(HUB, method, &format!("{hub}{path}?api-version=2016-06-01"), body).await
    }

    /// Replaces the client secret of the seed's managed connector.
    async fn replace_managed_secret(&self, secret: &str) -> (u16, Value) {
        let (hub, tenant) = (self.system.url(Service::Hub), self.tenant.id());
        let path =
            format!("/subscriptions/{tenant}/providers/Microsoft.Web/locations/unitedstates/managedApis");
        let url = format!("{hub}{path}/shared_contoso-orders?api-version=2016-06-01");
        self.send(HUB, Method::PATCH, &url, &json!({"properties": {"clientSecret": secret}})).await
    }

    /// Signs in for a connection in a browser and confirms the consent.
    async fn consent(&self, connection: &str) {
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
        let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        let confirm = json!({"code": code, "objectId": user["id"], "tenantId": self.tenant.id()});
        let (status, connected) =
            self.hub(Method::POST, &format!("connections/{connection}/confirmConsentCode"), &confirm).await;
        assert_eq!((status, &connected["properties"]["overallStatus"]), (200, &json!("Connected")));
    }
}

/// Fills in the pages of a sign-in until the browser is sent to `RETURN`.
async fn sign_in(link: &str, name: &str, password: &str) -> Url {
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

/// Returns status of every finished run and the text of the first that failed.
async fn runs(system: &System, tenant: &Tenant) -> (usize, Vec<Value>) {
    let runs = system.journal(Service::Flow, tenant, "run.finished").await;
    let runs: Vec<_> = runs.into_iter().filter(|run| run["data"]["flow"] == FLOW_ID).collect();
    let failed = runs.iter().filter(|run| run["data"]["status"] != "Succeeded").cloned().collect();
    (runs.len(), failed)
}

const FLOW_ID: &str = "99999999-0000-4000-8000-00000000c0de";

fn flow(operation: &str) -> Value {
    json!({"properties": {
        "displayName": "My hourly flow", "state": "Started",
        "definition": {
            "contentVersion": "1.0.0.0",
            "parameters": {"$connections": {"defaultValue": {}, "type": "Object"}, "$authentication": {"defaultValue": {}, "type": "SecureObject"}},
            "triggers": {"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": 1}}},
            "actions": {"Orders": {"type": "OpenApiConnection", "runAfter": {}, "inputs": {
                "host": {"apiId": "/providers/Microsoft.PowerApps/apis/my-orders", "connectionName": "my-orders", "operationId": operation},
                "parameters": {}, "authentication": "@parameters('$authentication')",
            }}},
        },
        "connectionReferences": {"my-orders": {
            "runtimeSource": "embedded", "connection": {"name": "my-orders"}, "api": {"name": "my-orders"},
        }},
    }})
}

#[tokio::test]
async fn a_custom_connector_with_entra_id_works_before_and_after_a_new_secret() {
    let base = free_base();
    let api = format!("my-orders.example=http://127.0.0.1:{}", base + 3);
    let system = System::start_at(base, &["--back-end", &api]).await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let maker = Maker { system: &system, tenant: &tenant, role: "owner" };
    let admin = Maker { system: &system, tenant: &tenant, role: "admin" };

    // An administrator registers the application, with a delegated permission and a client secret.
    let orders = tenant.application("Contoso Orders API")["client_id"].clone();
    let filter = format!("servicePrincipals?$filter=appId eq '{}'", orders.as_str().expect("an id"));
    let orders_api = admin.graph(Method::GET, &filter, &Value::Null).await["value"][0].clone();
    let scopes = orders_api["oauth2PermissionScopes"].as_array().expect("scopes");
    let read = scopes.iter().find(|scope| scope["value"] == "Orders.Read").expect("a scope")["id"].clone();
    let registration = json!({
        "displayName": "My orders connector",
        "requiredResourceAccess": [{"resourceAppId": orders, "resourceAccess": [{"id": read, "type": "Scope"}]}],
    });
    let application = admin.graph(Method::POST, "applications", &registration).await;
    let id = application["id"].as_str().expect("an id").to_owned();
    admin.graph(Method::POST, "servicePrincipals", &json!({"appId": application["appId"]})).await;
    let add_password = format!("applications/{id}/addPassword");
    let first = admin.graph(Method::POST, &add_password, &json!({})).await;

    // The connector. Its redirect URL is registered on the application.
    let connector = json!({"properties": {
        "displayName": "My orders", "iconBrandColor": "#007ee5", "clientSecret": first["secretText"],
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "clientId": application["appId"], "scopes": [], "redirectMode": "GlobalPerConnector",
            "customParameters": {
                "loginUri": {"value": "https://login.microsoftonline.com"}, "tenantId": {"value": "common"},
                "resourceUri": {"value": "api://contoso-orders"},
            },
        }}},
        "swagger": {
            "swagger": "2.0", "info": {"title": "My orders", "version": "1"}, "host": "my-orders.example",
            "basePath": "/", "schemes": ["https"],
            "paths": {"/orders": {"get": {"operationId": "ListOrders", "responses": {"200": {"description": "OK"}}}}},
        },
    }});
    let (status, created) = maker.hub(Method::PUT, "customApis/my-orders", &connector).await;
    assert_eq!(status, 201, "{created}");
    let settings = &created["properties"]["connectionParameters"]["token"]["oAuthSettings"];
    let redirect = json!({"web": {"redirectUris": [settings["redirectUrl"]]}});
    admin.graph(Method::PATCH, &format!("applications/{id}"), &redirect).await;

    // The connection, the consent and the flow.
    let connection = json!({"properties": {"displayName": "My orders", "api": {"id": created["id"]}}});
    assert_eq!(maker.hub(Method::PUT, "connections/my-orders", &connection).await.0, 201);
    maker.consent("my-orders").await;
    let flow_url = format!(
        "{}/providers/Microsoft.ProcessSimple/environments/Default-{}/flows/{FLOW_ID}?api-version=2016-11-01",
        system.url(Service::Flow),
        tenant.id()
    );
    let (status, rejected) = maker.send(FLOW, Method::PUT, &flow_url, &flow("BurnOrders")).await;
    assert_eq!((status, &rejected["error"]["code"]), (400, &json!("InvalidOpenApiFlow")), "{rejected}");
    let target = &rejected["error"]["details"][0]["target"];
    assert_eq!(target, "properties.definition.actions.Orders.inputs.host.operationId");
    let (status, saved) = maker.send(FLOW, Method::PUT, &flow_url, &flow("ListOrders")).await;
    assert_eq!(status, 201, "{saved}");
    tenant.advance("PT5H").await;
    let (count, failed) = runs(&system, &tenant).await;
    assert!(count >= 5 && failed.is_empty(), "{count} {failed:?}");

    // The rollover: a second secret, the connector gets it, the first one is removed.
    let second = admin.graph(Method::POST, &add_password, &json!({})).await;
    tenant.advance("PT3H").await;
    let replace = json!({"properties": {"clientSecret": second["secretText"]}});
    assert_eq!(maker.hub(Method::PATCH, "customApis/my-orders", &replace).await.0, 200);
    let remove = json!({"keyId": first["keyId"]});
    admin.graph(Method::POST, &format!("applications/{id}/removePassword"), &remove).await;
    tenant.advance("P1D").await;
    let (later, failed) = runs(&system, &tenant).await;
    assert!(later >= count + 27 && failed.is_empty(), "{later} {failed:?}");
    assert!(system.journal(Service::Hub, &tenant, "connection.refreshed").await.len() > 10);
    system.stop().await;
}

#[tokio::test]
async fn the_administrator_of_a_tenant_replaces_the_secret_of_a_managed_connector() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let admin = Maker { system: &system, tenant: &tenant, role: "admin" };
    let owner = Maker { system: &system, tenant: &tenant, role: "owner" };
    let rotation = json!({"type": "rotate_secret", "app": "Contoso Orders Connector", "overlap": "PT5H"});
    tenant.happen(rotation).await;
    let credentials = tenant.look().await;
    let applications = credentials["applications"].as_array().expect("applications");
    let application = applications.iter().find(|app| app["name"] == "Contoso Orders Connector").expect("one");
    let secret = application["secret"].as_str().expect("the generated secret");
    assert_ne!(tenant.application("Contoso Orders Connector")["secret"], secret);
    let (status, refused) = owner.replace_managed_secret(secret).await;
    assert_eq!((status, &refused["error"]["code"]), (403, &json!("AuthorizationFailed")));
    let (status, replaced) = admin.replace_managed_secret(secret).await;
    assert_eq!(status, 200, "{replaced}");
    tenant.advance("P1D").await;
    let finished = system.journal(Service::Flow, &tenant, "run.finished").await;
    assert!(finished.len() >= 24 && finished.iter().all(|run| run["data"]["status"] == "Succeeded"));

    // The lab does the same with the present secret of an application.
    tenant.happen(json!({"type": "rotate_secret", "app": "Contoso Orders Connector"})).await;
    let replacement = json!({
        "type": "replace_connector_secret", "connector": "shared_contoso-orders", "app": "Contoso Orders Connector",
    });
    tenant.happen(replacement).await;
    tenant.advance("P1D").await;
    let finished = system.journal(Service::Flow, &tenant, "run.finished").await;
    assert!(finished.len() >= 48 && finished.iter().all(|run| run["data"]["status"] == "Succeeded"));
    let url = format!("{}/lab/tenants/{}/events", system.url(Service::Console), tenant.id());
    for (event, status) in [
        (json!({"type": "replace_connector_secret"}), 400),
        (json!({"type": "replace_connector_secret", "connector": "shared_contoso-orders"}), 400),
        (
            json!({"type": "replace_connector_secret", "connector": "shared_contoso-orders", "app": "Nothing"}),
            400,
        ),
        (json!({"type": "replace_connector_secret", "connector": "../clock", "new_secret": "x"}), 404),
        (json!({"type": "replace_connector_secret", "connector": "shared_nothing", "new_secret": "x"}), 404),
        (json!({"type": "rotate_secret", "app": "Contoso Orders Connector", "overlap": "-PT1S"}), 400),
        (json!({"type": "rotate_secret", "app": "Contoso Orders Connector", "overlap": "soon"}), 400),
    ] {
        let answer = system.http().post(&url).json(&event).send().await.expect("it answers");
        assert_eq!(answer.status().as_u16(), status, "{event}: {}", answer.text().await.expect("a body"));
    }
    system.stop().await;
}
