//! Groups, directory roles, memberships and counts in Microsoft Graph, as its reference describes
//! them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::tenant::{Answer, PASSWORD, READ, Tenant, send};

const ALL: &str = "https://graph.microsoft.com/.default";
const TOP: &str = "https://graph.microsoft.com/v1.0";

/// A signed-in caller of Graph.
pub(crate) struct Graph<'a> {
    tenant: &'a Tenant,
    pub(crate) token: String,
}

impl<'a> Graph<'a> {
    pub(crate) async fn of(tenant: &'a Tenant, role: &str, scope: &str) -> Self {
        let tokens = tenant.admin_tool().sign_in(tenant, role, scope).await;
        Self { tenant, token: tokens.access().to_owned() }
    }

    /// With a client that may only read the user.
    pub(crate) async fn narrow(tenant: &'a Tenant, role: &str) -> Self {
        let tokens = tenant.desktop().sign_in(tenant, role, "User.Read").await;
        Self { tenant, token: tokens.access().to_owned() }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        call(self.tenant, &self.token, method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn value(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()["value"].as_array().expect("a collection").clone()
    }

    /// With `ConsistencyLevel: eventual`.
    pub(crate) async fn eventually(&self, path: &str) -> Answer {
        let request = self.tenant.http.get(self.tenant.url(&format!("/v1.0{path}"))).bearer_auth(&self.token);
        send(request.header("ConsistencyLevel", "eventual")).await
    }

    pub(crate) async fn group(&self, more: Value) -> Value {
        let mut body = json!({
            "displayName": "Buyers", "mailEnabled": false, "mailNickname": "buyers", "securityEnabled": true,
        });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let made = self.call(Method::POST, "/groups", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    }
}

pub(crate) fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

pub(crate) fn ids(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(id).collect()
}

fn reference(tenant: &Tenant, n: u32) -> Value {
    json!({"@odata.id": format!("{TOP}/directoryObjects/{}", tenant.id_of(n))})
}

#[tokio::test]
async fn group_crud() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let bound = json!({
        "description": "They buy.",
        "members@odata.bind": [format!("{TOP}/users/{}", tenant.id_of(1)), format!("{TOP}/directoryObjects/{}", tenant.id_of(2))],
    });
    let group = admin.group(bound).await;
    assert_eq!(group["@odata.context"], format!("{TOP}/$metadata#groups/$entity"));
    assert_eq!((&group["groupTypes"], &group["securityEnabled"]), (&json!([]), &json!(true)));
    assert_eq!(group["createdDateTime"], "2026-01-05T09:00:00Z");
    let path = format!("/groups/{}", id(&group));
    let mut members = admin.value(&format!("{path}/members")).await;
    members.sort_by_key(|member| id(member).to_owned());
    assert_eq!(ids(&members), [tenant.id_of(1), tenant.id_of(2)]);
    assert_eq!(members[0]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(members[0]["userPrincipalName"], tenant.upn("owner"));

    let change = json!({"displayName": "Purchasing", "description": null});
    assert_eq!(admin.call(Method::PATCH, &path, change).await.status, 204);
    let shown = admin.get(&format!("{path}?$select=displayName,description,mailNickname")).await.json();
    assert_eq!(
        shown,
        json!({
            "@odata.context": format!("{TOP}/$metadata#groups(displayName,description,mailNickname)/$entity"),
            "displayName": "Purchasing", "description": null, "mailNickname": "buyers",
        })
    );
    let found = admin.value("/groups?$filter=displayName eq 'Purchasing'").await;
    assert_eq!(ids(&found), [id(&group)]);
    assert_eq!(admin.value("/groups?$filter=startswith(displayName,'purch')").await.len(), 1);
    assert_eq!(admin.value("/groups?$filter=startswith(displayName,'Buy')").await.len(), 0);

    assert_eq!(admin.call(Method::DELETE, &path, Value::Null).await.status, 204);
    denied(&admin.get(&path).await, 404, "Request_ResourceNotFound");
    denied(&admin.call(Method::DELETE, &path, Value::Null).await, 404, "Request_ResourceNotFound");
    assert!(admin.value(&format!("/users/{}/memberOf", tenant.id_of(1))).await.is_empty());
    let audits = admin.value("/auditLogs/directoryAudits?$filter=category eq 'GroupManagement'").await;
    let names: Vec<_> = audits.iter().map(|audit| audit["activityDisplayName"].clone()).collect();
    assert_eq!(names, ["Delete group", "Update group", "Add group"]);
    assert_eq!(audits[0]["targetResources"][0]["id"], group["id"]);
}

#[tokio::test]
async fn tokens_follow_group_membership() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let patch = json!({"groupMembershipClaims": "SecurityGroup"});
    let orders = format!("/applications/{}", tenant.id_of(110));
    assert_eq!(admin.call(Method::PATCH, &orders, patch).await.status, 204);
    let group = admin.group(json!({})).await;
    let members = format!("/groups/{}/members", id(&group));
    let add = async |body: Value| admin.call(Method::POST, &format!("{members}/$ref"), body).await;
    assert_eq!(add(reference(&tenant, 1)).await.status, 204);
    let again = add(reference(&tenant, 1)).await;
    denied(&again, 400, "Request_BadRequest");
    assert!(again.text.contains("One or more added object references already exist"), "{again:?}");
    for wrong in [
        json!({}),
        json!({"@odata.id": "nonsense"}),
        json!({"@odata.id": format!("{TOP}/groups/{}", id(&group))}),
    ] {
        denied(&add(wrong).await, 400, "Request_BadRequest");
    }
    denied(&add(reference(&tenant, 77)).await, 404, "Request_ResourceNotFound");
    let tokens = tenant.connector().sign_in(&tenant, "owner", READ).await;
    assert_eq!(tokens.claims()["groups"], json!([group["id"]]));

    let users = admin.value(&format!("{members}/microsoft.graph.user?$select=userPrincipalName")).await;
    assert_eq!(users, [json!({"userPrincipalName": tenant.upn("owner")})]);
    let transitive = admin.value(&format!("/groups/{}/transitiveMembers", id(&group))).await;
    assert_eq!(ids(&transitive), [tenant.id_of(1)]);

    let member = format!("{members}/{}/$ref", tenant.id_of(1));
    assert_eq!(admin.call(Method::DELETE, &member, Value::Null).await.status, 204);
    denied(&admin.call(Method::DELETE, &member, Value::Null).await, 404, "Request_ResourceNotFound");
    let tokens = tenant.connector().refresh(tokens.refresh()).await;
    assert_eq!(tokens.claims().get("groups"), None);
}

#[tokio::test]
async fn an_invalid_group_is_rejected_as_a_whole() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let group = json!({
        "displayName": "G", "mailEnabled": false, "mailNickname": "g", "securityEnabled": true,
    });
    let with = |name: &str, value: Value| {
        let mut group = group.clone();
        group[name] = value;
        group
    };
    let without = |name: &str| {
        let mut group = group.clone();
        group.as_object_mut().expect("an object").remove(name);
        group
    };
    for body in [
        with("displayName", json!("")),
        with("displayName", json!("Cle\u{7}rks")),
        with("displayName", json!("x".repeat(257))),
        with("mailNickname", json!("x".repeat(65))),
        with("mailNickname", json!("a b")),
        with("mailNickname", json!("a@b")),
        with("mailNickname", json!("gr\u{f6}\u{df}e")),
        with("mailEnabled", json!(true)),
        with("securityEnabled", json!(false)),
        with("groupTypes", json!(["Unified"])),
        with("nonsense", json!(1)),
        with("members@odata.bind", json!(["nonsense"])),
        with("members@odata.bind", json!(vec![format!("{TOP}/users/{}", tenant.id_of(1)); 21])),
        without("displayName"),
        without("mailEnabled"),
        without("mailNickname"),
        without("securityEnabled"),
    ] {
        denied(&admin.call(Method::POST, "/groups", body).await, 400, "Request_BadRequest");
    }
    assert!(admin.value("/groups").await.is_empty());
    let unknown = with("members@odata.bind", json!([format!("{TOP}/users/{}", tenant.id_of(77))]));
    denied(&admin.call(Method::POST, "/groups", unknown).await, 404, "Request_ResourceNotFound");
    assert!(admin.value("/groups").await.is_empty());
}

#[tokio::test]
async fn groups_and_roles_need_a_permission_and_a_role() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let group = admin.group(json!({})).await;
    let role = id(&admin.value("/directoryRoles").await[0]).to_owned();
    // A user without a directory role can read but not change; nor can an administrator's token
    // without the permission.
    let owner = Graph::of(&tenant, "owner", ALL).await;
    let narrow = Graph::narrow(&tenant, "admin").await;
    let (group, role) = (format!("/groups/{}", id(&group)), format!("/directoryRoles/{role}"));
    let one = reference(&tenant, 1);
    for (method, path, body) in [
        (Method::POST, "/groups".to_owned(), json!({})),
        (Method::PATCH, group.clone(), json!({"displayName": "Mine"})),
        (Method::DELETE, group.clone(), Value::Null),
        (Method::POST, format!("{group}/members/$ref"), one.clone()),
        (Method::DELETE, format!("{group}/members/{}/$ref", tenant.id_of(1)), Value::Null),
        (Method::POST, format!("{role}/members/$ref"), one.clone()),
        (Method::DELETE, format!("{role}/members/{}/$ref", tenant.id_of(3)), Value::Null),
    ] {
        for caller in [&owner, &narrow] {
            let answer = caller.call(method.clone(), &path, body.clone()).await;
            denied(&answer, 403, "Authorization_RequestDenied");
        }
    }
    for path in [
        "/groups",
        "/groups/$count",
        &group,
        &format!("{group}/members"),
        "/directoryRoles",
        &role,
        &format!("{role}/members"),
    ] {
        denied(&narrow.eventually(path).await, 403, "Authorization_RequestDenied");
        assert_eq!(owner.eventually(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn directory_roles_have_templates_and_members_and_let_them_administer() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let template = "fe930be7-5e62-47db-91af-98c3a49a38b1";
    let roles = admin.value(&format!("/directoryRoles?$filter=roleTemplateId eq '{template}'")).await;
    assert_eq!(roles.len(), 1, "{roles:?}");
    let role = &roles[0];
    assert_eq!(role["displayName"], "User Administrator");
    let path = format!("/directoryRoles/{}", id(role));
    let named = format!("/directoryRoles(roleTemplateId='{template}')");
    for path in [&path, &named] {
        assert_eq!(admin.get(path).await.json()["id"], role["id"], "{path}");
    }
    let shown = admin.get(&format!("/directoryRoleTemplates/{template}")).await.json();
    assert_eq!(shown["displayName"], "User Administrator");
    assert_eq!(
        admin.value("/directoryRoleTemplates").await.len(),
        admin.value("/directoryRoles").await.len()
    );
    let conflict = admin.call(Method::POST, "/directoryRoles", json!({"roleTemplateId": template})).await;
    denied(&conflict, 400, "Request_BadRequest");
    let unknown = json!({"roleTemplateId": tenant.id_of(1)});
    denied(&admin.call(Method::POST, "/directoryRoles", unknown).await, 404, "Request_ResourceNotFound");

    let colleague = format!("/users/{}", tenant.id_of(2));
    let before = Graph::of(&tenant, "owner", ALL).await;
    denied(
        &before.call(Method::PATCH, &colleague, json!({"jobTitle": "X"})).await,
        403,
        "Authorization_RequestDenied",
    );
    let members = format!("{path}/members");
    assert!(admin.value(&members).await.is_empty());
    assert_eq!(admin.call(Method::POST, &format!("{members}/$ref"), reference(&tenant, 1)).await.status, 204);
    denied(
        &admin.call(Method::POST, &format!("{members}/$ref"), reference(&tenant, 1)).await,
        400,
        "Request_BadRequest",
    );
    assert_eq!(ids(&admin.value(&members).await), [tenant.id_of(1)]);
    assert_eq!(admin.eventually(&format!("{members}/$count")).await.text, "1");
    assert_eq!(before.call(Method::PATCH, &colleague, json!({"jobTitle": "X"})).await.status, 204);
    let tokens = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    assert_eq!(tokens.claims()["wids"][0], template);
    let member = format!("{members}/{}/$ref", tenant.id_of(1));
    assert_eq!(admin.call(Method::DELETE, &member, Value::Null).await.status, 204);
    denied(&admin.call(Method::DELETE, &member, Value::Null).await, 404, "Request_ResourceNotFound");
    denied(
        &before.call(Method::PATCH, &colleague, json!({"jobTitle": "Y"})).await,
        403,
        "Authorization_RequestDenied",
    );
}

/// oauth2-proxy#2984, #3125: where the groups overage claim sends programs.
#[tokio::test]
async fn memberships_are_groups_and_directory_roles() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let bind = json!({"members@odata.bind": [format!("{TOP}/users/{}", tenant.id_of(3))]});
    let mut groups = Vec::new();
    for _ in 0..3 {
        groups.push(id(&admin.group(bind.clone()).await).to_owned());
    }
    groups.sort_unstable();
    let role =
        admin.get("/directoryRoles(roleTemplateId='62e90394-69f5-4237-9190-012177145e10')").await.json();
    for path in ["/me/memberOf", "/me/transitiveMemberOf"].map(str::to_owned).into_iter().chain(
        ["memberOf", "transitiveMemberOf"].map(|name| format!("/users/{}/{name}", tenant.upn("admin"))),
    ) {
        let mut all = admin.value(&path).await;
        assert!(all.is_sorted_by_key(|object| id(object).to_owned()), "{all:?}");
        all.retain(|object| object["@odata.type"] == "#microsoft.graph.directoryRole");
        assert_eq!(ids(&all), [id(&role)], "{path}");
        let of_type = admin.value(&format!("{path}/microsoft.graph.group?$select=id,displayName")).await;
        assert_eq!(ids(&of_type), groups, "{path}");
        assert_eq!(of_type[0].as_object().map(serde_json::Map::len), Some(2), "{of_type:?}");
        let roles = admin.value(&format!("{path}/microsoft.graph.directoryRole")).await;
        assert_eq!(ids(&roles), [id(&role)]);
        assert_eq!(admin.eventually(&format!("{path}/$count")).await.text, "4");
        denied(&admin.get(&format!("{path}/nonsense")).await, 404, "Request_ResourceNotFound");
        let first = admin.get(&format!("{path}?$top=3&$select=id")).await.json();
        let next = first["@odata.nextLink"].as_str().expect("a next page");
        let next = next.strip_prefix(&tenant.url("/v1.0")).expect("Graph, here");
        let rest = admin.value(next).await;
        assert_eq!((first["value"].as_array().map(Vec::len), rest.len()), (Some(3), 1), "{path}");
    }
    // "Limited information returned for inaccessible member objects".
    let narrow = Graph::narrow(&tenant, "admin").await;
    for object in narrow.value("/me/memberOf").await {
        assert!(object["id"].is_string() && object["@odata.type"].is_string(), "{object}");
        assert_eq!(object["displayName"], Value::Null, "{object}");
    }
    let others = narrow.get(&format!("/users/{}/memberOf", tenant.id_of(1))).await;
    denied(&others, 403, "Authorization_RequestDenied");
    assert!(Graph::narrow(&tenant, "owner").await.value("/me/memberOf").await.is_empty());
}

/// microsoft-graph-docs#8586, #13142 and #13226; a capture of 2025-12.
#[tokio::test]
async fn counts_need_eventual_consistency() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for collection in ["/users", "/applications", "/servicePrincipals", "/groups"] {
        let all = admin.value(&format!("{collection}?$top=999")).await.len();
        let raw = admin.eventually(&format!("{collection}/$count")).await;
        assert_eq!(
            (raw.header("content-type"), &*raw.text),
            ("text/plain; charset=utf-8", &*all.to_string())
        );
        let refused = admin.get(&format!("{collection}/$count")).await;
        denied(&refused, 400, "Request_UnsupportedQuery");
        let page = admin.eventually(&format!("{collection}?$count=true&$top=1")).await.json();
        assert_eq!(page["@odata.count"], all, "{collection}");
        if all > 1 {
            assert!(
                page["@odata.nextLink"].as_str().is_some_and(|link| link.contains("%24count=true")),
                "{page}"
            );
        }
        let without = admin.get(&format!("{collection}?$count=true")).await.json();
        assert_eq!(without.get("@odata.count"), None, "the option alone has no effect");
        denied(&admin.eventually(&format!("{collection}?$count=maybe")).await, 400, "Request_BadRequest");
    }
    let filtered = "?$filter=startswith(userPrincipalName,'o')";
    assert_eq!(admin.eventually(&format!("/users/$count{filtered}")).await.text, "1");
    let page = admin.eventually(&format!("/users{filtered}&$count=true")).await.json();
    assert_eq!((&page["@odata.count"], &page["value"][0]["id"]), (&json!(1), &json!(tenant.id_of(1))));
    denied(&admin.eventually("/auditLogs/signIns?$count=true").await, 400, "Request_UnsupportedQuery");
}

/// microsoft-graph-docs#4267, msgraph-sdk-powershell#1090, microsoft-graph-docs#13208.
#[tokio::test]
async fn force_change_works_without_a_new_password() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let held = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let path = format!("/users/{}", tenant.upn("owner"));
    let profile = async || {
        admin.get(&format!("{path}?$select=passwordProfile")).await.json()["passwordProfile"].clone()
    };
    let flag = |value: bool| json!({"passwordProfile": {"forceChangePasswordNextSignIn": value}});
    assert_eq!(profile().await["forceChangePasswordNextSignIn"], false);
    assert_eq!(admin.call(Method::PATCH, &path, flag(true)).await.status, 204);
    assert_eq!(
        profile().await,
        json!({
            "forceChangePasswordNextSignIn": true, "forceChangePasswordNextSignInWithMfa": false, "password": null,
        })
    );
    assert!(tenant.journal("password.reset").await.is_empty(), "the password is the same");
    tenant.desktop().refresh(held.refresh()).await;
    let mut browser = tenant.browser();
    let page = browser.open(&tenant.desktop().authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    assert_eq!(page.heading, "Change your password");
    assert_eq!(admin.call(Method::PATCH, &path, flag(false)).await.status, 204);
    tenant.desktop().sign_in(&tenant, "owner", READ).await;
    denied(
        &admin.call(Method::PATCH, &path, json!({"passwordProfile": {}})).await,
        400,
        "Request_BadRequest",
    );
    let owner = Graph::of(&tenant, "owner", ALL).await;
    denied(&owner.call(Method::PATCH, &path, flag(false)).await, 403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn authentication_methods_are_listed_by_type() {
    let tenant = Tenant::create(crate::installation::Installation::shared(), "2025-11", |tenant, spec| {
        spec["users"][0]["authenticator_secret"] = json!("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
        let scopes = ["UserAuthenticationMethod.ReadWrite.All", "User.Read"];
        spec["applications"].as_array_mut().expect("a list").push(tenant.application(
            20,
            "public",
            &json!({
                "redirect_uris": [{"uri": "http://localhost/methods", "type": "publicClient"}],
                "required": [{"resource": "00000003-0000-0000-c000-000000000000", "scopes": scopes}],
                "admin_consented": true,
            }),
        ));
    })
    .await;
    let app = tenant.app(20, None, "http://localhost/methods");
    let of = async |role: &str, scope: &str| Graph {
        tenant: &tenant,
        token: app.sign_in(&tenant, role, scope).await.access().to_owned(),
    };
    let admin = of("admin", "UserAuthenticationMethod.ReadWrite.All").await;
    let password = "28c10230-6103-485e-b985-444c60001490";
    let user = format!("/users/{}/authentication", tenant.id_of(1));
    let methods = admin.value(&format!("{user}/methods")).await;
    let types: Vec<_> = methods.iter().map(|method| method["@odata.type"].clone()).collect();
    assert_eq!(
        types,
        [
            "#microsoft.graph.passwordAuthenticationMethod",
            "#microsoft.graph.softwareOathAuthenticationMethod"
        ]
    );
    assert_eq!(methods[0]["id"], password);
    let passwords = admin.value(&format!("{user}/passwordMethods")).await;
    assert_eq!(
        passwords,
        [json!({"id": password, "password": null, "createdDateTime": "2026-01-05T09:00:00Z"})]
    );
    assert_eq!(admin.value(&format!("{user}/softwareOathMethods")).await[0]["secretKey"], Value::Null);
    for kind in ["methods", "passwordMethods"] {
        assert_eq!(admin.get(&format!("{user}/{kind}/{password}")).await.json()["id"], password);
    }
    denied(&admin.get(&format!("{user}/methods/nonsense")).await, 404, "Request_ResourceNotFound");
    denied(&admin.get(&format!("{user}/nonsense")).await, 404, "Request_ResourceNotFound");
    assert_eq!(admin.value(&format!("{user}/fido2Methods")).await.len(), 0);
    let colleague = format!("/users/{}/authentication/methods", tenant.id_of(2));
    assert_eq!(admin.value(&colleague).await.len(), 1);
    let own = of("colleague", "UserAuthenticationMethod.ReadWrite.All").await;
    assert_eq!(own.value("/me/authentication/methods").await.len(), 1);
    denied(&own.get(&format!("{user}/methods")).await, 403, "Authorization_RequestDenied");
    let narrow = Graph::narrow(&tenant, "colleague").await;
    denied(&narrow.get("/me/authentication/methods").await, 403, "Authorization_RequestDenied");
}
