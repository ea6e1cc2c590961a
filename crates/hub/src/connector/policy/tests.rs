//! Tests of the policies of a connector.

use serde_json::json;

use super::*;

fn read(policies: Value) -> Result<Vec<Policy>, Vec<String>> {
    let mut faults = Faults::default();
    let policies = parse(Some(&policies), "p", &mut faults);
    faults.result(policies).map_err(|faults| faults.into_iter().map(|fault| fault.at).collect())
}

fn one(template: &str, parameters: &Value) -> Policy {
    let mut named = Map::new();
    for (name, value) in parameters.as_object().expect("an object") {
        let prefix =
            if matches!(name.as_str(), "operationName" | "policySection") { "-" } else { "Parameter." };
        named.insert(format!("x-ms-apimTemplate{prefix}{name}"), value.clone());
    }
    read(json!([{"templateId": template, "title": "t", "parameters": named}])).expect("usable").remove(0)
}

fn value(text: &str) -> PolicyValue {
    PolicyValue::parse(text).expect("usable")
}

#[test]
fn the_templates_that_rewrite_a_call_are_known_in_any_case() {
    for (template, parameters, expected) in [
        ("dynamicHostUrl", json!({"urlTemplate": "https://a"}), Action::Host(value("https://a"))),
        (
            "routerequesttoendpoint",
            json!({"newPath": "/a/{id}"}),
            Action::Route { path: value("/a/{id}"), method: value("@Request.OriginalHTTPMethod") },
        ),
        (
            "routerequesttoendpoint",
            json!({"newPath": "/a", "httpMethod": "post"}),
            Action::Route { path: value("/a"), method: value("post") },
        ),
        (
            "setHeader",
            json!({"name": "X-A", "value": "b", "existsAction": "skip"}),
            Action::Header { name: HeaderName::from_static("x-a"), value: value("b"), exists: Exists::Skip },
        ),
        (
            "setqueryparameter",
            json!({"name": "$format", "value": 7}),
            Action::Query { name: "$format".into(), value: value("7"), exists: Exists::Override },
        ),
        (
            "setproperty",
            json!({
                "newPropertyParentPathTemplate": "@body().a", "newPropertySubPathTemplate": "b/c",
                "propertyValuePathTemplate": "@body().d",
            }),
            Action::Property {
                parent: vec!["a".into()],
                name: vec!["b".into(), "c".into()],
                value: value("@body().d"),
            },
        ),
        ("pollingtrigger", json!({"triggerConfig": {"a": "b"}}), Action::Nothing),
        ("setarrayitem", json!({}), Action::Unsupported("has the template 'setarrayitem'".into())),
        (
            "ConvertArrayToObject",
            json!({
                "propertyParentPath": "@body()", "propertySubPath": "@item().items", "keyWithinCollectionPath": "a/b",
                "newPropertyPath": "byId", "retainKey": "False",
            }),
            Action::Transform {
                parent: vec![],
                name: vec!["items".into()],
                target: vec!["byId".into()],
                transform: Transform::ArrayToObject { key: vec!["a".into(), "b".into()], retain_key: false },
            },
        ),
        (
            "convertobjecttoarray",
            json!({"propertyParentPath": "@body().a", "propertySubPath": "null", "newPropertyPath": "list"}),
            Action::Transform {
                parent: vec!["a".into()],
                name: vec![],
                target: vec!["list".into()],
                transform: Transform::ObjectToArray { key: "key".into(), value: "value".into() },
            },
        ),
        (
            "stringtoarray",
            json!({
                "propertyParentPath": "@body()", "propertySubPath": "tags", "delimiterList": "';', ', '",
                "childPropertyName": "tag", "newPropertyPath": "list",
            }),
            Action::Transform {
                parent: vec![],
                name: vec!["tags".into()],
                target: vec!["list".into()],
                transform: Transform::TextToArray {
                    delimiters: vec![";".into(), ", ".into()],
                    child: "tag".into(),
                },
            },
        ),
        (
            "setvaluefromurl",
            json!({
                "parameterTemplate": "@queryParameters('access_token')", "parameterValueUrl": "/{page}?fields=a",
                "parameterValuePathTemplate": "@body().a.b",
            }),
            Action::ValueFromUrl(Box::new(ValueFromUrl {
                target: Target::Query("access_token".into()),
                method: Method::GET,
                url: value_url::ValueUrl { origin: None, path: value("/{page}?fields=a") },
                path: vec!["a".into(), "b".into()],
            })),
        ),
        (
            "setvaluefromurl",
            json!({
                "parameterTemplate": "@headers('if-match')", "httpMethod": "post", "parameterValuePathTemplate": "etag",
                "parameterValueUrl": "https://a.example:81/@queryParameters('x')",
            }),
            Action::ValueFromUrl(Box::new(ValueFromUrl {
                target: Target::Header(HeaderName::from_static("if-match")),
                method: Method::POST,
                url: value_url::ValueUrl {
                    origin: Some("https://a.example:81".into()),
                    path: value("/@queryParameters('x')"),
                },
                path: vec!["etag".into()],
            })),
        ),
        (
            "setvaluefromurl",
            json!({
                "parameterTemplate": "@headers('a')", "parameterValuePathTemplate": "x",
                "parameterValueUrl": "https://@{connectionParameters('site')}/x",
            }),
            Action::Unsupported("takes a value from a URL whose host is not written".into()),
        ),
        (
            "updatenextlink",
            json!({"nextLinkPropertyName": "@odata.nextLink", "nextLinkParentPropertyPath": "paging"}),
            Action::NextLink { parent: vec!["paging".into()], name: "@odata.nextLink".into() },
        ),
        (
            "setconnectionstatustounauthenticated",
            json!({"statusCode": 401}),
            Action::Unauthenticate { status: 401 },
        ),
        (
            "setheader",
            json!({"name": "Host", "value": "x"}),
            Action::Unsupported("sets the header host".into()),
        ),
        (
            "setheader",
            json!({"name": "X-Forwarded-Host", "value": "x"}),
            Action::Unsupported("sets the header x-forwarded-host".into()),
        ),
        (
            "setproperty",
            json!({
                "newPropertyParentPathTemplate": "@body()", "newPropertySubPathTemplate": "/",
                "propertyValuePathTemplate": "x",
            }),
            Action::Unsupported("sets the whole body".into()),
        ),
        (
            "setheader",
            json!({"name": "a", "value": "x", "newValue": "y"}),
            Action::Unsupported("has the parameter 'x-ms-apimTemplateParameter.newValue'".into()),
        ),
        (
            "setheader",
            json!({"name": "a", "value": "@base64('x')"}),
            Action::Unsupported("calls the function base64()".into()),
        ),
    ] {
        assert_eq!(one(template, &parameters).action, expected, "{template} {parameters}");
    }
}

