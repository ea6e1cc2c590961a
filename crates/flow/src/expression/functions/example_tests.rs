//! The examples of *Reference guide to workflow expression functions*, and what they leave open.

use serde_json::json;

use super::example_run::{all_fail, all_return, evaluated};

#[test]
fn texts() {
    all_return(&[
        ("concat('Hello', 'World')", json!("HelloWorld")),
        ("endsWith('hello world', 'world')", json!(true)),
        ("endsWith('hello world', 'WORLD')", json!(true)),
        ("startsWith('hello world', 'greetings')", json!(false)),
        ("startsWith('Hello world', 'hELLO')", json!(true)),
        ("formatNumber(1234567890, '0,0.00', 'en-us')", json!("1,234,567,890.00")),
        ("formatNumber(17.35, 'C2')", json!("$17.35")),
        ("indexOf('hello world', 'world')", json!(6)),
        ("indexOf('hello world', 'WORLD')", json!(6)),
        ("indexOf('😀 world', 'world')", json!(3)),
        ("indexOf('hello', 'x')", json!(-1)),
        ("indexOf('hello', '')", json!(0)),
        ("isFloat('10.333')", json!(true)),
        ("isFloat('10,000.00')", json!(true)),
        ("isFloat('10.000,00', 'de-DE')", json!(true)),
        ("isFloat('1.0.0')", json!(false)),
        ("isFloat('inf')", json!(false)),
        ("isFloat('apple')", json!(false)),
        ("isInt('10')", json!(true)),
        ("isInt('10.5')", json!(false)),
        ("isInt('apple')", json!(false)),
        ("lastIndexOf('hello world hello world', 'world')", json!(18)),
        ("lastIndexOf('hello world hello world', '')", json!(22)),
        ("lastIndexOf('', '')", json!(0)),
        ("lastIndexOf('', 'x')", json!(-1)),
        ("length('abcd')", json!(4)),
        ("nthIndexOf('123456789123465789', '1', 1)", json!(0)),
        ("nthIndexOf('123456789123465789', '1', 2)", json!(9)),
        ("nthIndexOf('123456789123465789', '12', 2)", json!(9)),
        ("nthIndexOf('123456789123465789', '6', 4)", json!(-1)),
        ("nthIndexOf('123456789123465789', '1', -1)", json!(9)),
        ("replace('the old string', 'old', 'new')", json!("the new string")),
        ("replace('aaa', 'a', 'bb')", json!("bbbbbb")),
        ("slice('Hello World', 2)", json!("llo World")),
        ("slice('Hello World', 2, 5)", json!("llo")),
        ("slice('Hello World', 3, -1)", json!("lo Worl")),
        ("slice('Hello World', -5)", json!("World")),
        ("slice('Hello World', 5, 2)", json!("")),
        ("slice('Hello World', 50)", json!("")),
        ("split('a_b_c', '_')", json!(["a", "b", "c"])),
        ("split('a_b_c', ' ')", json!(["a_b_c"])),
        ("split('a--b', '--')[1]", json!("b")),
        ("substring('hello world', 6, 5)", json!("world")),
        ("substring('hello world', 6)", json!("world")),
        ("substring('hello', 5, 0)", json!("")),
        ("toLower('Hello World')", json!("hello world")),
        ("toUpper('Hello World')", json!("HELLO WORLD")),
        ("trim(' Hello World  ')", json!("Hello World")),
        ("chunk('abcdefghijklmno', 4)", json!(["abcd", "efgh", "ijkl", "mno"])),
        ("chunk(createArray(1, 2, 3, 4, 5), 2)", json!([[1, 2], [3, 4], [5]])),
    ]);
    all_fail(&[
        ("substring('hello', 3, 9)", "'substring' parameters are out of range"),
        ("substring('hello', -1, 2)", "out of range"),
        ("replace('a', '', 'b')", "not to be empty"),
        (
            "split(null, ',')",
            "'split' expects its first parameter to be a string. The provided value is of type 'Null'",
        ),
        ("chunk('a', 0)", "at least 1"),
        ("chunk('a', -1)", "negative"),
        ("chunk(1, 1)", "'chunk' expects its first parameter to be a string or an array"),
        ("nthIndexOf('a', '', 1)", "not empty"),
        ("formatNumber('1', 'C')", "expects its first parameter to be an integer or a decimal number"),
        ("formatNumber(1, 'C', 'xx-yy')", "does not support the locale 'xx-yy'"),
        ("toLower()", "'toLower' expects 1 parameter, not 0"),
    ]);
}

