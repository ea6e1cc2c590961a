//! A timeline as a Gantt chart in Mermaid's language.

use std::fmt::Write;

use outlive_wire::timeline::Timeline;

use super::marks::{Mark, lane_name};

/// Writes the chart: a section for each lane, a bar for each grant and stretch of runs.
pub(super) fn chart(timeline: &Timeline, marks: &[Mark]) -> String {
    let mut text = String::from("gantt\n  dateFormat x\n  axisFormat %d %b %H:%M\n");
    let milliseconds =
        |at: outlive_clock::Instant| at.max(timeline.from).min(timeline.until).as_micros().div_euclid(1_000);
    let mut sections: Vec<(String, Vec<(String, &str, _, _)>)> = Vec::new();
    for lane in &timeline.lanes {
        let (name, role) = lane_name(lane);
        let grants = lane.grants.iter().map(|grant| (role.to_owned(), "", grant.from, grant.until));
        sections.push((name, grants.collect()));
    }
    for (place, flow) in timeline.flows.iter().enumerate() {
        let lane = Some(timeline.lanes.len() + place);
        let runs = marks.iter().filter(|mark| mark.lane == lane).map(|mark| {
            let style = if mark.style == "is-revoked" { "crit, " } else { "done, " };
            (mark.what.clone(), style, mark.at, mark.until.unwrap_or(mark.at))
        });
        sections.push((flow.display_name.clone(), runs.collect()));
    }
    let mut events = Vec::new();
    for mark in marks.iter().filter(|mark| mark.lane.is_none()) {
        events.push((mark.what.clone(), "milestone, ", mark.at, mark.at));
    }
    sections.insert(0, ("Events".to_owned(), events));
    for (name, bars) in sections.iter().filter(|(_, bars)| !bars.is_empty()) {
        let _ = writeln!(text, "  section {}", plain(name));
        for (what, style, from, until) in bars {
            let _ =
                writeln!(text, "  {} :{style}{}, {}", plain(what), milliseconds(*from), milliseconds(*until));
        }
    }
    text
}

/// A text without what has a meaning in Mermaid.
fn plain(text: &str) -> String {
    text.chars()
        .map(
            |letter| {
                if matches!(letter, ':' | ';' | '#' | ',' | '%') || letter.is_control() {
                    ' '
                } else {
                    letter
                }
            },
        )
        .collect()
}
