//! Parses server-sent events, as far as journals use the format: one `data:` line of JSON per
//! event.

use serde_json::Value;

/// Maximum length of a journal line.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Assembles lines from chunks and parses their JSON.
#[derive(Default)]
pub(super) struct EventStream(Vec<u8>);

impl EventStream {
    /// Returns the JSON of every `data:` line that `chunk` completes.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Vec<Value> {
        self.0.extend_from_slice(chunk);
        let mut read = Vec::new();
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            let data = line.strip_prefix(b"data:").and_then(|data| serde_json::from_slice(data).ok());
            read.extend(data);
        }
        if self.0.len() > LINE_BYTES_MAX {
            self.0.clear();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_read_whatever_the_chunks() {
        let text = b": comment\n\nid: 1\ndata: {\"seq\":1}\n\ndata: {\"seq\":2}\n\n";
        for size in 1..text.len() {
            let mut stream = EventStream::default();
            let read: Vec<_> = text.chunks(size).flat_map(|chunk| stream.push(chunk)).collect();
            assert_eq!(read, [json!({"seq": 1}), json!({"seq": 2})], "chunks of {size}");
        }
    }
}
