//! A class: opened, joined, moved, started over and ended, with the real program.

use std::time::Duration;

use futures::future::join_all;
use outlive_clock::{Span, wall_now};
use outlive_tests::{Service, System, outlive, pause};
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

/// The number of tenants beside that of the seed.
async fn tenants(class: &Class) -> usize {
    let (_, tenants) = class.send(Method::GET, "/tenants", &Value::Null).await;
    tenants["tenants"].as_array().map_or(0, Vec::len) - 1
}

#[tokio::test]
async fn seats_that_are_added_at_the_same_time_each_get_a_tenant() {
    let class = start().await;
    let (_, opened) = class.send(Method::POST, "/classes", &json!({"seats": 1})).await;
    let path = format!("/classes/{}", opened["code"].as_str().expect("a code"));
    let body = json!({"add_seats": 2});
    let added = join_all((0..3).map(|_| class.send(Method::PATCH, &path, &body))).await;
    assert!(added.iter().all(|(status, _)| *status == 200), "{added:?}");
    let (_, shown) = class.send(Method::GET, &path, &Value::Null).await;
    let numbers: Vec<_> =
        shown["seats"].as_array().expect("seats").iter().map(|seat| &seat["seat"]).collect();
    assert_eq!(numbers, (1..=7).map(|number| json!(number)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    assert_eq!(tenants(&class).await, 7);
    class.system.stop().await;
}

/// Killed while seats are added: each gets its tenant after the start, and no tenant has no seat.
#[tokio::test]
async fn seats_whose_creation_was_interrupted_are_completed() {
    let mut class = start().await;
    let (_, opened) = class.send(Method::POST, "/classes", &json!({"seats": 1})).await;
    let path = format!("/classes/{}", opened["code"].as_str().expect("a code"));
    let url = format!("{}{path}", class.lab);
    let adding = class.system.http().patch(url).json(&json!({"add_seats": 6})).send();
    let adding = tokio::spawn(adding);
    while tenants(&class).await < 3 {}
    class.system.kill();
    assert!(adding.await.expect("ends").is_err(), "it was killed too late");
    class.system.restart().await;
    let deadline = wall_now() + Span::from_seconds(60);
    loop {
        let (_, shown) = class.send(Method::GET, &path, &Value::Null).await;
        let seats = shown["seats"].as_array().map_or(0, Vec::len);
        if seats == 7 {
            break;
        }
        assert!(wall_now() < deadline, "{shown}");
        pause(Duration::from_millis(50)).await;
    }
    assert_eq!(tenants(&class).await, 7);
    class.system.stop().await;
}

/// Tenants of lessons belong to a seat, or have an end.
#[tokio::test]
async fn tenants_of_lessons_end_with_their_seat_or_after_their_lifetime() {
    let mut class = start().await;
    let (_, opened) = class.send(Method::POST, "/classes", &json!({"seats": 2, "lesson": 1})).await;
    let code = opened["code"].as_str().expect("a code");
    let path = format!("/classes/{code}");
    for _ in 0..2 {
        class.send(Method::POST, &format!("{path}/join"), &json!({})).await;
    }
    let seats = class.send(Method::GET, &path, &Value::Null).await.1["seats"].clone();
    let clock = json!({"now": "2026-01-05T09:00:00Z", "speed": 0});
    let of_seat = async |seat: u16| {
        let wanted =
            json!({"bare": true, "clock": clock, "lifetime": "P7D", "seat": {"class": code, "seat": seat}});
        let (status, created) = class.send(Method::POST, "/tenants", &wanted).await;
        assert_eq!(status, 201, "{created}");
        created["tenant_id"].clone()
    };
    let (first, second) = (of_seat(1).await, of_seat(2).await);
    // Both opened the link of the first one; the tenant moves once, by its own seat.
    for seat in 1..=2 {
        let progress =
            json!({"lesson": 1, "step": 2, "steps": 5, "last": "Look", "tenant_id": first.clone()});
        let report = format!("{path}/seats/{seat}");
        assert_eq!(class.send(Method::PUT, &report, &progress).await.0, 200);
    }
    let (_, moved) = class.send(Method::PATCH, &path, &json!({"clock": {"advance": "P1D"}})).await;
    assert_eq!((&moved["done"], &moved["failed"]), (&json!(2), &json!([])));
    let reported = |seat: usize| moved["class"]["seats"][seat]["progress"]["tenant_id"].clone();
    assert_eq!((reported(0), reported(1)), (first.clone(), Value::Null));
    assert_eq!(class.now(&first).await, "2026-01-06T09:00:00Z");
    assert_eq!(class.now(&second).await, "2026-01-05T09:00:00Z");
    assert!(class.now(&seats[1]["tenant_id"]).await > outlive_clock::wall_now().to_string());

    let exists = async |class: &Class, tenant: &Value| {
        let path = format!("/tenants/{}", tenant.as_str().expect("an id"));
        class.send(Method::GET, &path, &Value::Null).await.0 == 200
    };
    class.send(Method::PATCH, &path, &json!({"reset": {"seat": 1}})).await;
    assert_eq!((exists(&class, &first).await, exists(&class, &second).await), (false, true));
    // One of no seat; its lifetime ends while the lab is not there.
    let lifetime = json!({"bare": true, "lifetime": "PT2S"});
    let (_, short) = class.send(Method::POST, "/tenants", &lifetime).await;
    for (refused, status) in [
        (json!({"lifetime": "PT0S"}), 400),
        (json!({"lifetime": "P31D"}), 400),
        (json!({"seat": {"class": code, "seat": 3}}), 404),
        (json!({"seat": {"class": "none-0000", "seat": 1}}), 404),
    ] {
        assert_eq!(class.send(Method::POST, "/tenants", &refused).await.0, status, "{refused}");
    }
    class.system.kill();
    pause(Duration::from_secs(2)).await;
    class.system.restart().await;
    let deadline = wall_now() + Span::from_seconds(20);
    while exists(&class, &short["tenant_id"]).await {
        assert!(wall_now() < deadline, "its lifetime is over");
        pause(Duration::from_millis(50)).await;
    }
    assert!(exists(&class, &second).await);
    // A seat's tenant that is deleted by itself takes those of its lessons along.
    let own = format!("/tenants/{}", seats[1]["tenant_id"].as_str().expect("an id"));
    assert_eq!(class.send(Method::DELETE, &own, &Value::Null).await.0, 204);
    let deadline = wall_now() + Span::from_seconds(20);
    while exists(&class, &second).await {
        assert!(wall_now() < deadline, "its seat is gone");
        pause(Duration::from_millis(50)).await;
    }
    assert_eq!(class.send(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(tenants(&class).await, 0);
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
