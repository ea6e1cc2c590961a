//! Flows that the service turns off.

use outlive_clock::{Instant, Span};
use serde_json::{Value, json};

use crate::fake_hub::Reply;
use crate::lab::{COLLEAGUE, FLOW, Lab, OWNER, START, call, definition, flow, manual};

fn day(days: i64) -> Instant {
    START.parse::<Instant>().expect("an instant") + Span::from_days(days)
}

fn refused() -> Reply {
    Reply::Respond(401, json!({"error": {"message": "AADSTS50173"}}))
}

/// A flow that calls a connector once a day.
fn daily() -> Value {
    let trigger =
        json!({"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Day", "interval": 1}}});
    definition(trigger, json!({"List_orders": call("ListOrders", json!({}))}))
}

fn properties(lab: &Lab) -> Value {
    lab.owner("GET", &format!("/{FLOW}"), None).expect(200)["properties"].clone()
}

#[test]
fn a_flow_that_fails_for_14_days_is_turned_off_with_a_mail() {
    let lab = Lab::with_flow(daily());
    assert_eq!(properties(&lab)["flowSuspensionReason"], "None");
    lab.hub.replies(std::iter::repeat_with(refused).take(40));
    lab.advance_to_day(13);
    assert_eq!(properties(&lab)["state"], "Started");
    assert!(lab.mails().is_empty());
    lab.advance_to_day(15);
    let shown = properties(&lab);
    assert_eq!((&shown["state"], &shown["nextRunTime"]), (&json!("Suspended"), &Value::Null));
    assert_eq!(shown["flowSuspensionReason"], "AlwaysFailingDetected");
    assert_eq!(shown["flowSuspensionTime"], json!(day(14)));
    assert_eq!(lab.runs("").len(), 15, "it ran on each day until it was turned off");
    assert_eq!(lab.next_due(), None);

    let mails = lab.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0]["at"], &mails[0]["to"]),
        (&json!(day(14)), &json!(format!("{OWNER}@contoso.example")))
    );
    assert_eq!(mails[0]["subject"], "Your flow 'Hourly orders' was turned off");
    let text = mails[0]["text"].as_str().expect("a text");
    assert!(text.contains("failed continuously for 14 days") && text.contains("turn it on again"), "{text}");
    let events = lab.journal("flow.suspended");
    assert_eq!((events.len(), &events[0]["at"]), (1, &json!(day(14))));
    assert_eq!(events[0]["data"]["suspension_reason"], "AlwaysFailingDetected");

    // Turned on again, it has another 14 days.
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    let shown = properties(&lab);
    assert_eq!(
        (&shown["flowSuspensionReason"], &shown["flowSuspensionTime"]),
        (&json!("None"), &Value::Null)
    );
    lab.advance_to_day(28);
    assert_eq!(properties(&lab)["state"], "Started");
    lab.advance_to_day(29);
    assert_eq!(properties(&lab)["flowSuspensionTime"], json!(day(29)));
    assert_eq!((lab.mails().len(), lab.journal("flow.suspended").len()), (2, 2));
}

#[test]
fn a_success_starts_the_count_again() {
    for restarts in [false, true] {
        let mut lab = Lab::with_flow(daily());
        lab.hub.replies(std::iter::repeat_with(refused).take(13));
        lab.hub.replies([Reply::Respond(200, json!({"value": []}))]);
        lab.hub.replies(std::iter::repeat_with(refused).take(40));
        lab.advance_to_day(12);
        assert_eq!(lab.count("lifecycle"), 1);
        if restarts {
            lab.restart();
        }
        // The run of day 13 succeeded, that of day 14 failed.
        lab.advance_to_day(13);
        assert_eq!(lab.count("lifecycle"), 0, "after a restart: {restarts}");
        lab.advance_to_day(27);
        assert_eq!(properties(&lab)["state"], "Started");
        lab.advance_to_day(30);
        assert_eq!(properties(&lab)["flowSuspensionTime"], json!(day(28)));
    }
}

#[test]
fn a_flow_that_was_turned_off_by_its_owner_is_not_turned_off_again() {
    let mut lab = Lab::with_flow(daily());
    lab.hub.replies(std::iter::repeat_with(refused).take(40));
    lab.advance_to_day(10);
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    lab.advance_to_day(20);
    assert_eq!(properties(&lab)["state"], "Stopped");
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    lab.advance_to_day(30);
    // What counts survives a crash.
    lab.restart();
    lab.advance_to_day(33);
    assert_eq!(properties(&lab)["state"], "Started");
    lab.advance_to_day(35);
    assert_eq!(properties(&lab)["flowSuspensionTime"], json!(day(34)));
    assert_eq!(lab.mails().len(), 1);
    // A deleted flow leaves nothing that is due.
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    lab.advance_to_day(38);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(lab.next_due(), None);
}

