//! Where calls of connectors go.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use outlive_hub::Unmapped;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};
use url::Url;

use crate::fakes::{BackEnd, serve_back_end};
use crate::world::{HUB, OWNER, Response, World, swagger};

/// A resolver that answers in turn; it has no name left to resolve at the end.
#[derive(Default)]
pub(crate) struct Names(Mutex<VecDeque<&'static str>>, Mutex<Vec<String>>);

impl Names {
    pub(crate) fn answering(answers: &[&'static str]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().copied().collect()), Mutex::default()))
    }

    pub(crate) fn resolved(&self) -> Vec<String> {
        self.1.lock().expect("not poisoned").clone()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        self.1.lock().expect("not poisoned").push(name.as_str().to_owned());
        let answer = self.0.lock().expect("not poisoned").pop_front();
        Box::pin(async move {
            let address = answer.ok_or("no such name")?.parse().expect("an address");
            Ok(Box::new([SocketAddr::new(address, 0)].into_iter()) as Addrs)
        })
    }
}

/// Creates a custom API of this host without sign-in and a connection. Returns the runtime path.
async fn connect(world: &World, host: &str) -> String {
    let mut swagger = swagger("/v1");
    swagger["host"] = json!(host);
    swagger["schemes"] = json!(["http"]);
    let api = json!({"properties": {"displayName": host, "swagger": swagger, "iconBrandColor": "#111111"}});
    let uri = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/mine?api-version=2016-06-01",
        world.tenant
    );
    let owner = world.user(OWNER);
    let api = world.send("PUT", &uri, &[("authorization", &owner)], &api.to_string()).await;
    assert!(api.status.is_success(), "{host}: {}", api.text);
    let body = json!({"properties": {"api": {"id": api.at("/id")}}});
    let made = world.arm(&owner, "PUT", "mine", &body).await;
    let url = made.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
}

async fn get(world: &World, path: &str) -> Response {
    world
        .send("GET", path, &[("authorization", &world.user(OWNER)), ("x-forwarded-host", "spoofed")], "")
        .await
}

/// A back end that is not a service of the installation.
pub(crate) async fn elsewhere() -> (BackEnd, Url) {
    serve_back_end(BackEnd::default()).await
}

#[tokio::test]
async fn a_mapped_host_is_called_where_the_operator_says() {
    let (other, url) = elsewhere().await;
    let mapping = format!("*.example.com={url}root").parse().expect("a mapping");
    let world = World::with_back_ends(|back_ends| back_ends.with_mappings([mapping])).await;
    let runtime = connect(&world, "API.example.com:8443").await;
    get(&world, &format!("{runtime}/orders/4%202?x=1")).await.expect(200);
    let call = other.last();
    assert_eq!(call.uri, "/root/v1/orders/4%202?x=1");
    assert_eq!(call.headers["x-forwarded-host"], "api.example.com");
    assert!(!call.headers.contains_key("outlive-time"), "the tenant's time stays in the installation");
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn redirects_return_to_the_caller() {
    let (_other, url) = elsewhere().await;
    let mapping = format!("api.example.com={url}").parse().expect("a mapping");
    let world = World::with_back_ends(|back_ends| back_ends.with_mappings([mapping])).await;
    let runtime = connect(&world, "api.example.com").await;
    let answer = get(&world, &format!("{runtime}/orders/moved")).await.expect(302);
    assert_eq!(answer.header("location"), "http://169.254.169.254/metadata");
}

#[tokio::test]
async fn hosts_that_are_not_mapped_are_not_called_by_default() {
    let names = Names::answering(&["127.0.0.1"]);
    let world = World::with_back_ends(|back_ends| back_ends.with_names(names.clone())).await;
    let runtime = connect(&world, "api.example.com").await;
    let answer = get(&world, &format!("{runtime}/orders")).await.expect(502);
    let text = "The back end 'api.example.com' is not configured. Start the hub with --back-end api.example.com=URL, or \
                with --unmapped-back-ends public if it may call the hosts of connectors.";
    assert_eq!(answer.at("/message"), text);
    assert_eq!(answer.at("/error/message"), text);
    assert_eq!(world.journal("runtime.refused").await[0]["data"]["why"], text);
    assert!(names.resolved().is_empty(), "not even resolved");
}

#[tokio::test]
async fn private_hosts_are_not_called_in_any_spelling() {
    let (other, url) = elsewhere().await;
    let port = url.port().expect("a port");
    let private =
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::"];
    let names = Names::answering(&private);
    let world = World::with_back_ends(|back_ends| {
        back_ends.with_unmapped(Unmapped::Public).with_names(names.clone())
    })
    .await;
    let addresses = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.01",
        "127.0.0.1.",
        "0.0.0.0",
        "169.254.169.254",
        "168.63.129.16",
        "[::1]",
        "[::ffff:7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
    ];
    let hosts = ["rebinding.example"; 7].into_iter().chain(addresses);
    for host in hosts {
        let runtime = connect(&world, &format!("{host}:{port}")).await;
        let answer = get(&world, &format!("{runtime}/orders")).await.expect(502);
        let message = answer.at("/message").as_str().unwrap_or_default().to_owned();
        assert!(message.starts_with("The address of the back end '"), "{host}: {}", answer.text);
        assert!(message.contains("--unmapped-back-ends any"), "{message}");
        if !host.starts_with('[') && host.contains("example") {
            assert!(private.iter().all(|address| !message.contains(address)), "{message}");
        }
    }
    assert_eq!(names.resolved(), ["rebinding.example"; 7], "one lookup for a call");
    assert!(other.calls().is_empty());
}

#[tokio::test]
async fn a_name_is_resolved_once_and_the_connection_goes_to_that_address() {
    let (other, url) = elsewhere().await;
    let names = Names::answering(&["127.0.0.1", "192.0.2.1"]);
    let world =
        World::with_back_ends(|back_ends| back_ends.with_unmapped(Unmapped::Any).with_names(names.clone()))
            .await;
    let runtime = connect(&world, &format!("api.example.com:{}", url.port().expect("a port"))).await;
    get(&world, &format!("{runtime}/orders")).await.expect(200);
    assert_eq!(other.last().uri, "/v1/orders");
    assert_eq!(names.resolved(), ["api.example.com"]);
}

#[tokio::test]
async fn a_name_without_an_address_is_a_bad_gateway() {
    let names = Names::answering(&[]);
    let world =
        World::with_back_ends(|back_ends| back_ends.with_unmapped(Unmapped::Public).with_names(names)).await;
    let runtime = connect(&world, "nowhere.example.com").await;
    let answer = get(&world, &format!("{runtime}/orders")).await.expect(502);
    assert_ne!(answer.at("/error/innerError"), Value::Null, "{}", answer.text);
}