#[test]
fn a_policy_applies_to_the_operations_that_it_names() {
    for (names, applies) in [
        (json!(["A", "B"]), true),
        (json!("A"), true),
        (json!([]), true),
        (json!(null), true),
        (json!(["B"]), false),
        (json!(["a"]), false),
    ] {
        let policy = one("pollingtrigger", &json!({ "operationName": names }));
        assert_eq!(policy.applies_to("A"), applies, "{names}");
    }
    let response = one("setheader", &json!({"name": "a", "value": "b", "policySection": "response"}));
    assert_eq!(response.section, Section::Response);
    let failure = one("setheader", &json!({"name": "a", "value": "b", "policySection": "Failure"}));
    assert_eq!(failure.section, Section::Failure);
}

#[test]
fn all_mistakes_are_reported_with_their_places() {
    let named = |name: &str, value: &str| (format!("x-ms-apimTemplateParameter.{name}"), json!(value));
    let policy = |template: &str, members: Vec<(String, Value)>| json!({"templateId": template, "parameters": members.into_iter().collect::<Map<_, _>>()});
    let faults = read(json!([
        {},
        7,
        policy("dynamichosturl", vec![]),
        policy("dynamichosturl", vec![named("urlTemplate", "@connectionParameters('a'")]),
        policy("setheader", vec![named("name", "a b"), named("value", "x"), named("existsAction", "maybe")]),
        policy("routerequesttoendpoint", vec![named("httpMethod", "a b"), named("newPath", "/")]),
        policy(
            "setqueryparameter",
            vec![
                named("name", "a"),
                named("value", "b"),
                ("x-ms-apimTemplate-policySection".into(), json!("Response")),
                ("x-ms-apimTemplate-operationName".into(), json!([1])),
            ]
        ),
        policy(
            "setproperty",
            vec![
                named("newPropertyParentPathTemplate", &format!("@body(){}", ".a".repeat(33))),
                named("newPropertySubPathTemplate", &"a/".repeat(12_000)),
                named("propertyValuePathTemplate", &format!("@body(){}", "[0]".repeat(33))),
            ]
        ),
    ]));
    let expected = [
        "p[0].templateId",
        "p[1].templateId",
        "p[2].parameters.x-ms-apimTemplateParameter.urlTemplate",
        "p[3].parameters.x-ms-apimTemplateParameter.urlTemplate",
        "p[4].parameters.x-ms-apimTemplateParameter.name",
        "p[4].parameters.x-ms-apimTemplateParameter.existsAction",
        "p[5].parameters.x-ms-apimTemplateParameter.httpMethod",
        "p[6].parameters.x-ms-apimTemplate-operationName",
        "p[6].parameters.x-ms-apimTemplate-policySection",
        "p[7].parameters.x-ms-apimTemplateParameter.newPropertyParentPathTemplate",
        "p[7].parameters.x-ms-apimTemplateParameter.newPropertySubPathTemplate",
        "p[7].parameters.x-ms-apimTemplateParameter.propertyValuePathTemplate",
    ];
    assert_eq!(faults, Err(expected.map(str::to_owned).to_vec()));
    assert_eq!(read(json!({})), Err(vec!["p".to_owned()]));
}
