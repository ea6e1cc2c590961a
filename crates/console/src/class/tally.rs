//! How far a class is: what its title counts, and what it expects.

use outlive_clock::Instant;
use outlive_wire::classes::{Class, Seat};

use crate::number_words::{capital, number};

/// After how many minutes of wall time without a report a seat is idle.
const IDLE_MINUTES: i64 = 15;

/// An answer with the number of seats that expect it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expectation {
    pub(super) answer: String,
    pub(super) seats: usize,
}

/// Counts what the seats expect, the most frequent first.
pub(super) fn expectations(class: &Class) -> Vec<Expectation> {
    let answers = class.seats.iter().filter_map(|seat| seat.progress.as_ref()?.expects.as_deref());
    let mut counted: Vec<Expectation> = Vec::new();
    for answer in answers {
        match counted.iter_mut().find(|known| known.answer == answer) {
            Some(known) => known.seats += 1,
            None => counted.push(Expectation { answer: answer.to_owned(), seats: 1 }),
        }
    }
    counted.sort_by(|one, other| other.seats.cmp(&one.seats).then_with(|| one.answer.cmp(&other.answer)));
    counted
}

/// The title of the overview.
pub(super) fn title(class: &Class) -> String {
    let all = class.seats.len();
    let joined: Vec<_> = class.seats.iter().filter(|seat| seat.joined.is_some()).collect();
    let reports = joined.iter().filter_map(|seat| seat.progress.as_ref());
    let finished = reports.clone().filter(|progress| progress.step >= progress.steps).count();
    let predicted = reports.filter(|progress| progress.expects.is_some()).count();
    if all == 0 {
        return "This class has no seats".to_owned();
    }
    if joined.is_empty() {
        return if all == 1 { "The seat is free".to_owned() } else { format!("All {all} seats are free") };
    }
    let away = match all - joined.len() {
        0 => String::new(),
        1 => ", one is not here".to_owned(),
        more => format!(", {} are not here", number(more)),
    };
    if finished == joined.len() {
        return format!("{} of {} have finished{away}", capital(&number(finished)), number(all));
    }
    if predicted == 0 {
        let here = if joined.len() == 1 { "has" } else { "have" };
        return format!("{} of {} {here} joined", capital(&number(joined.len())), number(all));
    }
    let reading = match joined.len() - predicted {
        0 => String::new(),
        1 => "; one still reads the question".to_owned(),
        more => format!("; {} still read the question", number(more)),
    };
    let have = if predicted == 1 { "has" } else { "have" };
    format!("{} of {} {have} predicted{reading}{away}", capital(&number(predicted)), number(all))
}

/// How long a seat has done nothing, in minutes of wall time, if that is long.
pub(super) fn idle_minutes(seat: &Seat, now: Instant) -> Option<i64> {
    let progress = seat.progress.as_ref();
    if progress.is_some_and(|progress| progress.step >= progress.steps) {
        return None;
    }
    let last = progress.map(|progress| progress.at).or(seat.joined)?;
    let minutes = (now - last).as_seconds() / 60;
    (minutes >= IDLE_MINUTES).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use outlive_clock::Span;
    use outlive_wire::classes::SeatProgress;

    use super::*;

    fn seat(number: u16, joined: bool, step: u16, expects: Option<&str>) -> Seat {
        let progress = SeatProgress {
            lesson: 2,
            step,
            steps: 9,
            expects: expects.map(str::to_owned),
            last: "password changed".to_owned(),
            tenant_id: None,
            at: Instant::EPOCH,
        };
        Seat {
            seat: number,
            tenant_id: format!("c0470500-0000-4000-8000-{number:012}").parse().expect("an id"),
            domain: "contoso.example".to_owned(),
            name: None,
            joined: joined.then_some(Instant::EPOCH),
            progress: (step > 0).then_some(progress),
        }
    }

    fn class(seats: Vec<Seat>) -> Class {
        Class { code: "harbor-7421".to_owned(), lesson: Some(2), opened: Instant::EPOCH, revealed: 0, seats }
    }

    #[test]
    fn the_title_counts() {
        for (seats, expected) in [
            (vec![seat(1, false, 0, None), seat(2, false, 0, None)], "All 2 seats are free"),
            (vec![seat(1, true, 0, None), seat(2, false, 0, None)], "One of two has joined"),
            (
                vec![
                    seat(1, true, 5, Some("both")),
                    seat(2, true, 4, None),
                    seat(3, true, 9, Some("none")),
                    seat(4, false, 0, None),
                ],
                "Two of four have predicted; one still reads the question, one is not here",
            ),
            (
                vec![seat(1, true, 9, Some("both")), seat(2, true, 9, Some("both"))],
                "Two of two have finished",
            ),
        ] {
            assert_eq!(title(&class(seats)), expected);
        }
    }

    #[test]
    fn expectations_are_counted_the_most_frequent_first() {
        let seats = vec![
            seat(1, true, 5, Some("none")),
            seat(2, true, 5, Some("both")),
            seat(3, true, 5, Some("both")),
            seat(4, true, 4, None),
        ];
        let counted = expectations(&class(seats));
        let counted: Vec<_> = counted.iter().map(|one| (one.answer.as_str(), one.seats)).collect();
        assert_eq!(counted, [("both", 2), ("none", 1)]);
    }

    #[test]
    fn a_seat_without_a_report_for_a_while_is_idle_unless_it_has_finished() {
        let now = Instant::EPOCH + Span::from_seconds(20 * 60);
        assert_eq!(idle_minutes(&seat(1, true, 4, None), now), Some(20));
        assert_eq!(idle_minutes(&seat(1, true, 9, None), now), None);
        assert_eq!(idle_minutes(&seat(1, false, 0, None), now), None);
        assert_eq!(idle_minutes(&seat(1, true, 4, None), Instant::EPOCH + Span::from_seconds(60)), None);
    }
}
