//! How the records of runs and iterations are stored: packed, so that several fit into a database
//! page. Those of earlier versions are plain JSON.

use outlive_store::{Dictionary, Row, StoreError};

/// Longer records (bytes) are stored as they are: they fill pages of their own anyway.
const PACKED_BYTES_MAX: usize = 16 << 10;

static DICTIONARY: Dictionary = Dictionary::new("\u{1}1", TEXT, PACKED_BYTES_MAX);

/// Returns what is stored of a record, which is JSON.
pub(super) fn packed(record: &str) -> String {
    DICTIONARY.pack(record)
}

/// Reads the record of a row, as JSON.
pub(super) fn unpacked(row: &Row) -> Result<String, StoreError> {
    let stored = row.text("record")?;
    DICTIONARY.unpack(&stored).ok_or_else(|| corrupt("a reference to nothing".to_owned()))
}

/// The error of a record that no version can have stored.
pub(super) fn corrupt(why: String) -> StoreError {
    StoreError::Corrupt { column: "record".to_owned(), why }
}

/// Parts of records, in their order. Stored text refers to positions in it: it must never change.
const TEXT: &str = concat!(
    r#"{"started":""#,
    r#"Z","trigger_outputs":null,"actions":[{"name":""#,
    r#"Z","trigger_outputs":{"body":"#,
    r#"List_orders","status":""#,
    r#"Succeeded","code":"OK","start":""#,
    r#"Failed","code":"Unauthorized","error":{"code":"Unauthorized","message":""#,
    r#"Skipped","code":"ActionSkipped","error":{"code":"ActionSkipped","message":""#,
    r#"The execution of template action '"#,
    r#"' is skipped: the 'runAfter' condition for action '"#,
    r#""},"start":""#,
    r#"Z","end":""#,
    r#"Z","inputs":{"host":{"apiId":"/providers/Microsoft.PowerApps/apis/shared_"#,
    r#"contoso-orders","connectionName":"shared_contoso-orders","operationId":"ListOrders"}"#,
    r#","parameters":{"$top":10}},"#,
    r#""outputs":{"body":{"value":[{"createdDateTime":""#,
    r#"Z","customer":"Adventure Works","id":"1001","item":"Bicycle bell","quantity":40},{"c"#,
    r#"reatedDateTime":""#,
    r#"Z","customer":"Fabrikam","id":"1002","item":"Saddle bag","quantity":12},{"createdDat"#,
    r#"eTime":""#,
    r#"Z","customer":"Northwind Traders","id":"1003","item":"Head light","quantity":25}]},"#,
    r#""outputs":{"body":{"error":{"code":""#,
    r#""headers":{"cache-control":"no-store","content-length":"383"#,
    r#"","content-security-policy":"default-src 'none'; frame-ancestors 'none'","content-ty"#,
    r#"pe":"application/json"#,
    r#"","content-type":"text/plain; charset=utf-8","date":""#,
    r#"","date":"Mon, Tue, Wed, Thu, Fri, Sat, Sun, "#,
    r#" GMT","referrer-policy":"no-referrer","timing-allow-origin":"*","x-content-type-opti"#,
    r#"ons":"nosniff","x-frame-options":"DENY","#,
    r#""x-ms-apihub-cached-response":"false","x-ms-apihub-obo":"false","x-ms-au-caller-id":"#,
    r#"""#,
    r#"","x-ms-au-creator-id":""#,
    r#"","x-ms-dlp-ef":"-|-","x-ms-dlp-gu":"-|-","x-ms-dlp-re":"-|-","x-ms-environment-id":"#,
    r#""Default-"#,
    r#"","x-ms-mip-sl":"-|-","x-ms-request-id":""#,
    r#"","x-ms-subscription-id":""#,
    r#"","x-ms-tenant-id":""#,
    r#""},"statusCode":200},"retries":0}],"executed":1,"last_frame":0,"weight":1631}"#,
    r#"","www-authenticate":"Bearer"#,
    r#""},"statusCode":401},"retries":0},{"name":""#,
    r#"","tracked":{"#,
    r#""hidden":{"inputs":true,"outputs":true},"#,
    r#""retry_due":""#,
    r#""iterations":{"items":[],"started":"#,
    r#","failed":0,"running":[],"recorded":["#,
    r#"],"archived":"#,
    r#""frames":{""#,
    r#""variables":{""#,
    r#""awaits_callback":true,"wait_until":""#,
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored text must remain readable: the dictionary must never change.
    #[test]
    fn stored_text_keeps_its_meaning() {
        let sum = TEXT.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        assert_eq!((TEXT.len(), sum), (1976, 2945104494));
    }

    #[test]
    fn a_record_is_stored_in_a_third_of_its_size() {
        let headers = r#"{"content-type":"application/json","date":"Sun, 29 Nov 2026 18:14:49 GMT","referrer-policy":"no-referrer","x-content-type-options":"nosniff","x-frame-options":"DENY","x-ms-apihub-cached-response":"false","x-ms-apihub-obo":"false"}"#;
        let record = format!(
            r#"{{"started":"2026-11-29T18:14:49Z","trigger_outputs":null,"actions":[{{"name":"Ask","status":"Succeeded","code":"OK","outputs":{{"headers":{headers}}}}}]}}"#
        );
        let stored = packed(&record);
        assert!(stored.len() * 3 < record.len(), "{stored:?}");
        assert_eq!(DICTIONARY.unpack(&stored), Some(record));
    }

    #[test]
    fn a_long_record_is_stored_as_it_is() {
        let record = format!(r#"["{}"]"#, "x".repeat(PACKED_BYTES_MAX));
        assert_eq!(packed(&record), record);
    }
}
