//! Faults at the hub: requests of anybody meet them, also those that do not say of which tenant or
//! connection they are in a path or a token.

use serde_json::{Value, json};

use crate::world::{CONNECTOR, OWNER, RETURN, World};

async fn add(world: &World, fault: Value) -> String {
    let mut all = json!({"service": "hub"});
    all.as_object_mut().expect("an object").extend(fault.as_object().expect("an object").clone());
    let path = format!("/_lab/tenants/{}/faults", world.tenant);
    let added = world.send("POST", &path, &[], &all.to_string()).await.expect(201);
    added.at("/id").as_str().expect("an id").to_owned()
}

async fn remove(world: &World, id: &str) {
    let path = format!("/_lab/tenants/{}/faults/{id}", world.tenant);
    world.send("DELETE", &path, &[], "").await.expect(204);
}

#[tokio::test]
async fn a_browser_meets_faults_at_every_step_of_consent() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let link = world.link("orders").await;
    let met = json!({"endpoint": "consent", "do": {"status": 503}, "count": 1});
    add(&world, met.clone()).await;
    world.open(&link).await.expect(503);
    let authorize = world.authorize(&link).await;
    add(&world, met.clone()).await;
    let back = format!("/redirect?code=issuers-code&state={}", crate::world::query(&authorize, "state"));
    world.open(&back).await.expect(503);
    let code = world.follow_redirect(&authorize).await;
    world.confirm("orders", &code).await.expect(200);
    // Without a browser.
    let link = world.link("orders").await.replace("/login?", "/firstPartyLogin?");
    add(&world, met).await;
    world.open(&link).await.expect(503);
    assert_ne!(world.open(&link).await.status.as_u16(), 503);
    let hits = world.journal("fault.hit").await;
    let paths: Vec<_> = hits.iter().map(|hit| hit["data"]["path"].as_str().expect("a path")).collect();
    assert_eq!(paths, ["/login", "/redirect", "/firstPartyLogin"]);
    // What is sealed by another hub is of no tenant.
    add(&world, json!({"endpoint": "consent", "do": {"status": 503}})).await;
    for path in ["/login?data=x", "/login", "/redirect?state=x", "/redirect", "/firstPartyLogin?data="] {
        assert_ne!(world.open(path).await.status.as_u16(), 503, "{path}");
    }
}

#[tokio::test]
async fn a_fault_of_one_connection_is_met_wherever_the_connection_is_named() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let other = world.connect("lab", CONNECTOR).await;
    let id = runtime.rsplit('/').next().expect("an id").to_owned();
    let user = world.user(OWNER);
    // By its id and by its name, as the lab and the surface of the hub know it.
    for connection in [id, "Orders".to_owned()] {
        let fault = add(&world, json!({"connection": connection, "do": {"status": 503}})).await;
        world.call(&runtime).await.expect(503);
        let links =
            json!({"parameters": [{"parameterName": "token", "redirectUrl": RETURN, "objectId": OWNER}]});
        for (method, rest, body) in [
            ("GET", "orders", Value::Null),
            ("GET", "ORDERS/accessPolicies", Value::Null),
            ("POST", "%6Frders/listConsentLinks", links),
            ("PATCH", "orders", json!({"properties": {"displayName": "New"}})),
        ] {
            world.arm(&user, method, rest, &body).await.expect(503);
        }
        // Another connection, whose name is that of the resource group of both, and no connection.
        world.call(&other).await.expect(200);
        world.arm(&user, "GET", "lab", &Value::Null).await.expect(200);
        remove(&world, &fault).await;
        world.arm(&user, "GET", "orders", &Value::Null).await.expect(200);
    }
    // A sign-in for the connection.
    let (link, for_other) = (world.link("orders").await, world.link("lab").await);
    add(&world, json!({"connection": "orders", "do": {"status": 503}})).await;
    world.open(&link).await.expect(503);
    world.open(&for_other).await.expect(302);
    // One that does not exist yet has a name.
    add(&world, json!({"connection": "new", "do": {"status": 500}})).await;
    world.put_connection("new", CONNECTOR).await.expect(500);
}
