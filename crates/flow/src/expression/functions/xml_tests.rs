//! The examples of XML of *Reference guide to workflow expression functions*, and what they leave
//! open.

use serde_json::{Value, json};

use super::example_run::{all_fail, all_return, evaluated};

#[test]
fn xml_and_json() {
    all_return(&[
        ("string(xml('<name>Sophia Owen</name>'))", json!("<name>Sophia Owen</name>")),
        ("xml('<a/>')['$content-type']", json!("application/xml;charset=utf-8")),
        ("string(xml(json('{ \"name\": \"Sophia Owen\" }')))", json!("<name>Sophia Owen</name>")),
        (
            "string(xml(json('{\"person\": {\"@id\": 1, \"city\": \"A & B\", \"n\": [true, null]}}')))",
            json!("<person id=\"1\"><city>A &amp; B</city><n>true</n><n /></person>"),
        ),
        ("string(xml(json('{\"a b\": {\"#text\": \"<\"}}')))", json!("<a_x0020_b>&lt;</a_x0020_b>")),
        (
            "json(xml('<?xml version=\"1.0\"?> <root> <person id=\"1\"> <name>Sophia Owen</name> \
             <occupation>Engineer</occupation> </person> </root>'))",
            json!({"?xml": {"@version": "1.0"}, "root": {"person":
                {"@id": "1", "name": "Sophia Owen", "occupation": "Engineer"}}}),
        ),
        (
            "json(xml('<r xmlns=\"u\"><p/><p>&#65;<![CDATA[<]]></p><q a=\"1\">t</q></r>'))",
            json!({"r": {"@xmlns": "u", "p": [null, "A<"], "q": {"@a": "1", "#text": "t"}}}),
        ),
        ("string(xml(base64ToBinary(base64('<a>1</a>'))))", json!("<a>1</a>")),
    ]);
    all_fail(&[
        ("xml('<a>')", "cannot be converted to XML: line 1: element 'a' is not closed"),
        ("xml('<a></b>')", "closes no open element"),
        ("xml('<!DOCTYPE a [<!ENTITY b \"c\">]><a/>')", "a document type is not supported"),
        ("xml('<a>&b;</a>')", "the entity '&b;' is not defined"),
        ("xml('<a/><b/>')", "one root element"),
        ("xml('<p:a/>')", "the prefix 'p' is not declared"),
        ("xml('<a b=\"1\" b=\"2\"/>')", "given twice"),
        ("xml('text')", "outside the root element"),
        ("xml(json('{\"a\": 1, \"b\": 2}'))", "one root property"),
        ("xml(1)", "'xml' expects its parameter to be a string, XML content or an object"),
    ]);
}

fn selected(query: &str) -> Result<Value, String> {
    let query = query.replace('\'', "''");
    evaluated(&format!("xpath(xml(parameters('items')), '{query}')"))
}

