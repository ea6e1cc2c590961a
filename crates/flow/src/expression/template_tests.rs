use outlive_clock::Instant;
use proptest::prelude::*;
use serde_json::json;

use super::*;

struct Known {
    trigger: Value,
    list: Value,
    parameter: Value,
}

impl Known {
    fn new() -> Self {
        Self {
            trigger: json!({"headers": {"x": "h"}, "body": {"item": "lamp", "quantity": 3, "tags": ["a", "b"]}}),
            list: json!({"statusCode": 200, "body": {"value": [{"id": "o-1"}, {"id": "o-2"}]}}),
            parameter: json!("Contoso"),
        }
    }
}

impl Facts for Known {
    fn trigger_outputs(&self) -> &Value {
        &self.trigger
    }
    fn outputs(&self, action: &str) -> Option<&Value> {
        (action == "List").then_some(&self.list)
    }
    fn parameter(&self, name: &str) -> Option<&Value> {
        (name == "firm").then_some(&self.parameter)
    }
    fn now(&self) -> Instant {
        Instant::from_seconds(1_767_603_600)
    }
}

fn evaluated(template: &Value) -> Result<Value, String> {
    Template::read(template)
        .map_err(|(path, e)| format!("{path} {e}"))?
        .evaluate(&Known::new())
        .map_err(|e| e.to_string())
}

#[test]
fn values() {
    for (template, value) in [
        (json!("plain"), json!("plain")),
        (json!("@@plain"), json!("@plain")),
        (json!(["@@plain", 1]), json!(["@plain", 1])),
        (json!("a@b.example"), json!("a@b.example")),
        (json!("@@{x}"), json!("@{x}")),
        (json!("a @@{x}"), json!("a @{x}")),
        (json!("@triggerBody()"), json!({"item": "lamp", "quantity": 3, "tags": ["a", "b"]})),
        (json!("@triggerBody()?['item']"), json!("lamp")),
        (json!("@triggerBody()?['none']"), json!(null)),
        (json!("@triggerBody()?['none']?['deeper']"), json!(null)),
        (json!("@triggerBody().tags[1]"), json!("b")),
        (json!("@triggerOutputs()?['headers']?['x']"), json!("h")),
        (json!("@body('List')?['value'][0]['id']"), json!("o-1")),
        (json!("@outputs('List')['statusCode']"), json!(200)),
        (json!("@last(body('List')['value'])?.id"), json!("o-2")),
        (json!("@parameters('firm')"), json!("Contoso")),
        (json!("@{parameters('firm')}: @{length(body('List')['value'])} orders"), json!("Contoso: 2 orders")),
        (json!("@{triggerBody()?['quantity']}"), json!("3")),
        (json!({"q": "@triggerBody()['quantity']", "k": [1, "@null"]}), json!({"q": 3, "k": [1, null]})),
        (json!("@concat('it''s ', string(1), ' ', string(true), null)"), json!("it's 1 True")),
        (json!("@and(equals(1, 1.0), not(false), or(false, greater(2, 1)))"), json!(true)),
        (json!("@if(less('a', 'b'), 'yes', outputs('Nothing'))"), json!("yes")),
        (json!("@coalesce(null, triggerBody()?['x'], 4)"), json!(4)),
        (json!("@int('12')"), json!(12)),
        (json!("@add(int('12'), -2)"), json!(10)),
        (json!("@sub(1.5, 1)"), json!(0.5)),
        (json!("@empty(triggerBody()?['x'])"), json!(true)),
        (json!("@contains(triggerBody()['tags'], 'a')"), json!(true)),
        (
            json!({"@{parameters('firm')}.type": 1, "@@odata.x": "@@y", "@odata.y": true}),
            json!({"Contoso.type": 1, "@odata.x": "@y", "@odata.y": true}),
        ),
        (json!({"@@a": [{"b@c": 1}]}), json!({"@a": [{"b@c": 1}]})),
        (json!("@triggerOutputs()?['body/item']"), json!("lamp")),
        (json!("@triggerOutputs()?['body/tags/1']"), json!("b")),
        (json!("@triggerOutputs()?['body/none/x']"), json!(null)),
        (json!("@triggerOutputs()?['Headers']['X']"), json!("h")),
        (json!("@triggerOutputs()?['BODY/ITEM']"), json!("lamp")),
        (json!("@triggerBody() ? . item"), json!("lamp")),
        (json!("@triggerBody()\u{a0}?\r\n ['item' ]"), json!("lamp")),
        (json!("@{triggerBody()?['item']}@{1}"), json!("lamp1")),
        (json!("@{string('}')}"), json!("}")),
        (json!("@EQUALS( utcNow() , '2026-01-05T09:00:00.0000000Z' )"), json!(true)),
    ] {
        assert_eq!(evaluated(&template), Ok(value), "{template}");
    }
}

