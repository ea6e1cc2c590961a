//! Decimal digits of a number, as they are written.

use serde_json::Number;

/// A number as `0.DIGITS` times ten to the power of `point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) is_negative: bool,
    digits: Vec<u8>,
    pub(super) point: i32,
}

impl Decimal {
    pub(super) fn of(number: &Number) -> Self {
        let text = number.to_string();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let unsigned = mantissa.trim_start_matches('-');
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
        let point = i32::try_from(whole.len()).unwrap_or(0) + exponent.parse::<i32>().unwrap_or(0);
        Self { is_negative: mantissa.starts_with('-'), digits, point }.normal()
    }

    /// Removes zeros at both ends.
    fn normal(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.point -= i32::try_from(zeros).unwrap_or(0);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
        self
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Multiplies by a power of ten.
    pub(super) fn shifted(mut self, power: i32) -> Self {
        if !self.is_zero() {
            self.point = self.point.saturating_add(power);
        }
        self
    }

    /// Rounds to so many decimals, half away from zero.
    pub(super) fn rounded(self, decimals: usize) -> Self {
        let keep = i64::from(self.point) + i64::try_from(decimals).unwrap_or(i64::MAX);
        self.kept(keep)
    }

    /// Rounds to so many digits, half away from zero.
    pub(super) fn significant(self, digits: usize) -> Self {
        self.kept(i64::try_from(digits).unwrap_or(i64::MAX))
    }

    fn kept(mut self, keep: i64) -> Self {
        let Ok(keep) = usize::try_from(keep) else {
            self.digits.clear();
            return self.normal();
        };
        if keep >= self.digits.len() {
            return self;
        }
        let up = self.digits[keep] >= 5;
        self.digits.truncate(keep);
        if up {
            match self.digits.iter().rposition(|digit| *digit < 9) {
                Some(at) => {
                    self.digits[at] += 1;
                    self.digits[at + 1..].fill(0);
                }
                None => {
                    self.digits = vec![1];
                    self.point += 1;
                }
            }
        }
        self.normal()
    }

    /// Returns how many decimals it has.
    pub(super) fn decimals(&self) -> usize {
        let length = i32::try_from(self.digits.len()).unwrap_or(i32::MAX);
        usize::try_from(length.saturating_sub(self.point)).unwrap_or(0)
    }

    /// Returns the digits before and so many after the point, without rounding.
    pub(super) fn parts(&self, decimals: usize) -> (String, String) {
        let digit = |at: i32| {
            let at = usize::try_from(at).ok();
            char::from(b'0' + at.and_then(|at| self.digits.get(at)).copied().unwrap_or(0))
        };
        let whole: String = (0..self.point.max(0)).map(digit).collect();
        let decimals = i32::try_from(decimals).unwrap_or(0);
        let fraction = (0..decimals).map(|at| digit(self.point.saturating_add(at))).collect();
        (if whole.is_empty() { "0".to_owned() } else { whole }, fraction)
    }

    /// Returns the digits of a whole number.
    pub(super) fn whole_digits(&self) -> Option<String> {
        (self.decimals() == 0).then(|| self.parts(0).0)
    }
}
