use std::time::Duration;

use outlive_chassis::serve;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::scene::{HOST, LAB_AUTHORIZATION, Scene, lab};

#[tokio::test]
async fn it_serves_until_the_signal_to_stop_even_with_followers() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, scene.app.clone(), async {
        let _ = stopped.await;
    }));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let get = |path: &str| {
        let request = client.get(format!("{url}{path}")).header("host", HOST);
        request.header("authorization", LAB_AUTHORIZATION).send()
    };
    assert_eq!(get("/healthz").await.expect("an answer").status(), 200);
    let foreign = client.get(format!("{url}/healthz")).send().await.expect("an answer");
    assert_eq!(foreign.status(), 421, "not called by its name");
    let mut following = get(&lab(1, "/journal/stream")).await.expect("an answer");
    let first = following.chunk().await.expect("is read").expect("a line");
    assert!(String::from_utf8_lossy(&first).contains("tenant.created"));

    stop.send(()).expect("it serves");
    let ended = tokio::time::timeout(Duration::from_secs(20), serving).await.expect("within its grace");
    ended.expect("no panic").expect("no fault");
    assert!(get("/healthz").await.is_err(), "the socket is closed");
}
