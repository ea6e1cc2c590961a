//! The timeline of the fake lab: a password change, one of two connections revoked, failed runs.

use std::collections::HashMap;

use axum::Json;
use axum::extract::Query;
use outlive_clock::{Instant, Span};
use serde_json::{Value, json};

use crate::fake_lab::{FLOW, NASTY, TENANT};

const ROW: &str = "Password changed by user";

/// Lists the runs of a week, and counts those of longer ranges.
pub(crate) async fn timeline(Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let until = query.get("until").map_or("2026-01-05T12:00:00Z", String::as_str);
    let until: Instant = until.parse().expect("an instant");
    let length: Span = query["length"].parse().expect("a duration");
    let mark = |at: &str, kind: &str, row: Option<&str>, words: &str, would: &[&str]| json!({"at": at, "kind": kind, "name": "n", "row": row, "explanation": words, "would_end_it": would});
    let changed = "2026-01-05T09:01:00Z";
    let began = mark("2026-01-05T08:00:00Z", "obtained", None, "Accepted.", &[]);
    let revoked = mark(changed, "revoked", Some(ROW), "Refused: revoked at 2026-01-05T09:01:00Z.", &[]);
    let survived =
        mark(changed, "survived", Some(ROW), "Accepted: a confidential client.", &["Admin revokes"]);
    let lane = |name: &str, class: &str, until: &str, ends: Value| {
        let grant = json!({
            "name": "n", "from": "2026-01-05T08:00:00Z", "until": until, "access_until": "2026-01-05T10:05:00Z",
        });
        json!({
            "holder": {"kind": "connection", "id": "7", "name": "x", "display_name": name},
            "kind": "refresh_token", "client_class": class, "grants": [grant], "marks": [began, ends],
        })
    };
    let flow = if length > Span::from_days(7) { counted(until, length) } else { listed() };
    Json(json!({
        "tenant": TENANT, "now": "2026-01-05T12:00:00Z", "from": until - length, "until": until, "rules": "2025-11",
        "upn": "owner@contoso.example",
        "events": [{
            "at": changed, "kind": "password.changed", "words": format!("{NASTY} changed the password."), "row": ROW, "trace": "7f",
        }],
        "lanes": [
            lane("Orders", "confidential", "2026-04-05T12:00:00Z", survived),
            lane(NASTY, "public", changed, revoked),
        ],
        "flows": [flow], "has_more": false, "missing": [],
    }))
}

fn listed() -> Value {
    let run = |hour: u32, status: &str, code: Value| json!({"name": format!("run-{hour:02}"), "started": format!("2026-01-05T{hour:02}:00:00Z"), "status": status, "code": code});
    let runs = [
        run(9, "Succeeded", Value::Null),
        run(10, "Succeeded", Value::Null),
        run(11, "Failed", json!("ActionFailed")),
    ];
    json!({"id": FLOW, "display_name": "Hourly", "state": "Started", "total": 3, "runs": runs, "bins": []})
}

/// Each day 24 runs; those of fifty days fail.
fn counted(until: Instant, length: Span) -> Value {
    let days = length.as_seconds() / 86_400;
    let bins = (0..days).map(|day| {
        let from = until - length + Span::from_days(day);
        let fails = (250..300).contains(&day);
        let name = if day == 250 { "first-failed" } else { "another" };
        let runs = json!({"first": from, "first_name": name, "last": from + Span::from_hours(23)});
        json!({
            "from": from, "until": from + Span::from_days(1), "succeeded": if fails { 0 } else { 24 },
            "failed": if fails { 24 } else { 0 }, "other": 0,
            "successes": if fails { Value::Null } else { runs.clone() }, "failures": if fails { runs } else { Value::Null },
        })
    });
    let bins: Vec<_> = bins.collect();
    json!({"id": FLOW, "display_name": "Hourly", "state": "Started", "total": days * 24, "runs": [], "bins": bins})
}