#[test]
fn collections() {
    all_return(&[
        ("contains('hello world', 'world')", json!(true)),
        ("contains('hello world', 'World')", json!(false)),
        ("empty('')", json!(true)),
        ("first('hello')", json!("h")),
        ("first('')", json!("")),
        ("first(createArray(0, 1, 2))", json!(0)),
        ("first(createArray())", json!(null)),
        ("last('abcd')", json!("d")),
        ("last(createArray(0, 1, 2, 3))", json!(3)),
        (
            "intersection(createArray(1, 2, 3), createArray(101, 2, 1, 10), createArray(6, 8, 1, 2.0))",
            json!([1, 2]),
        ),
        ("intersection(json('{\"a\": 1, \"b\": 2}'), json('{\"b\": 2, \"a\": 3}'))", json!({"b": 2})),
        ("join(createArray('a', 'b', 1), '.')", json!("a.b.1")),
        ("length(createArray(0, 1, 2, 3))", json!(4)),
        ("reverse(range(0, 4))", json!([3, 2, 1, 0])),
        ("skip(createArray(0, 1, 2, 3), 1)", json!([1, 2, 3])),
        ("skip(createArray(0), 4)", json!([])),
        ("sort(createArray(2, 1, 0, 3))", json!([0, 1, 2, 3])),
        ("sort(createArray('b', 'a'))", json!(["a", "b"])),
        (
            "sort(json('[{\"first\": \"C\"}, {\"first\": \"A\"}]'), 'first')",
            json!([{"first": "A"}, {"first": "C"}]),
        ),
        ("take('abcde', 3)", json!("abc")),
        ("take(createArray(0, 1, 2, 3, 4), 3)", json!([0, 1, 2])),
        ("take(createArray(0), 3)", json!([0])),
        ("union(createArray(1, 2, 3), createArray(1, 2, 10, 101))", json!([1, 2, 3, 10, 101])),
        ("union(json('{\"a\": 1}'), json('{\"a\": 2, \"b\": 3}'))", json!({"a": 2, "b": 3})),
    ]);
    all_fail(&[
        (
            "first(null)",
            "'first' expects its parameter to be an array or a string. The provided value is of type 'Null'",
        ),
        ("join('a', ',')", "'join' expects its first parameter to be an array"),
        ("sort(createArray(null))", "'sort' expects an array of numbers"),
        ("take(createArray(1), -1)", "negative"),
        ("union(createArray(1), 'a')", "'union' expects its second parameter to be an array"),
        ("union('a')", "'union' expects its first parameter to be an array or an object"),
    ]);
}

#[test]
fn comparisons_and_logic() {
    all_return(&[
        ("and(true, true)", json!(true)),
        ("and(equals(1, 1), equals(1, 2))", json!(false)),
        ("or(equals(1, 2), equals(1, 3))", json!(false)),
        ("not(equals(1, 2))", json!(true)),
        ("equals(true, 1)", json!(true)),
        ("equals('abc', 'abcd')", json!(false)),
        ("greater(10, 5)", json!(true)),
        ("greater('apple', 'banana')", json!(false)),
        ("greaterOrEquals(5, 5)", json!(true)),
        ("less(5, 10)", json!(true)),
        ("lessOrEquals('apply', 'apple')", json!(false)),
        ("if(equals(1, 1), 'yes', 'no')", json!("yes")),
        ("coalesce(null, true, false)", json!(true)),
        ("coalesce(null, null, null)", json!(null)),
    ]);
    all_fail(&[
        ("greater(1, null)", "values of type 'Integer' and 'Null' that do not match"),
        (
            "if('true', 1, 2)",
            "'if' expects its first parameter to be a boolean. The provided value is of type 'String'",
        ),
        ("and(true, 1)", "'and' expects its second parameter to be a boolean"),
    ]);
}