#[test]
fn a_trigger_that_fails_for_14_days_turns_the_flow_off() {
    let poll = json!({"When_new": {
        "type": "ApiConnection", "recurrence": {"frequency": "Day", "interval": 1},
        "inputs": {
            "host": {"connection": {"name": "@parameters('$connections')['shared_contoso-orders']['connectionId']"}},
            "method": "get", "path": "/orders/new",
        },
    }});
    let lab = Lab::new();
    let actions = json!({"Note": {"type": "Compose", "inputs": 1}});
    lab.owner("PUT", &format!("/{FLOW}"), Some(flow(definition(poll, actions)))).expect(201);
    // A question that is answered ends the count, also without an event.
    lab.hub.replies([refused(), refused(), Reply::Respond(202, json!({}))]);
    lab.hub.replies(std::iter::repeat_with(refused).take(40));
    let trigger =
        || lab.owner("GET", &format!("/{FLOW}/triggers/When_new"), None).expect(200)["properties"].clone();
    lab.advance_to_day(2);
    assert_eq!(trigger().get("status"), None);
    lab.advance_to_day(16);
    assert_eq!(properties(&lab)["state"], "Started");
    let failing = trigger();
    assert_eq!(failing["status"], "Failed");
    let message = failing["error"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("failed 14 times since 2026-01-08"), "{message}");
    lab.advance_to_day(18);
    let shown = properties(&lab);
    assert_eq!((&shown["state"], &shown["flowSuspensionTime"]), (&json!("Suspended"), &json!(day(17))));
    assert!(lab.mails()[0]["text"].as_str().expect("a text").contains("its trigger failed"));
    assert!(lab.runs("").is_empty());
}

fn run(lab: &Lab) {
    lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(202);
}

#[test]
fn an_idle_flow_expires_by_the_plan_of_its_owner() {
    let lab = Lab::empty().with_plans(json!([{"user": OWNER, "plan": "microsoft365"}]));
    lab.put_flow(manual(json!({"Note": {"type": "Compose", "inputs": 1}}))).expect(201);
    // A run starts the 90 days again.
    lab.advance_to_day(60);
    run(&lab);
    lab.advance_to_day(149);
    assert!(lab.mails().is_empty());
    lab.advance_to_day(150);
    let mails = lab.mails();
    assert_eq!((mails.len(), &mails[0]["at"]), (1, &json!(day(150))));
    assert_eq!(mails[0]["subject"], "Your flow 'Hourly orders' will be turned off");
    let event = &lab.journal("flow.expiry_announced")[0]["data"];
    assert_eq!((&event["idle_since"], &event["turns_off"]), (&json!(day(60)), &json!(day(180))));
    // So does a run after the mail.
    lab.advance_to_day(179);
    assert_eq!(properties(&lab)["state"], "Started");
    run(&lab);
    lab.advance_to_day(268);
    assert_eq!(lab.mails().len(), 1);
    lab.advance_to_day(298);
    assert_eq!((lab.mails().len(), &properties(&lab)["state"]), (2, &json!("Started")));
    lab.advance_to_day(299);
    let shown = properties(&lab);
    assert_eq!(
        (&shown["state"], &shown["flowSuspensionReason"], &shown["flowSuspensionTime"]),
        (&json!("Suspended"), &json!("NeverTriggeringDetected"), &json!(day(299)))
    );
    assert_eq!(lab.mails().len(), 3);
    // Turned on again, it has 120 days again.
    lab.owner("POST", &format!("/{FLOW}/start"), None).expect(200);
    lab.advance_to_day(418);
    assert_eq!(properties(&lab)["state"], "Started");
    lab.advance_to_day(419);
    assert_eq!(properties(&lab)["flowSuspensionTime"], json!(day(419)));
}

