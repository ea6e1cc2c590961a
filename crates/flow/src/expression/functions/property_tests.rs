//! Laws for calls of all functions, with any arguments.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Template;
use super::super::weight::{VALUE_BYTES_MAX, weigh};
use super::FAMILIES;
use super::example_run::ExampleRun;

/// Literals of all types, and texts that some functions take.
const LITERALS: [&str; 40] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "3",
    "1.5",
    "1e300",
    "9223372036854775807",
    "''",
    "'a'",
    "'ä😀'",
    "'hello world'",
    "'2018-03-15T13:27:36Z'",
    "'01/31/2018 8:00 PM'",
    "'Pacific Standard Time'",
    "'Day'",
    "'D'",
    "'yyyy-MM-dd''T''HH:mm:ss.fffK'",
    "'aGVsbG8='",
    "'data:text/plain;base64,aGVsbG8='",
    "'%41%zz'",
    "'https://contoso.com:8080/a?b=c'",
    "'{\"a\": [1, {\"b\": null}]}'",
    "'<a b=\"1\"><c/>t<c>2</c></a>'",
    "'//c[last()] | /a/@b'",
    "'count(//*[. > 1]) div 0'",
    "'0,0.00;(#);-'",
    "'C2'",
    "'de-de'",
    "'Send'",
    "'Loop'",
    "'numItems'",
    "'feedUrl'",
    "json('[3, 1, 2]')",
    "json('{\"a\": 1}')",
    "range(0, 9)",
    "triggerOutputs()",
    "xml('<r><s>1</s></r>')",
];

/// Calls with a valid number of arguments.
fn expression() -> impl Strategy<Value = String> {
    let literal = proptest::sample::select(LITERALS.as_slice()).prop_map(str::to_owned);
    literal.prop_recursive(4, 40, 4, |inner| {
        let function = (0..FAMILIES.len()).prop_flat_map(|family| {
            (0..FAMILIES[family].1.len()).prop_map(move |row| {
                let row = &FAMILIES[family].1[row].signature;
                (row.name, (row.fewest, row.most))
            })
        });
        (function, proptest::collection::vec(inner, 4), 0..4_usize).prop_map(
            |((name, (fewest, most)), arguments, count)| {
                let count = count.clamp(fewest, most.min(4));
                format!("{}({})", name, arguments[..count].join(", "))
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn every_call_ends_within_bounds(expression in expression()) {
        let template = Template::read(&json!(format!("@{expression}")));
        let result = template.expect("is an expression").evaluate(&ExampleRun::new());
        if let Ok(value) = result {
            prop_assert!(weigh(&value).is_some_and(|bytes| bytes <= VALUE_BYTES_MAX));
            // What is stored can be read again.
            let again: Value = serde_json::from_str(&value.to_string()).expect("is JSON");
            prop_assert_eq!(weigh(&again), weigh(&value));
        } else if let Err(error) = result {
            prop_assert!(!error.to_string().ends_with('.'), "the caller ends the sentence: {}", error);
        }
    }

    #[test]
    fn any_format_and_query_ends(text in "\\PC{0,40}") {
        let quoted = text.replace('\'', "''");
        for call in [
            "utcNow('?')", "formatDateTime('?')", "parseDateTime('?', 'de')", "parseDateTime('20180315', 'en', '?')",
            "formatNumber(-1234.5678, '?')", "formatNumber(0, '?')", "xml('?')", "xpath('<a><b c=\"1\"/></a>', '?')",
            "json('?')", "dataUriToString('?')", "uriHost('?')", "decodeUriComponent('?')", "guid('?')",
            "convertFromUtc(utcNow(), '?')", "slice('?', 1, -1)", "substring('?', 0, 1)", "chunk('?', 3)",
        ] {
            let template = Template::read(&json!(format!("@{}", call.replace('?', &quoted)))).expect("is an expression");
            let _ = template.evaluate(&ExampleRun::new());
        }
    }

    #[test]
    fn any_markup_ends(parts in proptest::collection::vec(prop_oneof![
        Just("<"), Just("</"), Just("a"), Just(">"), Just("/>"), Just(" x"), Just("="), Just("\""), Just("1"), Just("&"),
        Just("amp;"), Just("#65;"), Just("<![CDATA["), Just("]]>"), Just("<!--"), Just("-->"), Just("<?"), Just("?>"),
        Just("<?xml "), Just("xmlns:p"), Just("p:"), Just("<a>"), Just("</a>"), Just("ä"),
    ], 0..16), query in proptest::collection::vec(prop_oneof![
        Just("/"), Just("//"), Just("*"), Just("@"), Just("["), Just("]"), Just("("), Just(")"), Just("a"), Just("1"),
        Just("-"), Just("="), Just("<"), Just("|"), Just(" or "), Just(" div "), Just("count("), Just("last()"),
        Just("text()"), Just("\"t\""), Just(","), Just(".."), Just("."), Just("parent::"), Just("p:"), Just("string("),
    ], 0..12)) {
        let markup = format!("'{}'", parts.concat());
        for call in [
            format!("json(xml({markup}))"),
            format!("xpath('<a x=\"1\"><a>2</a>t</a>', '{}')", query.concat()),
        ] {
            let template = Template::read(&json!(format!("@{call}"))).expect("is an expression");
            let _ = template.evaluate(&ExampleRun::new());
        }
    }
}
