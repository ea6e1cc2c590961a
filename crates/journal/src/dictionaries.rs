//! With what payloads are packed: frequent parts of them. What earlier versions stored is still
//! read: plain JSON, and text of another dictionary.

use outlive_store::Dictionary;

static SECOND: Dictionary = Dictionary::new("\u{1}2", SECOND_TEXT, PAYLOAD_BYTES_MAX);
static FIRST: Dictionary = Dictionary::legacy("\u{1}1", FIRST_TEXT, PAYLOAD_BYTES_MAX);

/// Longer payloads (bytes) are stored as they are. Earlier versions packed none that was as long.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// Packs a payload, which is JSON.
pub(crate) fn pack(payload: &str) -> String {
    SECOND.pack(payload)
}

/// Unpacks a stored payload; `None` if no version can have stored it.
pub(crate) fn unpack(stored: &str) -> Option<String> {
    let dictionary = if FIRST.has_packed(stored) { &FIRST } else { &SECOND };
    dictionary.unpack(stored)
}

/// Parts of payloads between the values that differ, in the order of the payloads.
const SECOND_TEXT: &str = concat!(
    r#"{"grant_type":"refresh_token","client_id":""#,
    r#"","client_name":""#,
    r#"Contoso Orders Connector"#,
    r#"","client_class":"confidential","user_id":""#,
    r#"","client_class":"public","user_id":""#,
    r#"","upn":""#,
    r#".contoso.example"#,
    r#"","family":""#,
    r#"","session":null,"amr":["pwd"],"resource":""#,
    r#"","session":""#,
    r#"","amr":["pwd"],"resource":""#,
    r#"","amr":["pwd","mfa"],"resource":"api://contoso-orders","scope":"Orders.Read Orders."#,
    r#"ReadWrite","access_token":{"uti":""#,
    r#"https://graph.microsoft.com","scope":""#,
    r#"","fingerprint":""#,
    r#"","expires_at":""#,
    r#"Z","evaluated":false},"refresh_token":{"id":""#,
    r#"","parent":""#,
    r#"","family":""#,
    r#"","client_class":"public","password_based":true,"session":""#,
    r#"","client_class":"confidential","password_based":true,"session":""#,
    r#"","family_issued_at":""#,
    r#"Z","fixed_expires_at":null},"verdict":{"outcome":"accepted","artefact":"refresh_toke"#,
    r#"n","at":""#,
    r#"Z","rule":"nothing_ended_it","title":"Nothing has ended it","facts":[{"name":"grante"#,
    r#"d_at","value":""#,
    r#"Z"},{"name":"issued_at","value":""#,
    r#"Z"},{"name":"good_until","value":""#,
    r#"Z"},{"name":"client_class","value":"public"},{"name":"password_based","value":"true""#,
    r#"},{"name":"spa","value":"false"},{"name":"column","value":"password_token"}],"source"#,
    r#"":{"document":""#,
    r#"Z"},{"name":"client_class","value":"confidential"},{"name":"password_based","value":"#,
    r#""true"},{"name":"spa","value":"false"},{"name":"column","value":"confidential_token""#,
    r#"}],"source":{"document":"Refresh tokens in the Microsoft identity platform","section"#,
    r#"":"Token revocation","edition":"2025-11"},"rules":"2025-11","explanation":"Accepted:"#,
    r#" granted on "#,
    r#"Z, good until "#,
    r#"Z, and longer if it is used before then. Source: Refresh tokens in the Microsoft ide"#,
    r#"ntity platform, section \"Token revocation\"."},"question":{"presented":{"refresh_to"#,
    r#"ken":{"client_class":"confidential","password_based":true,"spa":false,"family_issued"#,
    r#"_at":""#,
    r#"Z","issued_at":""#,
    r#"Z","session_signed_out_at":null,"presented_by_its_client":true,"origin":"none","seco"#,
    r#"nd_factor":{"required":false,"done":false,"registered":false},"rotation":{"used_at":"#,
    r#"null,"family_ended_at":null,"reusable_until":null},"conditional_access":{"blocked_by"#,
    r#"":null,"sign_in_frequency":null,"authenticated_at":null}}},"user":{"known":true,"del"#,
    r#"eted":false,"enabled":true,"events":{}},"rules":"2025-11","at":""#,
    r#"Z"},"correlation_id":""#,
    r#"{"grant_type":"authorization_code","client_id":""#,
    r#"{"grant_type":"client_credentials","client_id":""#,
    r#"{"grant_type":"client_credentials","error":"invalid_grant","code":"AADSTS"#,
    r#"","description":"AADSTS50173: The provided grant has expired due to it being revoked"#,
    r#"","suberror":"bad_token","correlation_id":""#,
    r#"{"user":""#,
    r#"","client":""#,
    r#"","scope":"Orders.Read","uti":""#,
    r#"","method":"GET","path":"/orders","status":200,"token":""#,
    r#"","orders":3}"#,
    r#"{"method":"GET","path":"/orders","operation":"ListOrders","access_token":""#,
    r#"","status":200,"caller":"unitedstates/logicflows/"#,
    r#"{"principal":"unitedstates/logicflows/"#,
    r#"","expires":""#,
    r#"Z","key":""#,
    r#"","caller":""#,
    r#"{"refresh_token":""#,
    r#"","parent_refresh_token":""#,
    r#"","access_token":""#,
    r#"Z","correlation":""#,
    r#"{"flow":""#,
    r#"","status":"Succeeded","code":null,"trigger":"Every_hour","due":""#,
    r#"Z","started":""#,
    r#"Z","actions":[{"name":"List_orders","status":"Succeeded","code":"OK"}]}"#,
    r#"{"client_id":""#,
    r#"","client_name":"Maker Portal","session":""#,
    r#"","redirect_type":"publicClient","redirect_uri":"http://localhost","code":{"id":""#,
    r#""}}"#,
);