#[test]
fn conversions() {
    all_return(&[
        ("array('hello')", json!(["hello"])),
        ("createArray('h', 'e')", json!(["h", "e"])),
        ("bool(1)", json!(true)),
        ("bool(0)", json!(false)),
        ("bool(-1)", json!(true)),
        ("bool('true')", json!(true)),
        ("bool('False')", json!(false)),
        ("decimal('1.5')", json!(1.5)),
        ("float('10.333')", json!(10.333)),
        ("float('10,333', 'de-DE')", json!(10.333)),
        ("float('-1 000,5', 'sv-SE')", json!(-1000.5)),
        ("float('1.2e3')", json!(1200.0)),
        ("float('12e3')", json!(12000.0)),
        ("decimal('1,000.5')", json!(1000.5)),
        ("int('10')", json!(10)),
        ("int(2.0)", json!(2)),
        ("json('[1, 2, 3]')", json!([1, 2, 3])),
        ("json(null)", json!({})),
        ("json('{\"fullName\": \"Sophia Owen\"}').fullName", json!("Sophia Owen")),
        ("string(10)", json!("10")),
        ("string(null)", json!("")),
        ("string(json('{\"name\": \"Sophie\"}'))", json!("{\"name\":\"Sophie\"}")),
        ("base64('hello')", json!("aGVsbG8=")),
        ("base64ToString('aGVsbG8=')", json!("hello")),
        ("decodeBase64('aGVsbG8')", json!("hello")),
        (
            "base64ToBinary('aGVsbG8=')",
            json!({"$content-type": "application/octet-stream", "$content": "aGVsbG8="}),
        ),
        ("base64(base64ToBinary('aGVsbG8='))", json!("aGVsbG8=")),
        ("binary('hello')['$content']", json!("aGVsbG8=")),
        ("dataUri('hello')", json!("data:text/plain;charset=utf-8;base64,aGVsbG8=")),
        (
            "dataUriToBinary('data:text/plain;charset=utf-8;base64,aGVsbG8=')",
            json!({"$content-type": "text/plain;charset=utf-8", "$content": "aGVsbG8="}),
        ),
        ("string(decodeDataUri('data:text/plain;base64,aGVsbG8='))", json!("hello")),
        ("dataUriToString('data:text/plain;charset=utf-8;base64,aGVsbG8=')", json!("hello")),
        ("dataUriToString('data:,a%20b')", json!("a b")),
        ("encodeUriComponent('https://contoso.com')", json!("https%3A%2F%2Fcontoso.com")),
        ("uriComponent('ä b~')", json!("%C3%A4%20b~")),
        ("decodeUriComponent('https%3A%2F%2Fcontoso.com')", json!("https://contoso.com")),
        ("uriComponentToString('100%+%zz%4')", json!("100%+%zz%4")),
        ("uriComponentToBinary('%41')['$content']", json!("QQ==")),
    ]);
    all_fail(&[
        ("int('1.5')", "'int' was invoked with a parameter that is not valid"),
        ("float('1', 'xx-yy')", "'float' does not support the locale 'xx-yy'"),
        ("float('many')", "'float' was invoked with a parameter that is not valid"),
        ("bool('yes')", "The value cannot be converted to the target type"),
        ("json('{')", "'json' parameter is not valid"),
        ("base64ToString('*')", "cannot be decoded from base64"),
        ("base64(null)", "'base64' expects its parameter to be a string or binary content"),
        ("dataUriToString('http://x')", "to be a data URI"),
        ("dataUriToString('ä')", "to be a data URI"),
    ]);
}

#[test]
fn numbers() {
    all_return(&[
        ("add(1, 1.5)", json!(2.5)),
        ("div(10, 5)", json!(2)),
        ("div(11, 5)", json!(2)),
        ("div(-11, 5)", json!(-2)),
        ("div(11, 5.0)", json!(2.2)),
        ("div(11.0, 5)", json!(2.2)),
        ("max(1, 2, 3)", json!(3)),
        ("max(createArray(1, 2, 3))", json!(3)),
        ("min(1.5, 2, 3)", json!(1.5)),
        ("min(createArray(1, 2, 3))", json!(1)),
        ("mod(3, 2)", json!(1)),
        ("mod(-3, 2)", json!(-1)),
        ("mul(1, 2)", json!(2)),
        ("mul(1.5, 2)", json!(3.0)),
        ("mul(9223372036854775807, 2)", json!(18_446_744_073_709_551_614.0)),
        ("range(1, 4)", json!([1, 2, 3, 4])),
        ("range(5, 0)", json!([])),
        ("sub(10.3, .3)", json!(10.0)),
        ("and(less(rand(1, 5), 5), greater(rand(1, 5), 0))", json!(true)),
        ("rand(4, 5)", json!(4)),
    ]);
    all_fail(&[
        ("div(1, 0)", "'div' was invoked with a divisor of zero"),
        ("mod(1, 0)", "'mod' was invoked with a divisor of zero"),
        (
            "add('1', 2)",
            "'add' expects its first parameter to be an integer or a decimal number. The provided value is of type 'String'",
        ),
        ("add(1, null)", "'add' expects its second parameter"),
        ("mul(1e300, 1e300)", "too large"),
        ("max(createArray())", "empty array"),
        ("max('a', 1)", "to be numbers"),
        ("range(1, 100001)", "at most 100000"),
        ("range(2147483647, 1)", "2147483647"),
        ("range(1, -1)", "negative"),
        ("rand(5, 5)", "'rand' expects the first parameter to be less"),
    ]);
}

