use std::sync::atomic::{AtomicU32, Ordering};

use outlive_chassis::UntilCommit;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::StoreError;
use outlive_wire::events::RunWaiting;
use outlive_wire::{EventPayload as _, Subject};

use crate::scene::{NOON, Scene, tenant};

#[tokio::test]
async fn a_value_is_cached_until_the_next_commit() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let (reads, memory) = (AtomicU32::new(0), UntilCommit::default());
    let ask = async |number| {
        let read = async { Ok::<_, StoreError>(reads.fetch_add(1, Ordering::Relaxed)) };
        memory.or_read(&scene.chassis.store, tenant(number), read).await.expect("is read")
    };
    let every_time = !scene.chassis.store.is_exclusive();
    assert_eq!((ask(1).await, ask(2).await), (0, 1));
    assert_eq!((ask(1).await, ask(2).await), if every_time { (2, 3) } else { (0, 1) });
    let before = reads.load(Ordering::Relaxed);
    let noon: Instant = NOON.parse().expect("an instant");
    let event = Event::new(tenant(1), noon, Subject::run(1), "a", RunWaiting::example());
    scene.chassis.journal.append(&event).await.expect("is written");
    assert_eq!((ask(1).await, ask(2).await), (before, before + 1), "whatever was committed");
    memory.forget(tenant(2));
    let again = ask(2).await;
    assert_eq!(again, before + 2);
}