#[test]
fn results_of_functions() {
    for (expression, value) in [
        ("greater(2, 2)", json!(false)),
        ("greater(3, 2)", json!(true)),
        ("greater(9007199254740993, 9007199254740992)", json!(true)),
        ("less(9007199254740992, 9007199254740993)", json!(true)),
        ("greaterOrEquals(2, 2)", json!(true)),
        ("greaterOrEquals(2, 3)", json!(false)),
        ("less(2, 2)", json!(false)),
        ("less(1.5, 2)", json!(true)),
        ("lessOrEquals(2, 2)", json!(true)),
        ("lessOrEquals('b', 'a')", json!(false)),
        ("equals(1, 2)", json!(false)),
        ("equals('1', 1)", json!(false)),
        ("equals(9007199254740993, 9007199254740993)", json!(true)),
        ("and(true, false)", json!(false)),
        ("and(false, outputs('Nothing'))", json!(false)),
        ("or(false, false)", json!(false)),
        ("or(true, outputs('Nothing'))", json!(true)),
        ("if(false, outputs('Nothing'), 'no')", json!("no")),
        ("coalesce(null, null)", json!(null)),
        ("startsWith('lamp', 'la')", json!(true)),
        ("startsWith('lamp', 'mp')", json!(false)),
        ("endsWith('lamp', 'mp')", json!(true)),
        ("endsWith('lamp', 'la')", json!(false)),
        ("contains('lamp', 'am')", json!(true)),
        ("contains('lamp', 'x')", json!(false)),
        ("contains(triggerBody(), 'item')", json!(true)),
        ("contains(triggerBody(), 'lamp')", json!(false)),
        ("contains(triggerBody()['tags'], 'c')", json!(false)),
        ("empty('')", json!(true)),
        ("empty('a')", json!(false)),
        ("empty(triggerBody())", json!(false)),
        ("empty(triggerBody()['tags'])", json!(false)),
        ("first(triggerBody()['tags'])", json!("a")),
        ("last(triggerBody()['tags'])", json!("b")),
        ("length('läßt 😀')", json!(7)),
        ("length(triggerBody()['tags'])", json!(2)),
        ("string(false)", json!("False")),
        ("string(triggerBody()['tags'])", json!("[\"a\",\"b\"]")),
        ("int(12)", json!(12)),
        ("int(' -7 ')", json!(-7)),
        ("add(5, 3)", json!(8)),
        ("sub(5, 3)", json!(2)),
        ("add(1.5, 1)", json!(2.5)),
        ("sub(1, 1.5)", json!(-0.5)),
        ("add(9223372036854775807, 1)", json!(9_223_372_036_854_775_808.0)),
        ("body('List')['value'][1].id", json!("o-2")),
        ("body('List')['value']?[2]", json!(null)),
        ("body('List')['value']?[-1]", json!(null)),
    ] {
        assert_eq!(evaluated(&json!(format!("@{expression}"))), Ok(value), "{expression}");
    }
}

