//! The history of runs: 28 days by the tenant's time ("By default, flow run data is stored for 28
//! days (2,419,200 seconds)": Microsoft Learn, *Manage cloud flow run history in Dataverse*).

use outlive_clock::{Instant, Span};
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{FLOW, Lab, START, TENANT, call, hourly, manual};

const HISTORY: Span = Span::from_days(28);

fn start() -> Instant {
    START.parse().expect("an instant")
}

fn started(run: &Value) -> Instant {
    run["properties"]["startTime"].as_str().expect("an instant").parse().expect("an instant")
}

fn counts(lab: &Lab) -> Value {
    lab.send("GET", &format!("/_lab/tenants/{TENANT}/runs"), None, None).expect(200)
}

#[test]
fn runs_older_than_28_days_are_pruned_and_the_journal_keeps_them() {
    let lab = Lab::with_flow(hourly());
    lab.advance(Span::from_hours(24));
    let oldest = lab.runs("").last().expect("a run")["name"].as_str().expect("a name").to_owned();
    let path = format!("/{FLOW}/runs/{oldest}");
    // A run is in the history for exactly 28 days.
    lab.advance(HISTORY - Span::from_hours(24));
    assert_eq!(started(&lab.owner("GET", &path, None).expect(200)), start());
    assert_eq!(lab.runs("").len(), 28 * 24 + 1);
    lab.set_clock(start() + HISTORY + Span::from_micros(1));
    lab.owner("GET", &path, None).expect(404);
    lab.owner("GET", &format!("{path}/actions"), None).expect(404);
    assert_eq!(lab.runs("").len(), 28 * 24);

    assert_eq!(lab.advance(Span::from_hours(48)).0, 48);
    let runs = lab.runs("");
    assert!(runs.iter().all(|run| started(run) >= lab.now() - HISTORY));
    assert_eq!(runs.len(), 28 * 24);
    assert_eq!(lab.runs("&$filter=status%20eq%20'Succeeded'").len(), runs.len());
    // All runs are counted, and the journal has their events.
    assert_eq!(counts(&lab), json!({"Succeeded": 28 * 24 + 1 + 48}));
    // The timeline counts them, too, and knows where each status began.
    let until = lab.now() + Span::from_micros(1);
    let timeline = |bin: i64| {
        let path = format!("/_lab/tenants/{TENANT}/timeline?from={}&until={until}&bin={bin}", start());
        lab.send("GET", &path, None, None).expect(200)["flows"][0].clone()
    };
    let by_day = timeline(86_400);
    let bins = by_day["bins"].as_array().expect("counts").clone();
    assert_eq!((bins.len(), &by_day["total"]), (31, &json!(28 * 24 + 1 + 48)));
    assert!(bins[1..30].iter().all(|bin| bin["succeeded"] == 24 && bin["failed"] == 0), "{bins:?}");
    assert_eq!(bins[0]["successes"]["first"], start().to_string());
    assert_eq!(bins[0]["successes"]["first_name"], oldest);
    assert!(bins.len() > timeline(7 * 86_400)["bins"].as_array().expect("counts").len() * 5);
    // Few runs are listed.
    let from = lab.now() - Span::from_hours(2) - Span::from_micros(1);
    let path = format!("/_lab/tenants/{TENANT}/timeline?from={from}&until={until}&bin=60");
    let near = lab.send("GET", &path, None, None).expect(200)["flows"][0].clone();
    let listed: Vec<_> = near["runs"].as_array().expect("runs").iter().map(|run| &run["name"]).collect();
    let newest = lab.runs("");
    assert_eq!(listed, [&newest[2]["name"], &newest[1]["name"], &newest[0]["name"]]);
    for wrong in ["bin=0", "bin=59", "bin=-9223372036854775808", "bin=60"] {
        let path = format!("/_lab/tenants/{TENANT}/timeline?from={}&until={until}&{wrong}", start());
        lab.send("GET", &path, None, None).expect(400);
    }
    // What the history does not show is deleted, by every sixteenth run.
    let pruned_late = lab.stored_runs() - 28 * 24;
    assert!((1..=16).contains(&pruned_late), "{pruned_late}");
}

#[test]
fn an_unfinished_run_is_kept() {
    let retry = json!({"type": "fixed", "count": 29, "interval": "P1D"});
    let mut action = call("ListOrders", json!({}));
    action["inputs"]["retryPolicy"] = retry;
    let lab = Lab::with_flow(manual(json!({"List_orders": action})));
    lab.hub.replies((0..30).map(|_| Reply::Respond(503, json!({}))));
    let run = || lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({}))).expect(202);
    run();
    lab.advance(Span::from_hours(28 * 24 + 12));
    let runs = lab.runs("");
    assert_eq!((runs.len(), &runs[0]["properties"]["status"]), (1, &json!("Waiting")));
    lab.advance(Span::from_days(15));
    assert_eq!((lab.runs("").len(), lab.stored_runs()), (0, 1));
    // It has ended since; the flow's sixteenth run prunes it.
    for _ in 2..16 {
        run();
    }
    assert_eq!((lab.runs("").len(), lab.stored_runs()), (14, 15));
    run();
    assert_eq!((lab.runs("").len(), lab.stored_runs()), (15, 15));
    assert_eq!(counts(&lab), json!({"Failed": 1, "Succeeded": 15}));
}