#[test]
fn queries() {
    for (query, value) in [
        ("/produce/item/name/text()", json!(["Gala", "Honeycrisp"])),
        ("/produce/item[1]/name/text()", json!(["Gala"])),
        ("/produce/item[last()]/name/text()", json!(["Honeycrisp"])),
        ("//name[@expired]/text()", json!(["Gala", "Honeycrisp"])),
        ("//name[@expired = 'true']/text()", json!(["Gala"])),
        ("//name[@price>35]/text()", json!(["Honeycrisp"])),
        ("//name/@price", json!(["12", "40"])),
        ("sum(/produce/item/count)", json!(30)),
        ("sum(//count) div 4", json!(7.5)),
        ("count(//item)", json!(2)),
        ("string(/produce/item/name)", json!("Gala")),
        ("string(//item[name='Honeycrisp']/count)", json!("10")),
        ("//item[count < 15 and type='apple']/name/text()", json!(["Honeycrisp"])),
        ("//none", json!([])),
        ("boolean(//item) and not(//none)", json!(true)),
        ("local-name(/*)", json!("produce")),
        ("concat(name(/*/*[1]/*[2]), '-', string-length('abc'))", json!("type-3")),
        ("//count[. = 10]/../name/text()", json!(["Honeycrisp"])),
        ("//name[following-sibling::count = 20]/text()", json!(["Gala"])),
        ("//count[preceding-sibling::*[2][self::name]]/text()", json!(["20", "10"])),
        ("(//count | //type)[1]/text()", json!(["apple"])),
        ("translate('bar', 'abc', 'AB')", json!("BAr")),
        ("normalize-space('  a   b ')", json!("a b")),
        ("substring('12345', 2, 3)", json!("234")),
        ("substring('12345', 1.5, 2.6)", json!("234")),
        ("substring-before('1999/04', '/')", json!("1999")),
        ("substring-after('1999/04', '/')", json!("04")),
        ("round(2.5) + floor(-1.5) - -1", json!(2)),
        ("7 mod 2 = 1", json!(true)),
        ("number('x') = number('x')", json!(false)),
        ("count(//text()/ancestor::item)", json!(2)),
        ("starts-with('abc', 'ab')", json!(true)),
        ("position()", json!(1)),
        ("/", json!([evaluated("xml(parameters('items'))").expect("is XML")])),
    ] {
        if query == "/" {
            assert_eq!(selected(query).map(|nodes| nodes.as_array().map(Vec::len)), Ok(Some(1)));
            continue;
        }
        assert_eq!(selected(query), Ok(value), "{query}");
    }
    for (query, why) in [
        ("", "a step is expected"),
        ("//", "a step is expected"),
        ("//item[", "a step is expected"),
        ("//item]", "']' is not expected"),
        ("launch()", "the function 'launch' is not supported"),
        ("count()", "'count' takes 1 to 1 arguments"),
        ("count('a')", "'count' takes nodes"),
        ("p:a", "the prefix 'p' has no namespace here"),
        ("namespace::a", "the axis 'namespace' is not supported"),
        ("'open", "not closed"),
        ("'a'/b", "no node"),
    ] {
        let error = selected(query).expect_err(query);
        assert!(error.contains(why), "{query}: {error}");
    }
}

#[test]
fn elements_are_content_with_their_namespaces() {
    let file =
        "xml('<?xml version=\"1.0\"?><file xmlns=\"https://contoso.com\"><location>Paris</location></file>')";
    for query in [
        "/*[name()=\"file\"]/*[name()=\"location\"]",
        "/*[local-name()=\"file\" and namespace-uri()=\"https://contoso.com\"]/*[local-name()=\"location\"]",
    ] {
        assert_eq!(
            evaluated(&format!("string(xpath({file}, '{query}')[0])")),
            Ok(json!("<location xmlns=\"https://contoso.com\">Paris</location>")),
        );
    }
    all_return(&[
        (&format!("xpath({file}, '/file')"), json!([])),
        (&format!("xpath({file}, 'namespace-uri(/*)')"), json!("https://contoso.com")),
        (&format!("xpath(first(xpath({file}, '/*/*')), 'string(/*)')"), json!("Paris")),
        ("xpath('<a>1</a>', 'string(/a)')", json!("1")),
        (
            "string(xpath('<p:a xmlns:p=\"u\" p:b=\"&lt;\"><c/></p:a>', '/*')[0])",
            json!("<p:a xmlns:p=\"u\" p:b=\"&lt;\"><c /></p:a>"),
        ),
    ]);
}

#[test]
fn work_is_bounded() {
    let many = "concat('<a>', replace(string(range(0, 20000)), ',', '<b/>'), '</a>')";
    let deep = format!("'{}{}'", "<a>".repeat(100), "</a>".repeat(100));
    let brackets = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    let operators = "1+".repeat(60) + "1";
    all_fail(&[
        (&format!("xpath({many}, '//b[count(//b) > 1]')"), "too many steps"),
        (&format!("xpath({many}, 'count(//*[//*[//*]])')"), "too many steps"),
        (&format!("xpath({many}, '//b/following-sibling::b')"), "too many steps"),
        (&format!("xml({deep})"), "nested more than 64 levels deep"),
        (&format!("xpath('<a/>', '{brackets}')"), "nested more than 40"),
        (&format!("xpath('<a/>', '{operators}')"), "operators in a row"),
    ]);
}
