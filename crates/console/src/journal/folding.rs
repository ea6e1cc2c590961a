//! Folds what repeats itself, and the set-up of a tenant, to one line that says how many.

use outlive_clock::Span;
use outlive_wire::JournalLine;

use crate::words;

/// The number of consecutive repetitions from which they are folded.
const REPETITIONS_MIN: usize = 3;

/// Consecutive events of a page.
#[derive(Debug)]
pub(super) enum Stretch<'a> {
    One(&'a JournalLine),
    /// Events of the set-up of the tenant.
    SetUp(Vec<&'a JournalLine>),
    /// Events like others above and below.
    Repetitions(Vec<&'a JournalLine>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Single,
    SetUp,
    Repetition,
}

/// The kinds of events, or their beginnings, that setting up a tenant causes.
const SET_UP: [&str; 10] = [
    "tenant.",
    "connector.",
    "connection.created",
    "connection.connected",
    "consent.",
    "access.granted",
    "flow.created",
    "token.issued",
    "code.issued",
    "sign_in.succeeded",
];
/// How long setting up a tenant takes at most (wall time).
const SET_UP_WITHIN: Span = Span::from_seconds(60);

/// Whether an event belongs to the set-up that `created` begins. Later calls of the lab have the
/// same trace.
pub(crate) fn is_set_up(line: &JournalLine, created: &JournalLine) -> bool {
    line.trace == created.trace
        && line.wall - created.wall <= SET_UP_WITHIN
        && SET_UP.iter().any(|kind| line.kind.starts_with(kind))
}

/// Divides the events of a day. An event repeats others if there are such above and below on the
/// whole `page`. `created` is the first event of the set-up; absent if that is not folded.
pub(super) fn folded<'a>(
    lines: &'a [JournalLine],
    page: &[JournalLine],
    created: Option<&JournalLine>,
) -> Vec<Stretch<'a>> {
    let is_set_up = |line: &JournalLine| created.is_some_and(|created| is_set_up(line, created));
    // What is folded as set-up is not seen, so nothing repeats it.
    let page: Vec<_> = page.iter().filter(|line| !is_set_up(line)).collect();
    let signatures: Vec<String> = page.iter().map(|line| signature(line)).collect();
    let part_of = |line: &JournalLine| {
        if is_set_up(line) {
            return Part::SetUp;
        }
        let place = page.iter().position(|other| other.seq == line.seq && other.service == line.service);
        let is_between = place.is_some_and(|place| {
            let own = &signatures[place];
            signatures[..place].contains(own) && signatures[place + 1..].contains(own)
        });
        if is_between { Part::Repetition } else { Part::Single }
    };
    let parts: Vec<(Part, &JournalLine)> = lines.iter().map(|line| (part_of(line), line)).collect();
    let mut stretches = Vec::new();
    for chunk in parts.chunk_by(|one, next| one.0 == next.0) {
        let of_chunk = || chunk.iter().map(|(_, line)| *line);
        match chunk.first().map(|(part, _)| *part) {
            Some(Part::SetUp) => stretches.push(Stretch::SetUp(of_chunk().collect())),
            Some(Part::Repetition) if chunk.len() >= REPETITIONS_MIN => {
                stretches.push(Stretch::Repetitions(of_chunk().collect()));
            }
            _ => stretches.extend(of_chunk().map(Stretch::One)),
        }
    }
    stretches
}

/// What events that repeat each other have in common: service, kind and sentence, without times and
/// ids.
fn signature(line: &JournalLine) -> String {
    let sentence = words::brief(&line.words());
    let is_constant = |word: &&str| word.contains("AADSTS") || !word.bytes().any(|b| b.is_ascii_digit());
    let constant: Vec<&str> = sentence.split_whitespace().filter(is_constant).collect();
    format!("{} {} {}", line.service, line.kind, constant.join(" "))
}

#[cfg(test)]
mod tests {
    use outlive_clock::Instant;
    use serde_json::json;

    use super::*;

    fn line(seq: i64, kind: &str, trace: &str) -> JournalLine {
        JournalLine {
            seq,
            service: "flow".to_owned(),
            tenant: "c0470500-0000-4000-8000-000000000001".parse().expect("an id"),
            at: Instant::EPOCH,
            wall: Instant::EPOCH,
            trace: trace.to_owned(),
            kind: kind.to_owned(),
            subject: format!("run:{seq}"),
            data: json!({}),
        }
    }

    fn shape(kinds: &[(&str, &str)]) -> Vec<String> {
        let numbered = kinds.iter().zip(1..);
        let lines: Vec<_> = numbered.map(|((kind, trace), seq)| line(seq, kind, trace)).collect();
        let shape = |stretch: &Stretch<'_>| match stretch {
            Stretch::One(line) => line.kind.clone(),
            Stretch::SetUp(lines) => format!("set-up {}", lines.len()),
            Stretch::Repetitions(lines) => format!("like {}", lines.len()),
        };
        let created = line(0, "tenant.created", "0");
        folded(&lines, &lines, Some(&created)).iter().map(shape).collect()
    }

    #[test]
    fn the_set_up_and_the_middle_of_repetitions_are_folded() {
        let hour = [("call.a", "1"), ("run.b", "1")];
        assert_eq!(shape(&hour.repeat(2)), ["call.a", "run.b", "call.a", "run.b"]);
        assert_eq!(shape(&hour.repeat(4)), ["call.a", "run.b", "like 4", "call.a", "run.b"]);
        // What occurs once stays, and divides the stretch.
        let once = [hour.repeat(3), vec![("password.changed", "2")], hour.repeat(3)].concat();
        assert_eq!(
            shape(&once),
            ["call.a", "run.b", "like 4", "password.changed", "like 4", "call.a", "run.b"]
        );
        // Two repetitions are no more than a line that says so.
        assert_eq!(shape(&hour.repeat(3))[2..4], ["call.a", "run.b"]);
        let begun = [("run.b", "1"), ("flow.created", "0"), ("tenant.created", "0")];
        assert_eq!(shape(&begun), ["run.b", "set-up 2"]);
        // What the lab did then has the same trace.
        let changed = [("password.changed", "0"), ("flow.created", "0"), ("tenant.created", "0")];
        assert_eq!(shape(&changed), ["password.changed", "set-up 2"]);
        assert_eq!(shape(&[]), Vec::<String>::new());
    }
}
