//! Functions over numbers. Whole numbers stay whole as long as the result fits.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::super::arguments::Arguments;
use super::super::error::EvaluationError;
use super::super::function::Row;
use super::super::signature::ANY;
use super::comparisons::order;

/// The maximum number of elements of `range`.
const RANGE_MAX: usize = 100_000;

pub(super) static ROWS: [Row; 9] = [
    Row::make("add", (2, 2), |given| arithmetic(given, i64::checked_add, |a, b| a + b)),
    Row::make("div", (2, 2), |given| divided(given, i64::checked_div, |a, b| a / b)),
    Row::make("max", (1, ANY), |given| extreme(given, Ordering::Greater)),
    Row::make("min", (1, ANY), |given| extreme(given, Ordering::Less)),
    Row::make("mod", (2, 2), |given| divided(given, i64::checked_rem, |a, b| a % b + 0.0)),
    Row::make("mul", (2, 2), |given| arithmetic(given, i64::checked_mul, |a, b| a * b)),
    Row::make("rand", (2, 2), rand),
    Row::make("range", (2, 2), range),
    Row::make("sub", (2, 2), |given| arithmetic(given, i64::checked_sub, |a, b| a - b)),
];

fn arithmetic(
    given: &Arguments<'_, '_>,
    whole: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
) -> Result<Value, EvaluationError> {
    let (left, right) = (given.value(0), given.value(1));
    if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64())
        && let Some(result) = whole(a, b)
    {
        return Ok(Value::from(result));
    }
    let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else {
        return given.wrong(usize::from(left.is_number()), "an integer or a decimal number");
    };
    match Number::from_f64(float(a, b)) {
        Some(result) => Ok(Value::Number(result)),
        None => given.refuse("was invoked with numbers whose result is too large"),
    }
}

fn divided(
    given: &Arguments<'_, '_>,
    whole: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
) -> Result<Value, EvaluationError> {
    if given.value(0).is_number() && given.value(1).as_f64() == Some(0.0) {
        return given.refuse("was invoked with a divisor of zero");
    }
    arithmetic(given, whole, float)
}

fn extreme(given: &Arguments<'_, '_>, wanted: Ordering) -> Result<Value, EvaluationError> {
    let numbers: Vec<&Value> = match given.value(0) {
        Value::Array(items) if given.values.len() == 1 => items.iter().collect(),
        _ => given.given().collect(),
    };
    let mut best: Option<&Value> = None;
    for number in numbers {
        if !number.is_number() {
            return given.refuse(
                "expects its parameters to be numbers, or an array of numbers. It was invoked with another value",
            );
        }
        if best.is_none_or(|best| order(given.signature, number, best) == Ok(wanted)) {
            best = Some(number);
        }
    }
    match best {
        Some(best) => Ok(best.clone()),
        None => given.refuse("was invoked with an empty array"),
    }
}

fn rand(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let (low, high) = (given.integer(0)?, given.integer(1)?);
    if low >= high {
        return given.refuse("expects the first parameter to be less than the second one");
    }
    let random = given.facts.random().or_else(|missing| given.missing(missing, "has no randomness"))?;
    let drawn = u128::from(random) % u128::from(high.abs_diff(low));
    Ok(Value::from(i64::try_from(i128::from(low) + i128::try_from(drawn).unwrap_or(0)).unwrap_or(low)))
}

fn range(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let (start, count) = (given.integer(0)?, given.count(1)?);
    let end = i64::try_from(count).ok().and_then(|count| start.checked_add(count));
    let Some(end) = end.filter(|end| count <= RANGE_MAX && *end <= i64::from(i32::MAX)) else {
        return given.refuse(format_args!(
            "expects a count of at most {RANGE_MAX}, and a sum of start index and count of at most {}",
            i32::MAX
        ));
    };
    given.charge(count * 9)?;
    Ok((start..end).map(Value::from).collect())
}