#[test]
fn flows_of_other_plans_and_those_that_are_triggered_do_not_expire() {
    let idle = || manual(json!({"Note": {"type": "Compose", "inputs": 1}}));
    for (plans, definition) in [
        (json!([]), idle()),
        (json!([{"user": OWNER, "plan": "premium"}, {"user": COLLEAGUE, "plan": "free"}]), idle()),
        (json!([{"user": OWNER, "plan": "free"}]), daily()),
    ] {
        let lab = Lab::empty().with_plans(plans.clone());
        lab.put_flow(definition).expect(201);
        lab.advance_to_day(400);
        assert_eq!((lab.mails().len(), &properties(&lab)["state"]), (0, &json!("Started")), "{plans}");
    }
}

/// Returns a flow whose runs end with the status that the caller chooses.
fn chosen() -> Value {
    let ends = |status: &str| json!({"End": {"type": "Terminate", "inputs": {"runStatus": status}}});
    let mut cases = json!({});
    for status in ["Failed", "Succeeded", "Cancelled"] {
        let mut actions = ends(status);
        actions[format!("End_{status}")] = actions["End"].take();
        actions.as_object_mut().expect("an object").remove("End");
        cases[status] = json!({"case": status, "actions": actions});
    }
    manual(json!({"Which": {"type": "Switch", "expression": "@triggerBody()?['end']", "cases": cases}}))
}

#[test]
fn a_flow_is_turned_off_14_days_after_the_first_of_several_failures() {
    // What it shows, the runs by day, and the day on which the flow is turned off.
    type Row = (&'static str, &'static [(i64, &'static str)], Option<i64>);
    let rows: [Row; 9] = [
        ("success", &[(0, "Succeeded"), (1, "Succeeded")], None),
        ("one failure", &[(0, "Failed")], None),
        ("two failures", &[(0, "Failed"), (1, "Failed")], Some(14)),
        ("a monthly flow", &[(0, "Failed"), (18, "Failed")], Some(18)),
        ("a success ends it", &[(0, "Failed"), (1, "Failed"), (13, "Succeeded")], None),
        ("it begins again", &[(0, "Failed"), (1, "Succeeded"), (2, "Failed"), (3, "Failed")], Some(16)),
        ("one after a success", &[(0, "Failed"), (1, "Failed"), (2, "Succeeded"), (3, "Failed")], None),
        ("a cancelled run says nothing", &[(0, "Failed"), (1, "Cancelled"), (2, "Failed")], Some(14)),
        ("only cancelled runs", &[(0, "Cancelled"), (1, "Cancelled")], None),
    ];
    let lab = Lab::new();
    let id = |row: usize| format!("{}{row:012}", &FLOW[..24]);
    for row in 0..rows.len() {
        lab.owner("PUT", &format!("/{}", id(row)), Some(flow(chosen()))).expect(201);
    }
    for at in 0..=18 {
        lab.advance_to_day(at);
        for (row, (_, runs, _)) in rows.iter().enumerate() {
            for (_, end) in runs.iter().filter(|(day, _)| *day == at) {
                let run = format!("/{}/triggers/manual/run", id(row));
                lab.owner("POST", &run, Some(json!({ "end": end }))).expect(202);
            }
        }
    }
    lab.due();
    for (row, (what, _, expected)) in rows.iter().enumerate() {
        let shown = lab.owner("GET", &format!("/{}", id(row)), None).expect(200);
        assert_eq!(shown["properties"]["flowSuspensionTime"], json!(expected.map(day)), "{what}");
    }
}

#[test]
fn failures_at_the_same_time_are_all_counted() {
    const RUNS: usize = 8;
    let lab = Lab::with_flow(manual(json!({
        "Call": call("ListOrders", json!({})),
        "Fail": {"type": "Terminate", "inputs": {"runStatus": "Failed"}, "runAfter": {"Call": ["Succeeded"]}},
    })));
    let (sender, reached) = std::sync::mpsc::channel();
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    lab.hub.replies((0..RUNS).map(|_| Reply::Hold(sender.clone(), std::sync::Arc::clone(&release))));
    for _ in 0..RUNS {
        lab.send_as_owner_and_forget("POST", &format!("/{FLOW}/triggers/manual/run"));
    }
    for _ in 0..RUNS {
        reached.recv_timeout(std::time::Duration::from_secs(20)).expect("each run calls");
    }
    for _ in 0..RUNS {
        release.notify_one();
        // One permit at a time.
        std::thread::yield_now();
    }
    while lab.journal("run.finished").len() < RUNS {
        release.notify_waiters();
    }
    assert_eq!(lab.count("failures"), i64::try_from(RUNS).expect("fits"));
}
