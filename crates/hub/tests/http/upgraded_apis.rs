//! Custom APIs that an earlier version accepted, and that are not valid any more.

use serde_json::{Value, json};

use crate::custom_apis::api;
use crate::parameters::{connect, create_api, write};
use crate::world::{OWNER, World};

/// Replaces a stored document of the API `old`.
async fn store(world: &World, column: &str, document: &Value, version: &str) {
    let change = if column == "swagger" {
        outlive_store::sql!(
            "UPDATE connectors SET swagger = $1, version = $2 WHERE name = 'old'",
            document.clone(),
            version
        )
    } else {
        outlive_store::sql!(
            "UPDATE connectors SET api_properties = $1, version = $2 WHERE name = 'old'",
            document.clone(),
            version
        )
    };
    world.store.commit(change).await.expect("stored");
}

#[tokio::test]
async fn the_maker_can_read_repair_and_delete_an_invalid_api() {
    let world = World::new().await;
    let parameters = json!({"connectionParameters": {"site": {"type": "string"}}});
    let values = json!({"parameterValues": {"site": "a"}});
    let runtime = connect(&world, "old", (parameters, json!({})), values).await;
    let auth = world.user(OWNER);
    let made = api(&world, OWNER, "GET", "/old", &Value::Null).await.expect(200).json();
    let mut swagger = made["properties"]["swagger"].clone();
    swagger["securityDefinitions"] = json!({"key": {"type": "apiKey"}});
    let properties = |name: &str, value: Value| {
        let mut properties = json!({"connectionParameters": {"site": {"type": "string"}}});
        properties[name] = value;
        json!({ "properties": properties })
    };
    let repair = json!({"properties": {
        "policyTemplateInstances": [], "scriptOperations": [], "swagger": made["properties"]["swagger"],
    }});
    for (version, column, document, place) in [
        (
            "1",
            "",
            properties("policyTemplateInstances", json!([{}])),
            "policyTemplateInstances[0].templateId",
        ),
        ("2", "", properties("scriptOperations", json!("x")), "scriptOperations"),
        ("3", "swagger", swagger, "swagger.securityDefinitions.key"),
    ] {
        store(&world, column, &document, version).await;
        let all = api(&world, OWNER, "GET", "", &Value::Null).await.expect(200);
        assert_eq!(all.at("/value/0/name"), "old");
        api(&world, OWNER, "GET", "/old", &Value::Null).await.expect(200);
        let all = format!(
            "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/connections?api-version=2016-06-01",
            world.tenant
        );
        let all = world.send("GET", &all, &[("authorization", &auth)], "").await.expect(200);
        assert_eq!(all.at("/value/0/name"), "old");
        assert_eq!(all.at("/value/0/properties/overallStatus"), "Error", "{}", all.text);
        assert!(all.at("/value/0/properties/statuses/0/error/message").to_string().contains(place));
        let shown = api(&world, OWNER, "GET", "/old", &Value::Null).await.expect(200);
        assert_eq!(shown.at("/properties/error/code"), "ApiNotValid");
        assert_eq!(world.get("old").await.at("/properties/nonSecretParameterValues"), json!({"site": "a"}));
        let answer = world.call(&runtime).await.expect(400);
        assert!(answer.text.contains(place), "{}", answer.text);
        let test = world.arm(&auth, "GET", "old/extensions/proxy/testconnection", &Value::Null).await;
        test.expect(400);
        write(&world, "PATCH", "old", json!({"displayName": "Renamed"})).await.expect(200);
        for (method, name, status) in [("PATCH", "old", 400), ("PUT", "new", 400)] {
            let body = json!({"properties": {"api": {"id": made["id"]}, "parameterValues": {"site": "b"}}});
            let answer = world.arm(&auth, method, name, &body).await.expect(status);
            assert!(answer.text.contains(place), "{}", answer.text);
        }
        api(&world, OWNER, "PATCH", "/old", &repair).await.expect(200);
        world.call(&runtime).await.expect(200);
        assert_eq!(world.get("old").await.at("/properties/overallStatus"), "Connected");
        assert_eq!(world.get("old").await.at("/properties/nonSecretParameterValues"), json!({"site": "a"}));
    }
    store(&world, "", &properties("scriptOperations", json!("x")), "4").await;
    create_api(&world, "old", json!({"scriptOperations": []}), json!({})).await.expect(200);
    store(&world, "", &json!([]), "5").await;
    api(&world, OWNER, "DELETE", "/old", &Value::Null).await.expect(200);
    world.call(&runtime).await.expect(404);
}
