//! Tests of the values of policies.

use proptest::prelude::*;

use super::*;

fn evaluate(text: &str) -> Result<String, Uncomputable> {
    PolicyValue::parse(text).expect("usable").evaluate(40, |source| {
        Some(Cow::Borrowed(match source {
            Source::ConnectionParameter(name) if name == "url" => "https://a.example",
            Source::ConnectionParameter(name) if name == "env" => "test",
            Source::Header(name) if name == "X-Key" => "k",
            Source::Query(name) if name == "project" => "p",
            Source::Body(members) if members.join("/") == "a/0/b" => "inner",
            Source::Method => "PATCH",
            _ => return None,
        }))
    })
}

#[test]
fn expressions_are_replaced_by_their_values() {
    for (text, expected) in [
        ("application/json", "application/json"),
        ("@connectionParameters('url')", "https://a.example"),
        ("@ConnectionParameters(\"url\")/v2/@connectionParameters('env')/", "https://a.example/v2/test/"),
        ("https://@connectionParameters('none', 'api').x.example", "https://api.x.example"),
        ("@connectionParameters('none','')", ""),
        ("@connectionParameters('none','it''s')", "it's"),
        ("Bearer @headers('X-Key')", "Bearer k"),
        ("@{queryParameters('project')}", "p"),
        ("{@body().a[0].b}", "inner"),
        ("@body()['a'][0].b.", "inner."),
        ("@Request.OriginalHTTPMethod", "PATCH"),
        ("@@connectionParameters('url')", "@connectionParameters('url')"),
        ("someone@contoso.example", "someone@contoso.example"),
        ("a@", "a@"),
        ("", ""),
        ("/users/{id}/x", "/users/{id}/x"),
    ] {
        assert_eq!(evaluate(text).as_deref(), Ok(expected), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_value_or_a_mistake(text in "(@|@\\{|[a-zA-Zü(){}\\[\\]'\",.@ ]|connectionParameters\\('|body\\(\\)){0,12}") {
        if let Ok(value) = PolicyValue::parse(&text) {
            let _ = (value.evaluate(400, |_| Some(Cow::Borrowed("x"))), value.lets_callers_choose_host());
            if !text.contains('@') {
                prop_assert_eq!(value.evaluate(400, |_| None), Ok(text));
            }
        }
    }
}

#[test]
fn callers_do_not_choose_a_host() {
    for (text, expected) in [
        ("https://a.example/@{queryParameters('x')}", false),
        ("@connectionParameters('url')/@{queryParameters('x')}", false),
        ("https://@{queryParameters('x')}.a.example", false),
        ("@{headers('x')}.a.example:8443/v1", false),
        ("https://@{body().x}.@connectionParameters('domain')/v1", true),
        ("@queryParameters('x')", true),
        ("@queryParameters('x', 'a.example')/v1", true),
        ("https://@{queryParameters('x')}/a.example", true),
        ("https://@{queryParameters('x')}.example", true),
        ("https://@{queryParameters('x')}.example.", true),
        ("https://@{queryParameters('x')}a.example.com", true),
        ("https://a.example.@{headers('x')}", true),
        ("https://a.example:@{queryParameters('x')}", true),
        ("https://@{body().x}:443.a.example", true),
        ("@connectionParameters('url')@{queryParameters('x')}", true),
        ("@{queryParameters('x')}://a.example", true),
        ("@{queryParameters('x')}?://a.example.com", true),
        ("@Request.OriginalHTTPMethod", true),
    ] {
        let value = PolicyValue::parse(text).expect("usable");
        assert_eq!(value.lets_callers_choose_host(), expected, "{text}");
    }
}

#[test]
fn a_value_that_is_missing_is_named() {
    for (text, missing) in [
        ("@connectionParameters('other')", "the connection parameter 'other'"),
        ("@queryParameters('x')", "the query parameter 'x'"),
        ("@headers('x')", "the header 'x'"),
        ("@body().x.y", "the member 'x.y' of the body"),
    ] {
        let expected = format!("needs {missing}, which is missing");
        assert_eq!(evaluate(text).expect_err("missing").to_string(), expected);
    }
    let long = "@connectionParameters('url')".repeat(3);
    assert_eq!(evaluate(&long), Err(Uncomputable::TooLong(40)));
}

#[test]
fn malformed_values_and_unknown_functions_are_distinguished() {
    for text in [
        "@connectionParameters('x'",
        "@connectionParameters(x)",
        "@connectionParameters()",
        "@connectionParameters('')",
        "@connectionParameters('a','b','c')",
        "@connectionParameters('a' 'b')",
        "@{connectionParameters('a')",
        "@body()[0",
        &"x".repeat(VALUE_CHARS_MAX + 1),
        &"@body()".repeat(EXPRESSIONS_MAX + 1),
        &format!("@body(){}", ".a".repeat(MEMBERS_MAX + 1)),
    ] {
        assert!(matches!(PolicyValue::parse(text), Err(BadValue::Malformed(_))), "{text:.60}");
    }
    for text in ["@base64('x')", "@item()", "@body('x')"] {
        assert!(matches!(PolicyValue::parse(text), Err(BadValue::Unknown(_))), "{text}");
    }
}
