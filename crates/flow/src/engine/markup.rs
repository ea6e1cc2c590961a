//! CSV and HTML tables.

use serde_json::Value;

/// Formats a value as text: null as nothing, objects and arrays as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// RFC 4180, with lines that end with CR LF.
pub(super) fn csv(headers: &[String], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in std::iter::once(headers).chain(rows.iter().map(Vec::as_slice)) {
        for (at, field) in row.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            if field.contains([',', '"', '\r', '\n']) {
                text.push('"');
                text.push_str(&field.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(field);
            }
        }
        text.push_str("\r\n");
    }
    text
}

pub(super) fn html(headers: &[String], rows: &[Vec<String>]) -> String {
    let cells = |row: &[String], element: &str| {
        row.iter().map(|cell| format!("<{element}>{}</{element}>", escape(cell))).collect::<String>()
    };
    let body: String = rows.iter().map(|row| format!("<tr>{}</tr>", cells(row, "td"))).collect();
    format!("<table><thead><tr>{}</tr></thead><tbody>{body}</tbody></table>", cells(headers, "th"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_escaped() {
        let headers = ["a".to_owned(), "b,c".to_owned()];
        let rows = [vec!["1".to_owned(), "say \"x\"\n<&>".to_owned()]];
        assert_eq!(csv(&headers, &rows), "a,\"b,c\"\r\n1,\"say \"\"x\"\"\n<&>\"\r\n");
        assert_eq!(
            html(&headers, &rows),
            "<table><thead><tr><th>a</th><th>b,c</th></tr></thead><tbody><tr><td>1</td><td>say &quot;x&quot;\n&lt;&amp;&gt;</td></tr></tbody></table>"
        );
    }
}
