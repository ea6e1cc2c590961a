//! Pages: `$top` and `$skiptoken`.

use axum::extract::rejection::QueryRejection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_chassis::Problem;
use serde::Deserialize;

use super::OrderId;

const TOP_DEFAULT: u32 = 25;
/// The maximum page size; larger values of `$top` are reduced to it.
const TOP_MAX: u32 = 100;

/// The query parameters. Unknown ones are ignored.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PageQuery {
    #[serde(rename = "$top")]
    top: Option<String>,
    #[serde(rename = "$skiptoken")]
    skiptoken: Option<String>,
}

/// A page: at most `top` orders whose ids are greater than `after`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) top: u32,
    pub(crate) after: Option<OrderId>,
}

impl Page {
    pub(crate) fn read(query: Result<PageQuery, QueryRejection>) -> Result<Self, Problem> {
        let query = query?;
        let top = match query.top.as_deref() {
            None => TOP_DEFAULT,
            Some(text) => text
                .parse::<u32>()
                .ok()
                .filter(|top| *top > 0)
                .ok_or_else(|| Problem::bad_request("$top must be a number from 1."))?
                .min(TOP_MAX),
        };
        let after = match query.skiptoken.as_deref() {
            None => None,
            Some(text) => Some(
                decode_skiptoken(text)
                    .ok_or_else(|| Problem::bad_request("$skiptoken was not issued by this API."))?,
            ),
        };
        Ok(Self { top, after })
    }

    /// Returns the URL of the page after `last`. `base` is the URL above `/orders`.
    pub(crate) fn next_link(&self, base: &str, last: &OrderId) -> String {
        format!("{base}/orders?$top={}&$skiptoken={}", self.top, URL_SAFE_NO_PAD.encode(last.as_str()))
    }
}

fn decode_skiptoken(text: &str) -> Option<OrderId> {
    let bytes =
        Some(text).filter(|text| text.len() <= 128).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())?;
    OrderId::parse(std::str::from_utf8(&bytes).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(top: Option<&str>, skiptoken: Option<&str>) -> Result<Page, u16> {
        let query = PageQuery { top: top.map(str::to_owned), skiptoken: skiptoken.map(str::to_owned) };
        Page::read(Ok(query)).map_err(|problem| problem.status.as_u16())
    }

    #[test]
    fn page_sizes_are_bounded_and_foreign_skiptokens_rejected() {
        assert_eq!(page(None, None), Ok(Page { top: 25, after: None }));
        assert_eq!(page(Some("3"), None), Ok(Page { top: 3, after: None }));
        assert_eq!(page(Some("4000000000"), None), Ok(Page { top: 100, after: None }));
        for top in ["0", "-1", "x", "", "99999999999"] {
            assert_eq!(page(Some(top), None), Err(400), "{top}");
        }
        let last = OrderId::parse("order-1").expect("an id");
        let link = page(Some("3"), None).expect("a page").next_link("http://r:1", &last);
        let token = link.rsplit_once('=').expect("a token").1;
        assert_eq!(page(None, Some(token)).expect("ours").after, Some(last));
        for token in ["", "!", "YSBi", &"A".repeat(200)] {
            assert_eq!(page(None, Some(token)), Err(400), "{token}");
        }
    }
}
