//! Checks of steps that move time, and of durations.

use outlive_clock::{Instant, Span};
use serde_saphyr::Spanned;

use super::Checker;
use super::names::Kind;
use crate::conductor::ADVANCE_MAX;
use crate::diagnostic::Position;
use crate::scenario::file::Advance;
use crate::starts::Starts;

/// The last instant that clocks show, for messages.
const RANGE: &str = "clocks show instants from 1970 to 9999";

impl Checker<'_> {
    pub(super) fn start(&mut self, start: &Spanned<Starts>) {
        if let Starts::At(instant) = start.value
            && !(Instant::EPOCH..=Instant::MAX).contains(&instant)
        {
            self.wrong_at(Position::of(start), format!("time cannot start at {instant}"), RANGE);
        }
    }

    pub(super) fn advance(&mut self, step: &Advance) {
        let given = [step.by.is_some(), step.to.is_some(), step.to_expiry_of.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let message = "time moves to one place: give exactly one of by, to and to_expiry_of";
            self.wrong(message, "for example advance: {by: PT1H}");
        }
        if let Some(less) = &step.less {
            if step.to_expiry_of.is_none() {
                self.wrong_at(
                    Position::of(less),
                    "less belongs to to_expiry_of",
                    "remove less, or give to_expiry_of",
                );
            }
            self.not_negative("less", less);
        }
        self.must_if(Kind::Tokens, step.to_expiry_of.as_ref());
        if let (Some(runs), Some(failed)) = (step.runs, step.failed)
            && failed > runs
        {
            self.wrong(format!("of {runs} runs, {failed} cannot fail"), "correct runs, or failed");
        }
        if let Some(by) = &step.by {
            self.move_by(by);
        }
        if let Some(to) = &step.to {
            self.move_to(to);
        }
    }

    fn move_by(&mut self, by: &Spanned<Span>) {
        if by.value.is_negative() {
            let message = format!("time only moves forward, and {} is negative", by.value);
            return self.wrong_at(Position::of(by), message, "write a duration without a minus sign");
        }
        if by.value > ADVANCE_MAX {
            let message = format!("{} is too long: one advance moves time by at most 100 years", by.value);
            return self.wrong_at(
                Position::of(by),
                message,
                "write at most P36525D; several steps go further",
            );
        }
        let Some(earliest) = self.known.earliest else { return };
        let micros = earliest.as_micros().saturating_add(by.value.as_micros());
        if micros > Instant::MAX.as_micros() {
            self.wrong_at(
                Position::of(by),
                format!("{} is too long: {RANGE}", by.value),
                "write a shorter one",
            );
        }
        self.known.earliest = Some(earliest + by.value);
    }

    fn move_to(&mut self, to: &Spanned<Instant>) {
        match self.known.earliest {
            Some(earliest) if to.value < earliest => {
                let message = format!("time only moves forward, and is {earliest} or later here");
                self.wrong_at(Position::of(to), message, "write a later instant");
            }
            // If time is only known relative to wall time, an instant makes it known from here on.
            _ => self.known.earliest = Some(to.value),
        }
    }

    pub(super) fn not_negative(&mut self, what: &str, span: &Spanned<Span>) {
        if span.value.is_negative() {
            let message = format!("{what} cannot be negative");
            self.wrong_at(Position::of(span), message, "write a duration without a minus sign");
        }
    }
}
