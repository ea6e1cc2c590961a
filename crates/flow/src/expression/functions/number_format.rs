//! .NET's numeric format strings.

use serde_json::Number;

pub(super) fn format(number: &Number, _format: &str, _locale: Option<&str>) -> Result<String, String> {
    Ok(number.to_string())
}