#[test]
fn errors_contain_the_reason() {
    for (template, why) in [
        (
            json!("@triggerBody()['none']"),
            "The template language expression 'triggerBody()['none']' cannot be evaluated because property 'none' doesn't exist, available properties are 'item, quantity, tags'. Use ?['none'] to get null",
        ),
        (
            json!("@triggerBody()['item']['x']"),
            "property 'x' cannot be selected. Property selection is not supported on values of type 'String'",
        ),
        (json!("@triggerBody()['item'][0]"), "element '0' cannot be selected"),
        (
            json!("@triggerBody()['tags'][2]"),
            "array index '2' is outside bounds of an array with 2 elements. Use ?[2]",
        ),
        (json!("@triggerBody()[true]"), "a key has to be a string or an integer"),
        (
            json!("@empty(1)"),
            "The template language function 'empty' expects its parameter to be an object, an array or a string. The provided value is of type 'Integer'",
        ),
        (json!("@first(1)"), "'first' expects its parameter to be an array or a string"),
        (
            json!("@length(true)"),
            "'length' expects its parameter to be an array or a string. The provided value is of type 'Boolean'",
        ),
        (
            json!("@contains(null, 'a')"),
            "'contains' expects its first parameter to be a string, an array or an object. The provided value is of type 'Null'",
        ),
        (
            json!("@startsWith(triggerBody()['tags'], 'a')"),
            "'startsWith' expects its first parameter to be a string",
        ),
        (json!("@outputs(triggerBody())"), "'outputs' expects its parameter to be a string"),
        (json!("@int(1.5)"), "The value cannot be converted to the target type"),
        (json!("@outputs('Later')"), "'outputs' was invoked with 'Later', an action that has not run"),
        (
            json!("- @{coalesce(triggerBody()['none'], 'x')}"),
            "expression 'coalesce(triggerBody()['none'], 'x')' cannot be evaluated because property 'none'",
        ),
        (
            json!("@triggerBody()?['none']['x']"),
            "property 'x' cannot be selected. The value before it is null; use ?['x']",
        ),
        (json!("@parameters('none')"), "'none', which is not a parameter of the workflow"),
        (json!("@greater(1, 'a')"), "values of type 'Integer' and 'String' that do not match"),
        (
            json!("@not('x')"),
            "'not' expects its parameter to be a boolean. The provided value is of type 'String'",
        ),
        (json!("@int('many')"), "function 'int' was invoked with a parameter that is not valid"),
        (
            json!("@add(9223372036854775807, 'x')"),
            "'add' expects its second parameter to be an integer or a decimal number",
        ),
        (json!({"a": [1, "@nothing("]}), ".a[1] character 10"),
        (json!("text @{oops"), "character 8"),
        (json!("äöü @{1} @{oops"), "character 12"),
    ] {
        let error = evaluated(&template).expect_err(&template.to_string());
        assert!(error.contains(why), "{template}: {error}");
    }
}

#[test]
fn a_small_definition_cannot_make_a_large_value() {
    let big = "x".repeat(200_000);
    let mut known = Known::new();
    known.list = json!(big);
    for template in [
        json!(
            "@concat(outputs('List'),outputs('List'),outputs('List'),outputs('List'),outputs('List'),outputs('List'))"
        ),
        Value::Array(vec![json!("@outputs('List')"); 6]),
    ] {
        let error = Template::read(&template).expect("reads").evaluate(&known).expect_err("too large");
        assert!(error.to_string().contains("larger than"), "{error}");
    }
    known.list = (0..60).fold(Value::Null, |inner, _| json!([inner]));
    let template = (0..20).fold(json!("@outputs('List')"), |inner, _| json!([inner]));
    let error = Template::read(&template).expect("reads").evaluate(&known).expect_err("too deep");
    assert!(error.to_string().contains("deeply"), "{error}");
}

#[test]
fn references_are_listed() {
    let template = Template::read(
        &json!({"a": "@concat(body('A')?[outputs('B')], 'x@{c}', items('L'))", "d": "- @{parameters('p')}", "@{actions('K').x}": 1}),
    );
    let template = template.expect("reads");
    assert_eq!(template.action_names(), ["K", "A", "B"]);
    assert_eq!(template.names(&["items", "iterationIndexes"]), ["L"]);
    assert_eq!(template.parameter_names(), ["p"]);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = evaluated(&json!(format!("@{text}")));
        let _ = evaluated(&json!(format!("a@{{{text}}}")));
    }

    #[test]
    fn no_expression_panics(parts in proptest::collection::vec(
        prop_oneof![
            Just("triggerBody()"), Just("body('List')"), Just("outputs('List')"), Just("parameters('firm')"), Just("concat("),
            Just("equals("), Just("length("), Just("first("), Just("if("), Just(")"), Just(","), Just("?["), Just("["),
            Just("]"), Just("'value'"), Just("'id'"), Just("0"), Just("-1"), Just("1e300"), Just("true"), Just("null"),
            Just("?."), Just("id"), Just("@{"), Just("}"), Just(" "),
        ],
        0..24,
    )) {
        let _ = evaluated(&json!(format!("@{}", parts.concat())));
    }

    #[test]
    fn text_without_an_at_sign_stays_as_it_is(text in "[^@]{0,40}") {
        prop_assert_eq!(evaluated(&json!(text.clone())), Ok(json!(text)));
    }
}
