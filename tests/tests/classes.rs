//! A class: opened, joined, moved, started over and ended, with the real program.

use outlive_tests::{Service, System, outlive};
use reqwest::Method;
use serde_json::{Value, json};

struct Class {
    system: System,
    lab: String,
}

impl Class {
    async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.lab);
        let answer = self.system.http().request(method, url).json(body).send().await.expect("it answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    async fn now(&self, tenant: &Value) -> String {
        let path = format!("/tenants/{}/clock", tenant.as_str().expect("an id"));
        let (status, clock) = self.send(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, 200, "{clock}");
        clock["now"].as_str().expect("an instant").to_owned()
    }
}

async fn start() -> Class {
    let system = System::start().await;
    let lab = format!("{}/lab", system.url(Service::Console).trim_end_matches('/'));
    Class { system, lab }
}

#[tokio::test]
async fn a_class_is_opened_joined_moved_started_over_and_ended() {
    let class = start().await;
    let names = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(names.path(), "# The first seat\nwindow\n").expect("it is writable");
    let names = names.path().to_str().expect("UTF-8");
    let against = class.system.url(Service::Console);
    let opened =
        outlive(["class", "3", "--names", names, "--lesson", "2", "--json", "--against", &against]).await;
    assert_eq!(opened.code, Some(0), "{}", opened.stderr);
    let opened: Value = serde_json::from_str(&opened.stdout).expect("JSON");
    let code = opened["code"].as_str().expect("a code");
    let path = format!("/classes/{code}");

    // Each takes another seat; the same name leads back to its seat.
    let join = async |typed: &str, name: Value| {
        class.send(Method::POST, &format!("/classes/{typed}/join"), &name).await
    };
    let (_, first) = join(code, json!({"name": "window"})).await;
    assert_eq!((&first["seat"], &first["name"]), (&json!(1), &json!("window")));
    let spoken = code.to_uppercase().replace('-', "%20");
    let (_, second) = join(&spoken, json!({})).await;
    assert_eq!(second["seat"], json!(2));
    let (_, third) = join(code, json!({"name": "door"})).await;
    assert_eq!(third["seat"], json!(3));
    let (_, again) = join(code, json!({"name": "door"})).await;
    assert_eq!(again["tenant_id"], third["tenant_id"]);
    let (status, full) = join(code, json!({})).await;
    assert_eq!((status, &full["error"]["code"]), (409, &json!("ClassFull")));
    let (status, unknown) = join(&format!("{code}1"), json!({})).await;
    assert_eq!(status, 404);
    assert!(
        unknown["error"]["message"]
            .as_str()
            .is_some_and(|message| message.ends_with(&format!("Did you mean {code}?")))
    );

    // Progress is recorded for seats that are taken.
    let progress = json!({"lesson": 2, "step": 5, "steps": 9, "expects": "both", "last": "password changed"});
    let seat = format!("{path}/seats/1");
    let (_, answer) = class.send(Method::PUT, &seat, &progress).await;
    assert_eq!(answer, json!({"revealed": 0}));
    let (_, revealed) = class.send(Method::PATCH, &path, &json!({"reveal": 5})).await;
    assert_eq!(revealed["class"]["seats"][0]["progress"]["expects"], json!("both"));
    let (_, answer) = class.send(Method::PUT, &seat, &progress).await;
    assert_eq!(answer["revealed"], json!(5));

    // Time moves for all, and one starts over.
    let frozen = class.send(Method::PATCH, &path, &json!({"clock": {"run": 0}})).await.1;
    assert_eq!((&frozen["done"], &frozen["failed"]), (&json!(3), &json!([])));
    let before = class.now(&first["tenant_id"]).await;
    let (_, moved) = class.send(Method::PATCH, &path, &json!({"clock": {"advance": "P1D"}})).await;
    assert_eq!((&moved["done"], &moved["failed"]), (&json!(3), &json!([])));
    for seat in [&first, &second, &third] {
        assert!(class.now(&seat["tenant_id"]).await > before);
    }
    let (_, reset) = class.send(Method::PATCH, &path, &json!({"reset": {"seat": 1}})).await;
    assert_eq!((&reset["done"], &reset["class"]["seats"][0]["progress"]), (&json!(1), &Value::Null));
    let (_, more) = class.send(Method::PATCH, &path, &json!({"add_seats": 2})).await;
    assert_eq!(more["class"]["seats"].as_array().map(Vec::len), Some(5));

    // It is kept over a kill, and ends with its tenants.
    let mut class = class;
    class.system.kill();
    class.system.restart().await;
    let (status, kept) = class.send(Method::GET, &path, &Value::Null).await;
    assert_eq!((status, &kept["lesson"], &kept["revealed"]), (200, &json!(2), &json!(5)), "{kept}");
    assert_eq!(class.send(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(class.send(Method::GET, &path, &Value::Null).await.0, 404);
    let (_, tenants) = class.send(Method::GET, "/tenants", &Value::Null).await;
    assert_eq!(tenants["tenants"].as_array().map(Vec::len), Some(1), "{tenants}");
    class.system.stop().await;
}

#[tokio::test]
async fn what_no_class_can_be_is_rejected() {
    let class = start().await;
    let (_, opened) = class.send(Method::POST, "/classes", &json!({"seats": 1})).await;
    let code = opened["code"].as_str().expect("a code");
    let path = format!("/classes/{code}");
    let long = "x".repeat(41);
    for (method, at, body, status) in [
        (Method::POST, "/classes", json!({"seats": 0}), 400),
        (Method::POST, "/classes", json!({"seats": 61}), 400),
        (Method::POST, "/classes", json!({"seats": -1}), 422),
        (Method::POST, "/classes", json!({"seats": 1, "seed": "nowhere"}), 400),
        (Method::POST, "/classes", json!({"seats": 1, "rules": "1999"}), 400),
        (Method::POST, "/classes", json!({"seats": 1, "names": ["one", "two"]}), 400),
        (Method::POST, "/classes", json!({"seats": 2, "names": ["one", "one"]}), 400),
        (Method::POST, "/classes", json!({"seats": 1, "names": [long]}), 400),
        (Method::POST, "/classes", json!({"seats": 1, "names": ["a\nb"]}), 400),
        (Method::POST, "/classes", json!({"seats": 1, "color": "red"}), 422),
        (Method::PATCH, &path, json!({}), 400),
        (Method::PATCH, &path, json!({"reveal": 1, "lesson": 1}), 400),
        (Method::PATCH, &path, json!({"clock": {}}), 400),
        (Method::PATCH, &path, json!({"clock": {"advance": "-PT1H"}}), 400),
        (Method::PATCH, &path, json!({"add_seats": 60}), 400),
        (Method::PATCH, &path, json!({"reset": {"seat": 2}}), 404),
        (Method::PATCH, "/classes/%FF", json!({"reveal": 1}), 400),
        (Method::POST, "/classes/-/join", json!({}), 404),
        (
            Method::PUT,
            &format!("{path}/seats/1"),
            json!({"lesson": 1, "step": 1, "steps": 1, "last": ""}),
            404,
        ),
    ] {
        let (got, answer) = class.send(method.clone(), at, &body).await;
        assert_eq!(got, status, "{method} {at} {body}: {answer}");
        assert!(answer["error"]["message"].is_string(), "{method} {at} {body}: {answer}");
    }
    let (_, classes) = class.send(Method::GET, "/classes", &Value::Null).await;
    assert_eq!(classes["classes"].as_array().map(Vec::len), Some(1), "{classes}");
    class.system.stop().await;
}
