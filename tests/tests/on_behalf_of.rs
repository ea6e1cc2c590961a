//! On-behalf-of connections with the real issuer: what ends a user's sign-in ends the user's calls,
//! and what does not end it for a confidential client does not.

use outlive_tests::{Service, System, Tenant};
use reqwest::Method;
use serde_json::{Value, json};

struct Owner<'a> {
    system: &'a System,
    tenant: &'a Tenant,
    password: String,
}

impl Owner<'_> {
    /// Returns a new token for the hub.
    async fn token(&self) -> String {
        let user = self.tenant.user("owner");
        let form = [
            ("grant_type", "password"),
            ("client_id", self.tenant.facts["maker_portal"].as_str().expect("an id")),
            ("username", user["upn"].as_str().expect("a name")),
            ("password", &self.password),
            ("scope", "https://apihub.azure.com/user_impersonation"),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", self.system.url(Service::Idp), self.tenant.id());
        let answer = self.system.http().post(url).form(&form).send().await.expect("it answers");
        let answer: Value = answer.json().await.expect("JSON");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn send(&self, method: Method, url: &str, token: &str, body: &Value) -> (u16, Value) {
        let mut request = self.system.http().request(method, url).bearer_auth(token);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.expect("it answers");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    async fn hub(&self, method: Method, rest: &str, body: &Value) -> (u16, Value) {
        let (hub, tenant) = (self.system.url(Service::Hub), self.tenant.id());
        let path = "resourceGroups/lab/providers/Microsoft.Web/connections";
        let url = format!("{hub}/subscriptions/{tenant}/{path}/{rest}?api-version=2016-06-01");
        self.send(method, &url, &self.token().await, body).await
    }

    /// Signs in for the connection with a token for the hub.
    async fn sign_in(&self) {
        let body = json!({"parameters": [{"redirectUrl": "http://127.0.0.1:5000/connected"}]});
        let (status, links) = self.hub(Method::POST, "orders/listConsentLinks", &body).await;
        assert_eq!(status, 200, "{links}");
        let uri = links["value"][0]["firstPartyLoginUri"].as_str().expect("a URI");
        let body = json!({"accessToken": self.token().await});
        let answer = self.system.http().post(uri).json(&body).send().await.expect("it answers");
        assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.expect("a body"));
    }
}

#[tokio::test]
async fn a_call_lives_as_long_as_the_sign_in_of_its_caller() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let password = tenant.user("owner")["password"].as_str().expect("a password").to_owned();
    let mut owner = Owner { system: &system, tenant: &tenant, password };
    let connector = "shared_contoso-orders-on-behalf-of";
    let api = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis/{connector}",
        tenant.id()
    );
    let body = json!({"properties": {"displayName": "Orders", "api": {"id": api}}});
    let (status, created) = owner.hub(Method::PUT, "orders", &body).await;
    assert_eq!(status, 201, "{created}");
    let orders = format!("{}/orders", created["properties"]["connectionRuntimeUrl"].as_str().expect("a URL"));
    owner.sign_in().await;
    let (status, connected) = owner.hub(Method::GET, "orders", &Value::Null).await;
    assert_eq!((status, &connected["properties"]["overallStatus"]), (200, &json!("Connected")));
    assert_eq!(connected["properties"]["authenticatedUser"]["name"], tenant.user("owner")["upn"]);
    let (status, page) = owner.send(Method::GET, &orders, &owner.token().await, &Value::Null).await;
    assert_eq!((status, page["value"].as_array().map(Vec::len)), (200, Some(3)), "{page}");

    // The column of confidential clients: those hold what is exchanged.
    let mut token = String::new();
    for (event, new_password, expected) in [
        (json!({"type": "password_change"}), Some("Other-9876-password"), None),
        (json!({"type": "sign_out"}), None, None),
        (json!({"type": "revoke_sessions", "by": "user"}), None, Some("AADSTS50173")),
        (json!({"type": "admin_reset", "channel": "azure_portal"}), Some("Third-9876-password"), None),
        (
            json!({"type": "admin_reset", "channel": "entra_admin_center"}),
            Some("Fourth-9876-password"),
            Some("AADSTS50173"),
        ),
        (json!({"type": "disable_user"}), None, Some("AADSTS50057")),
        (json!({"type": "enable_user"}), None, None),
    ] {
        // A disabled user gets no token.
        if event["type"] != "enable_user" {
            token = owner.token().await;
        }
        let mut event = event;
        event["user"] = json!("owner");
        if let Some(password) = new_password {
            event["new_password"] = json!(password);
        }
        tenant.happen(event.clone()).await;
        if let Some(password) = new_password {
            owner.password = password.to_owned();
        }
        let (status, answer) = owner.send(Method::GET, &orders, &token, &Value::Null).await;
        match expected {
            None => assert_eq!(status, 200, "{event}: {answer}"),
            Some(code) => {
                assert_eq!(status, 401, "{event}: {answer}");
                assert!(
                    answer["message"].as_str().is_some_and(|text| text.contains(code)),
                    "{event}: {answer}"
                );
            }
        }
    }
    let repaired = owner.send(Method::GET, &orders, &owner.token().await, &Value::Null).await;
    assert_eq!(repaired.0, 200, "a new sign-in repairs it: {}", repaired.1);
    system.stop().await;
}
