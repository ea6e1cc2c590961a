//! Functions that read the run.

use std::borrow::Cow;

use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::error::{Evaluated, EvaluationError};
use super::super::facts::{Fact, Missing};
use super::super::function::Row;

pub(super) static ROWS: [Row; 19] = [
    Row::select("action", (0, 0), |given| {
        let action = given.facts.action(None);
        known(&given, action, "has no action to read")
    }),
    Row::select("actionBody", (1, 1), body),
    Row::select("actionOutputs", (1, 1), outputs),
    Row::select("actions", (1, 1), |given| {
        let name = given.text(0)?;
        let action = given.facts.action(Some(name));
        known(&given, action, &not_run(name))
    }),
    // Only apps of Logic Apps Standard have settings; their exported definitions can be saved.
    Row::make("appSetting", (1, 1), |given| {
        given.refuse("reads a setting of an app, which a flow does not have; use a parameter")
    }),
    Row::select("body", (1, 1), body),
    Row::select("item", (0, 0), |given| {
        let item = given.facts.item(None);
        known(&given, item, "can only be used in a repeating action")
    }),
    Row::select("items", (1, 1), |given| {
        let scope = given.text(0)?;
        let item = given.facts.item(Some(scope));
        known(&given, item, &not_in_loop(scope))
    }),
    Row::select("iterationIndexes", (1, 1), |given| {
        let scope = given.text(0)?;
        let index = given.facts.iteration_index(scope);
        known(&given, index, &not_in_loop(scope))
    }),
    Row::make("listCallbackUrl", (0, 0), |given| match given.facts.callback_url() {
        Ok(url) => given.charge(url.len()).map(|()| Value::String(url)),
        Err(missing) => given.missing(missing, "has no callback URL to return"),
    }),
    Row::select("outputs", (1, 1), outputs),
    Row::select("parameters", (1, 1), |given| {
        let name = given.text(0)?;
        let parameter = given.facts.parameter(name).map(Cow::Borrowed).ok_or(Missing::Unknown);
        known(
            &given,
            parameter,
            &format!("was invoked with '{name}', which is not a parameter of the workflow"),
        )
    }),
    Row::select("result", (1, 1), |given| {
        let scope = given.text(0)?;
        let result = given.facts.result(scope);
        known(&given, result, &not_run(scope))
    }),
    Row::select("trigger", (0, 0), |given| {
        let trigger = given.facts.trigger();
        known(&given, trigger, "has no trigger to read")
    }),
    Row::select("triggerBody", (0, 0), |given| Ok(part(given.facts.trigger_outputs(), "body"))),
    Row::select("triggerOutputs", (0, 0), |given| Ok(Cow::Borrowed(given.facts.trigger_outputs()))),
    Row::select("variables", (1, 1), |given| {
        let name = given.text(0)?;
        let variable = given.facts.variable(name);
        known(&given, variable, &format!("was invoked with '{name}', which is not an initialized variable"))
    }),
    Row::select("workflow", (0, 0), |given| {
        let workflow = given.facts.workflow();
        known(&given, workflow, "has no workflow to read")
    }),
    Row::make("guid", (0, 1), guid),
];

fn known<'a>(given: &Arguments<'a, '_>, fact: Fact<'a>, unknown: &str) -> Evaluated<'a> {
    fact.or_else(|missing| given.missing(missing, unknown))
}

fn not_run(action: &str) -> String {
    format!("was invoked with '{action}', an action that has not run or was skipped and has no outputs")
}

fn not_in_loop(scope: &str) -> String {
    format!("was invoked with '{scope}', which is not a loop around this action")
}

pub(super) fn outputs<'a>(given: Arguments<'a, '_>) -> Evaluated<'a> {
    let name = given.text(0)?;
    let outputs = given.facts.outputs(name).map(Cow::Borrowed).ok_or(Missing::Unknown);
    known(&given, outputs, &not_run(name))
}

fn body<'a>(given: Arguments<'a, '_>) -> Evaluated<'a> {
    Ok(match outputs(given)? {
        Cow::Borrowed(outputs) => part(outputs, "body"),
        Cow::Owned(outputs) => Cow::Owned(part(&outputs, "body").into_owned()),
    })
}

fn part<'a>(outputs: &'a Value, name: &str) -> Cow<'a, Value> {
    Cow::Borrowed(outputs.get(name).unwrap_or(&Value::Null))
}

fn guid(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let format = given.optional_text(0)?.unwrap_or("D");
    let random = || given.facts.random().or_else(|missing| given.missing(missing, "has no randomness"));
    // RFC 9562, section 5.4: version 4, variant 10.
    let high = random()? & !0xf000 | 0x4000;
    let low = random()? & !(0xc0 << 56) | 0x80 << 56;
    let digits = format!("{high:016x}{low:016x}");
    let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
    let text = match format {
        "N" | "n" => digits,
        "D" | "d" => format!("{a}-{b}-{c}-{d}-{e}"),
        "B" | "b" => format!("{{{a}-{b}-{c}-{d}-{e}}}"),
        "P" | "p" => format!("({a}-{b}-{c}-{d}-{e})"),
        "X" | "x" => {
            let bytes: Vec<_> = (16..32).step_by(2).map(|at| format!("0x{}", &digits[at..at + 2])).collect();
            format!("{{0x{a},0x{b},0x{c},{{{}}}}}", bytes.join(","))
        }
        _ => return given.refuse("was invoked with an unknown format; use 'N', 'D', 'B', 'P' or 'X'"),
    };
    Ok(Value::String(text))
}
