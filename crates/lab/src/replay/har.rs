//! HAR files (HTTP Archive, version 1.2), as browsers, Fiddler and mitmproxy write them: the
//! members that a replay uses, within limits.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Instant;
use serde::Deserialize;
use serde_json::Value;

/// Maximum size of a file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Maximum number of entries of a file.
const ENTRIES_MAX: usize = 20_000;
/// Maximum length of a body that is read, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Maximum number of headers or parameters of a message.
const PAIRS_MAX: usize = 500;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HarMistake {
    /// The entry, counted from 1; absent if it is the file as a whole.
    pub entry: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for HarMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}: ")?;
        }
        f.write_str(&self.problem)
    }
}

const SAVE_AGAIN: &str = "save the recording again as HAR, with content";

/// An entry: a request with its response. Contains secrets: no `Debug`.
pub(super) struct Entry {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) started: Instant,
    pub(super) request: Request,
    pub(super) response: Response,
}

#[derive(Deserialize)]
struct RawEntry {
    #[serde(rename = "startedDateTime")]
    started: String,
    request: Request,
    response: Response,
}

/// A request.
#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<Pair>,
    #[serde(default, rename = "postData")]
    pub(super) post_data: Option<PostData>,
}

/// A posted body.
#[derive(Deserialize)]
pub(super) struct PostData {
    #[serde(default, rename = "mimeType")]
    pub(super) mime_type: String,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) encoding: Option<String>,
    #[serde(default)]
    pub(super) params: Vec<Pair>,
}

/// A header or a parameter.
#[derive(Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

/// A response.
#[derive(Deserialize)]
pub(super) struct Response {
    /// 0, or a negative number, if there was none.
    pub(super) status: i64,
    #[serde(default)]
    pub(super) headers: Vec<Pair>,
    #[serde(default)]
    pub(super) content: Content,
}

/// A response body.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    #[serde(rename = "mimeType")]
    pub(super) mime_type: String,
    pub(super) text: Option<String>,
    pub(super) encoding: Option<String>,
}

impl PostData {
    /// Returns the body as text.
    pub(super) fn body(&self) -> Result<String, String> {
        decoded(self.text.as_deref(), self.encoding.as_deref())
    }
}

impl Content {
    /// Returns the body as text.
    pub(super) fn body(&self) -> Result<String, String> {
        decoded(self.text.as_deref(), self.encoding.as_deref())
    }
}

fn decoded(text: Option<&str>, encoding: Option<&str>) -> Result<String, String> {
    let text = text.unwrap_or_default();
    let body = match encoding.filter(|encoding| !encoding.is_empty()) {
        None => text.to_owned(),
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            let packed: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
            let bytes = STANDARD.decode(packed).map_err(|_| "a body is not the base64 that it declares")?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Some(_) => return Err("a body has an encoding other than base64".to_owned()),
    };
    if body.len() > BODY_BYTES_MAX {
        return Err(format!("a body has more than {BODY_BYTES_MAX} bytes"));
    }
    Ok(body)
}

/// Reads the entries of a file for which `is_wanted` returns true, given their URL. Others are
/// counted, and need no other member.
///
/// # Errors
/// All mistakes of entries, or that of the file.
pub(super) fn read(
    bytes: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<Entry>, usize), Vec<HarMistake>> {
    let whole = |problem: String, remedy| vec![HarMistake { entry: None, problem, remedy }];
    if bytes.len() > FILE_BYTES_MAX {
        let problem = format!("it is larger than {} MiB", FILE_BYTES_MAX / 1024 / 1024);
        return Err(whole(problem, "record only the sign-in and the token requests"));
    }
    // Some tools start the file with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: Value = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let problem = match error.classify() {
            serde_json::error::Category::Eof => format!("the file ends too early, at {place}"),
            _ if error.to_string().starts_with("recursion limit") => {
                format!("its values are nested too deeply, at {place}")
            }
            _ => format!("it is not JSON, at {place}"),
        };
        whole(problem, SAVE_AGAIN)
    })?;
    let Value::Object(mut log) = file.get("log").cloned().unwrap_or_default() else {
        return Err(whole("it has no member 'log', so it is no HAR file".to_owned(), SAVE_AGAIN));
    };
    let version = log.get("version").and_then(Value::as_str).unwrap_or_default();
    if !matches!(version, "" | "1.1" | "1.2") {
        let is_number = version.len() <= 4 && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let found = if is_number { format!("version '{version}'") } else { "another version".to_owned() };
        let problem = format!("it has {found} of HAR; 1.2 is supported");
        return Err(whole(problem, "save the recording as HAR 1.2"));
    }
    let Some(Value::Array(entries)) = log.remove("entries") else {
        return Err(whole("'log' has no list 'entries'".to_owned(), SAVE_AGAIN));
    };
    if entries.len() > ENTRIES_MAX {
        let problem = format!("it has {} entries; {ENTRIES_MAX} are the most", entries.len());
        return Err(whole(problem, "record only the sign-in and the token requests"));
    }
    let mut found = Vec::new();
    let mut mistakes = Vec::new();
    let mut others = 0;
    for (index, entry) in entries.into_iter().enumerate() {
        let number = index + 1;
        let url = entry.pointer("/request/url").and_then(Value::as_str);
        match url {
            Some(url) if !is_wanted(url) => others += 1,
            _ => match entry_of(number, entry) {
                Ok(entry) => found.push(entry),
                Err(problem) => {
                    mistakes.push(HarMistake { entry: Some(number), problem, remedy: SAVE_AGAIN });
                }
            },
        }
    }
    if mistakes.is_empty() { Ok((found, others)) } else { Err(mistakes) }
}

fn entry_of(number: usize, entry: Value) -> Result<Entry, String> {
    // The message of the library quotes values of the wrong type, which may be secret.
    let raw: RawEntry = serde_json::from_value(entry).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("missing field ") {
            Some(field) => format!("it has no {}", field.replace('`', "'")),
            None => "a member has a wrong type".to_owned(),
        }
    })?;
    let started =
        raw.started.parse().map_err(|_| "'startedDateTime' is no instant of ISO 8601".to_owned())?;
    let posted = raw.request.post_data.as_ref().map_or(0, |data| data.params.len());
    if [raw.request.headers.len(), raw.response.headers.len(), posted].iter().any(|count| *count > PAIRS_MAX)
    {
        return Err(format!("it has more than {PAIRS_MAX} headers or parameters"));
    }
    Ok(Entry { number, started, request: raw.request, response: raw.response })
}
