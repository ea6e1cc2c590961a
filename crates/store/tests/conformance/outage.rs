//! Outages of the PostgreSQL server.

use std::net::SocketAddr;

use outlive_store::{DatabaseUrl, Statement, Store, StoreError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::changes::{insert, names};
use crate::place::{Place, TABLES};

/// A proxy to the server whose connection can be cut.
struct Proxy {
    here: SocketAddr,
    server: String,
    carrying: Option<JoinHandle<()>>,
}

impl Proxy {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("an address");
        let mut proxy = Self { here, server, carrying: None };
        proxy.carry(listener);
        proxy
    }

    fn carry(&mut self, listener: TcpListener) {
        let server = self.server.clone();
        self.carrying = Some(tokio::spawn(async move {
            // Dropped with this task, and all that it carries.
            let mut carried = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let server = server.clone();
                carried.spawn(async move {
                    let mut server = TcpStream::connect(server).await.expect("the server listens");
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        }));
    }

    async fn cut(&mut self) {
        let carrying = self.carrying.take().expect("is not cut yet");
        carrying.abort();
        let _ = carrying.await;
    }

    async fn restore(&mut self) {
        self.carry(TcpListener::bind(self.here).await.expect("the same port"));
    }
}

async fn behind_a_proxy(case: &str) -> Option<(Place, Proxy, Store)> {
    let place = Place::postgres(case)?;
    let DatabaseUrl::Postgres(mut url) = place.url.clone() else { panic!("a PostgreSQL URL") };
    let host = url.host_str().expect("a host").to_owned();
    let proxy = Proxy::to(format!("{host}:{}", url.port().unwrap_or(5432))).await;
    url.set_ip_host(proxy.here.ip()).expect("a host");
    url.set_port(Some(proxy.here.port())).expect("a port");
    let store =
        Store::open(&DatabaseUrl::Postgres(url), &place.schema, &[("case", TABLES)]).await.expect("opens");
    Some((place, proxy, store))
}

#[tokio::test]
async fn requests_fail_during_an_outage_and_succeed_afterwards() {
    let Some((place, mut proxy, store)) =
        behind_a_proxy("outage::requests_fail_during_an_outage_and_succeed_afterwards").await
    else {
        return;
    };
    store.commit(insert(1, "before")).await.expect("is written");
    assert_eq!(names(&store).await, ["before"]);
    proxy.cut().await;
    for _ in 0..3 {
        let refused = store.commit(insert(2, "during")).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
        let unread = store.rows(Statement::new("SELECT name FROM things", Vec::new())).await;
        assert!(matches!(unread, Err(StoreError::Failed(_))), "{unread:?}");
    }
    proxy.restore().await;
    store.commit(insert(3, "after")).await.expect("the first change after it works");
    assert_eq!(names(&store).await, ["before", "after"], "and so does the first read");
    place.remove().await;
}

#[tokio::test]
async fn a_restart_between_requests_is_transparent() {
    let Some((place, mut proxy, store)) =
        behind_a_proxy("outage::a_restart_between_requests_is_transparent").await
    else {
        return;
    };
    for id in 1..=3 {
        let reading: JoinSet<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                async move { names(&store).await.len() }
            })
            .collect();
        assert_eq!(reading.join_all().await.len(), 4);
        store.commit(insert(id, &format!("n{id}"))).await.expect("is written");
        proxy.cut().await;
        proxy.restore().await;
    }
    assert_eq!(names(&store).await, ["n1", "n2", "n3"]);
    place.remove().await;
}

#[tokio::test]
async fn replaces_closed_connections() {
    let Some(place) = Place::postgres("outage::replaces_closed_connections") else {
        return;
    };
    let store = place.open().await;
    let admin = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    // Every other connection to this database that last used this schema's tables.
    let end_all: &'static str = Box::leak(
        format!(
            "DELETE FROM things WHERE id = -1 AND 0 < (SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND application_name = '{}')",
            place.schema
        )
        .into_boxed_str(),
    );
    assert_eq!(names(&store).await, ["one"]);
    admin.commit(insert(3, "x")).await.expect("is written");
    admin.commit(Statement::new(end_all, Vec::new())).await.expect("all others are ended");
    assert_eq!(names(&store).await, ["one", "x"]);
    store.commit(insert(2, "two")).await.expect("is written");
    assert_eq!(names(&admin).await, ["one", "two", "x"]);
    place.remove().await;
}