#[test]
fn uris_and_objects() {
    all_return(&[
        ("uriHost('https://www.localhost.com:8080')", json!("www.localhost.com")),
        ("uriPath('https://www.contoso.com/catalog/shownew.htm?date=today')", json!("/catalog/shownew.htm")),
        ("uriPath('https://www.contoso.com')", json!("/")),
        (
            "uriPathAndQuery('https://www.contoso.com/catalog/shownew.htm?date=today')",
            json!("/catalog/shownew.htm?date=today"),
        ),
        ("uriPort('https://www.localhost:8080')", json!(8080)),
        ("uriPort('https://www.contoso.com')", json!(443)),
        ("uriQuery('https://www.contoso.com/catalog/shownew.htm?date=today')", json!("?date=today")),
        ("uriScheme('https://www.contoso.com/catalog/shownew.htm?date=today')", json!("https")),
        ("addProperty(json('{\"a\": 1}'), 'b', 2)", json!({"a": 1, "b": 2})),
        ("removeProperty(json('{\"a\": 1, \"b\": 2}'), 'a')", json!({"b": 2})),
        ("removeProperty(json('{\"a\": 1}'), 'x')", json!({"a": 1})),
        ("setProperty(json('{\"a\": 1}'), 'a', null)", json!({"a": null})),
    ]);
    all_fail(&[
        ("uriHost('contoso')", "not an absolute URI"),
        ("addProperty(json('{\"a\": 1}'), 'a', 2)", "'a', which already exists"),
        ("setProperty('x', 'a', 2)", "'setProperty' expects its first parameter to be an object"),
    ]);
}

#[test]
fn the_run() {
    all_return(&[
        ("variables('numItems')", json!(20)),
        ("item().id", json!(7)),
        ("items('Loop')?['id']", json!(7)),
        ("iterationIndexes('Until')", json!(3)),
        ("workflow().run.name", json!("r")),
        ("trigger().name", json!("manual")),
        ("trigger().outputs.body['$formdata'][0].key", json!("feedUrl")),
        ("action()['name']", json!("current")),
        ("actions('Send').status", json!("Succeeded")),
        ("actionOutputs('Send').statusCode", json!(200)),
        ("actionBody('Send')?['x']", json!(null)),
        ("result('Scope')[0]['name']", json!("Send")),
        ("listCallbackUrl()", json!("https://flow.example/callback")),
        ("formDataValue('Send', 'Subject')", json!("Hello world")),
        ("formDataMultiValues('Send', 'tag')", json!(["a", "b"])),
        ("triggerFormDataValue('feedUrl')", json!("https://contoso.example/feed")),
        ("triggerFormDataMultiValues('feedUrl')", json!(["https://contoso.example/feed"])),
        ("triggerMultipartBody(1).two", json!(2)),
        ("length(guid())", json!(36)),
        ("length(guid('N'))", json!(32)),
        ("length(guid('X'))", json!(68)),
        ("first(guid('P'))", json!("(")),
        ("substring(guid('B'), 15, 1)", json!("4")),
        ("equals(guid(), guid())", json!(false)),
    ]);
    all_fail(&[
        ("variables('x')", "'variables' was invoked with 'x', which is not an initialized variable"),
        ("items('Other')", "'Other', which is not a loop around this action"),
        ("actions('Later')", "'actions' was invoked with 'Later', an action that has not run"),
        ("formDataValue('Send', 'tag')", "found 2 values"),
        ("formDataValue('Later', 'tag')", "has not run"),
        ("triggerMultipartBody(2)", "there are 2 parts"),
        ("multipartBody('Send', 0)", "expects a multipart body"),
        ("guid('Q')", "unknown format"),
        ("variables()", "'variables' expects 1 parameter, not 0"),
    ]);
}

#[test]
fn results_are_bounded() {
    let long = format!("'{}'", "a".repeat(2_000));
    // A text of 2,000 characters, 512 times as long, and again.
    let huge = (0..9).fold(long, |text, _| format!("replace({text}, 'a', 'aa')"));
    all_fail(&[
        (&format!("replace({huge}, 'a', 'aa')"), "larger than"),
        (&format!("uriComponent(replace({huge}, 'a', '/'))"), "larger than"),
        (&format!("createArray({huge}, {huge})"), "larger than"),
        (&format!("join(range(0, 90000), {huge})"), "larger than"),
        (&format!("base64({huge})"), "larger than"),
    ]);
    // What is read again and again is bounded, too.
    let reads = json!(vec!["@empty(parameters('long'))"; 600]);
    let template = super::super::Template::read(&reads).expect("is a template");
    let error = template.evaluate(&super::example_run::ExampleRun::new()).expect_err("reads too much");
    assert!(error.to_string().contains("read more than"), "{error}");
    // Without an order of their own, 100,000 elements are still compared quickly.
    assert_eq!(evaluated("length(union(range(0, 50000), range(25000, 50000)))"), Ok(json!(75_000)),);
}