/// Parts of payloads, in earlier versions.
const FIRST_TEXT: &str = concat!(
    r#"{"grant_type":"refresh_token","client_id":""#,
    r#"","client_name":""#,
    r#"","client_class":"confidential","user_id":""#,
    r#"","client_class":"public","user_id":""#,
    r#"","upn":""#,
    r#"","family":""#,
    r#"","session":null,"amr":["pwd"],"resource":"https://graph.microsoft.com","scope":""#,
    r#"","amr":["pwd","mfa"],"resource":"api://"#,
    r#"","access_token":{"uti":""#,
    r#"","fingerprint":""#,
    r#"","expires_at":""#,
    r#"Z","evaluated":false},"refresh_token":{"id":""#,
    r#"","parent":""#,
    r#"","client_class":"public","password_based":true,"session":null,"family_issued_at":""#,
    r#"Z","fixed_expires_at":null},"verdict":{"outcome":"accepted","artefact":"refresh_token","at":""#,
    r#"Z","rule":"nothing_ended_it","title":"Nothing has ended it","facts":[{"name":"granted_at","value":""#,
    r#"Z"},{"name":"issued_at","value":""#,
    r#"Z"},{"name":"good_until","value":""#,
    r#"Z"},{"name":"client_class","value":"confidential"},{"name":"password_based","value":"true"},"#,
    r#"{"name":"spa","value":"false"},{"name":"column","value":"password_token"}],"#,
    r#""source":{"document":"Refresh tokens in the Microsoft identity platform","section":"Token revocation","#,
    r#""edition":"2025-11"},"rules":"2025-11","explanation":"Accepted: granted on "#,
    r#"Z, good until "#,
    r#"Z, and longer if it is used before then. Source: Refresh tokens in the Microsoft identity platform, "#,
    r#"section \"Token revocation\"."},"question":{"presented":{"refresh_token":{"client_class":"public","#,
    r#""password_based":true,"spa":false,"family_issued_at":""#,
    r#"Z","session_signed_out_at":null,"presented_by_its_client":true,"origin":"none","second_factor":"#,
    r#"{"required":false,"done":false,"registered":false},"rotation":{"used_at":null,"family_ended_at":null},"#,
    r#""conditional_access":{"blocked_by":null,"sign_in_frequency":null,"authenticated_at":null}}},"#,
    r#""user":{"known":true,"deleted":false,"enabled":true,"events":{}},"rules":"2025-11","at":""#,
    r#"{"grant_type":"authorization_code","client_id":""#,
    r#"{"grant_type":"client_credentials","error":"invalid_grant","code":"AADSTS","#,
    r#""description":"AADSTS50173: The provided grant has expired due to it being revoked","#,
    r#""suberror":"bad_token","correlation_id":""#,
    r#"{"client":"","method":"GET","orders":,"path":"/orders","scope":"Orders.Read","status":200,"token":""#,
    r#"","uti":""#,
    r#"{"access_token":"","caller":"unitedstates/logicflows/"#,
    r#"","method":"GET","operation":"ListOrders","path":""#,
    r#"{"actions":[{"code":"OK","name":"List_orders","status":"Succeeded"}],"code":null,"due":""#,
    r#"Z","flow":""#,
    r#"Z","started":""#,
    r#"Z","status":"Succeeded","trigger":"Every_hour"}"#,
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored text must remain readable: the dictionaries must never change.
    #[test]
    fn stored_text_keeps_its_meaning() {
        let sum_of =
            |text: &str| text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        assert_eq!((FIRST_TEXT.len(), sum_of(FIRST_TEXT)), (2346, 316703222));
        assert_eq!((SECOND_TEXT.len(), sum_of(SECOND_TEXT)), (3181, 396753077));
        for mark in ["\u{1}1", "\u{1}2"] {
            let stored = format!("{mark}\u{2}007:1}}");
            assert_eq!(unpack(&stored).as_deref(), Some(r#"{"grant_type":1}"#));
        }
        let of_first = "\u{1}1{\u{2}QJ:\u{2}ON;\u{2}QZC\u{2}PU93646012476b2c91\u{2}P1;\u{2}PgKf7d71340-5480-8525-bd8d-a10333511f68\"}";
        let text = r#"{"method":"GET","path":"/orders","operation":"ListOrders","access_token":"3646012476b2c91d","status":200,"caller":"unitedstates/logicflows/f7d71340-5480-8525-bd8d-a10333511f68"}"#;
        assert_eq!(unpack(of_first).as_deref(), Some(text));
        assert_eq!(unpack(r#"{"an":"older line"}"#).as_deref(), Some(r#"{"an":"older line"}"#));
    }

    #[test]
    fn a_payload_is_packed_to_a_fraction() {
        let text = r#"{"method":"GET","path":"/orders","operation":"ListOrders","access_token":"3646012476b2c91d","status":200,"caller":"unitedstates/logicflows/f7d71340-5480-8525-bd8d-a10333511f68"}"#;
        let packed = pack(text);
        assert!(packed.len() < text.len() / 2, "{packed:?}");
        assert_eq!(unpack(&packed).as_deref(), Some(text));
    }
}
