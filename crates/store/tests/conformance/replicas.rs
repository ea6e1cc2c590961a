//! Several processes on one PostgreSQL schema.

use outlive_store::Store;
use tokio::task::JoinSet;

use crate::changes::{insert, names};
use crate::groups::{numbered, numbers};
use crate::place::{Place, TABLES};

#[tokio::test]
async fn replicas_number_without_gaps_and_see_each_other() {
    let Some(place) = Place::postgres("replicas::replicas_number_without_gaps_and_see_each_other") else {
        return;
    };
    let replicas = [place.open().await, place.open().await, place.open().await];
    assert!(!replicas[0].is_exclusive());
    for (which, wanted, same_keys) in [("no conflicts", 150, false), ("two want each key", 75, true)] {
        let before = numbers(&replicas[0]).await.len();
        let mut tasks = JoinSet::new();
        for writer in 0..150_i64 {
            let store = replicas[usize::try_from(writer % 3).expect("small")].clone();
            tasks.spawn(async move {
                let mut change = numbered(writer);
                if same_keys {
                    change.append(insert(writer / 2, &format!("n{writer}")).into());
                }
                store.commit(change).await.is_ok()
            });
        }
        let written = tasks.join_all().await.into_iter().filter(|written| *written).count();
        assert_eq!(written, wanted, "{which}");
        for replica in &replicas {
            let seen = numbers(replica).await;
            assert_eq!(seen, (1..=(before + wanted) as i64).collect::<Vec<_>>(), "{which}");
        }
    }
    replicas[0].commit(insert(1_000, "from the first")).await.expect("is written");
    assert!(
        names(&replicas[1]).await.contains(&"from the first".to_owned()),
        "what was answered is seen by all"
    );
    place.remove().await;
}

#[tokio::test]
async fn replicas_that_start_at_once_make_the_tables_once() {
    let Some(place) = Place::postgres("replicas::replicas_that_start_at_once_make_the_tables_once") else {
        return;
    };
    let opening: JoinSet<_> = (0..4)
        .map(|_| {
            let (url, schema) = (place.url.clone(), place.schema.clone());
            async move { Store::open(&url, &schema, &[("case", TABLES)]).await }
        })
        .collect();
    for store in opening.join_all().await {
        store.expect("every replica opens").commit(numbered(1)).await.expect("and can write");
    }
    place.remove().await;
}

#[tokio::test]
async fn schemas_of_one_database_do_not_meet() {
    let Some((one, two)) =
        Place::postgres("replicas::schemas_of_one_database_do_not_meet").zip(Place::postgres("the same"))
    else {
        return;
    };
    let (first, second) = (one.open().await, two.open().await);
    first.commit(insert(1, "one")).await.expect("is written");
    second.commit(insert(1, "one")).await.expect("is another table");
    assert_eq!(names(&second).await, ["one"]);
    one.remove().await;
    assert_eq!(names(&second).await, ["one"]);
    two.remove().await;
}
