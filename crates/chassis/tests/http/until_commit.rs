use std::sync::atomic::{AtomicU32, Ordering};

use outlive_chassis::UntilCommit;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::{Change, StoreError, sql};
use outlive_wire::events::RunWaiting;
use outlive_wire::{EventPayload as _, Subject};

use crate::scene::{NOON, Scene, tenant};

#[tokio::test]
async fn a_value_is_cached_until_it_may_have_changed() {
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
    let unchanged = if every_time { (before, before + 1) } else { (0, 1) };
    assert_eq!((ask(1).await, ask(2).await), unchanged, "a line of the journal changes no value");
    let before = reads.load(Ordering::Relaxed);
    let mut change = Change::from(sql!("UPDATE clocks SET lab = lab WHERE tenant = $1", tenant(1)));
    change.append(scene.chassis.journal.entry(&event));
    scene.chassis.store.commit(change).await.expect("is written");
    assert_eq!((ask(1).await, ask(2).await), (before, before + 1), "another change may change any");
    memory.forget(&tenant(2));
    let again = ask(2).await;
    assert_eq!(again, before + 2);

    // What is put is that of its revision.
    let revision = scene.chassis.store.revision();
    memory.put(&scene.chassis.store, tenant(1), revision, 100);
    assert_eq!(ask(1).await, if every_time { again + 1 } else { 100 });
    memory.put(&scene.chassis.store, tenant(1), revision - 1, 101);
    assert!(![100, 101].contains(&ask(1).await), "of an earlier revision");
}
