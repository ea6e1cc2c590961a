//! The frames of a transaction that are not in the log yet.

use std::ops::Range;

/// The length of the header of a log, in bytes (<https://sqlite.org/fileformat2.html#walformat>).
const LOG_HEADER: u64 = 32;
/// The length of the header of a frame, in bytes. A page follows.
const FRAME_HEADER: usize = 24;
/// How many bytes are kept before they are written although the transaction has not ended.
const KEPT_MAX: usize = 64 * 1024;

/// The frames at the end of a log that are not written yet, all of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Where they begin in the log.
    start: u64,
    kept: Vec<u8>,
    /// Whether the last frame ends the transaction.
    is_last: bool,
    /// Where the last transaction that was written ends. What is written before it was in the log
    /// already: SQLite corrects headers there.
    end_of_transactions: u64,
}

impl Frames {
    fn end(&self) -> u64 {
        self.start + self.kept.len() as u64
    }

    /// Writes `bytes` to the log at a place, or keeps them. `file` writes to the file.
    pub(crate) fn write<E>(
        &mut self,
        at: u64,
        bytes: &[u8],
        mut file: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if bytes.len() == FRAME_HEADER && at >= self.end_of_transactions {
            return self.begin_frame(at, bytes, file);
        }
        if at == 0 {
            // The log begins again; what is kept was rolled back.
            self.kept.clear();
            self.end_of_transactions = LOG_HEADER;
        }
        if self.kept.is_empty() {
            return file(at, bytes);
        }
        if at == self.end() {
            self.kept.extend_from_slice(bytes);
            return self.end_frame(file);
        }
        let place = self.place(at, bytes.len());
        if let Some(kept) = place.and_then(|place| self.kept.get_mut(place)) {
            kept.copy_from_slice(bytes);
            return Ok(());
        }
        self.write_kept(&mut file)?;
        file(at, bytes)
    }

    /// Keeps the header of a frame that is new. It replaces those that were rolled back, which are
    /// behind its place.
    fn begin_frame<E>(
        &mut self,
        at: u64,
        header: &[u8],
        mut file: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if at > self.end() {
            self.write_kept(&mut file)?;
        }
        let before = at.checked_sub(self.start).and_then(|length| usize::try_from(length).ok());
        match before.filter(|length| *length <= self.kept.len()) {
            Some(length) if length > 0 => self.kept.truncate(length),
            _ => {
                self.kept.clear();
                self.start = at;
            }
        }
        self.kept.extend_from_slice(header);
        // The size of the database after a transaction; zero if it goes on.
        self.is_last = header[4..8] != [0; 4];
        Ok(())
    }

    /// Writes what is kept if the transaction has ended, or has become long.
    fn end_frame<E>(&mut self, mut file: impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.is_last {
            let end = self.end();
            self.write_kept(&mut file)?;
            self.end_of_transactions = end;
        } else if self.kept.len() >= KEPT_MAX {
            self.write_kept(&mut file)?;
        }
        Ok(())
    }

    /// Returns the bytes at a place of the log, if they are kept. SQLite reads whole pages of a
    /// transaction, so it never asks for some that are kept and others that are not.
    pub(crate) fn kept_at(&self, at: u64, length: usize) -> Option<&[u8]> {
        self.kept.get(self.place(at, length)?)
    }

    /// Where bytes of the log are in what is kept; the range can be beyond its end.
    fn place(&self, at: u64, length: usize) -> Option<Range<usize>> {
        let first = usize::try_from(at.checked_sub(self.start)?).ok()?;
        Some(first..first.checked_add(length)?)
    }

    /// Drops what is kept: the file becomes shorter, so it was rolled back.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Writes what is kept. If that fails, SQLite rolls the transaction back, as it does for every
    /// write to a log.
    fn write_kept<E>(&mut self, file: &mut impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let written = file(self.start, &self.kept);
        self.kept.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 512;
    const FRAME: u64 = (FRAME_HEADER + PAGE) as u64;

    /// A log, what was written to it at a time, and what SQLite has written.
    #[derive(Default)]
    struct Log {
        frames: Frames,
        file: Vec<u8>,
        writes: Vec<(u64, usize)>,
        is_full: bool,
    }

    impl Log {
        fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), ()> {
            let Self { frames, file, writes, is_full } = self;
            frames.write(at, bytes, |at, bytes| {
                if *is_full {
                    return Err(());
                }
                let (first, end) = (at as usize, at as usize + bytes.len());
                file.resize(file.len().max(end), 0);
                file[first..end].copy_from_slice(bytes);
                writes.push((at, bytes.len()));
                Ok(())
            })
        }

        /// Writes a frame as SQLite does.
        fn frame(&mut self, number: u64, content: u8, ends: bool) -> Result<(), ()> {
            let at = LOG_HEADER + number * FRAME;
            let mut header = [content; FRAME_HEADER];
            header[4..8].copy_from_slice(&u32::from(ends).to_be_bytes());
            self.write(at, &header)?;
            self.write(at + FRAME_HEADER as u64, &[content; PAGE])
        }

        fn begin() -> Self {
            let mut log = Self::default();
            log.write(0, &[1; LOG_HEADER as usize]).unwrap();
            log.writes.clear();
            log
        }

        /// The content of each frame in the file.
        fn contents(&self) -> Vec<u8> {
            let frames = self.file[LOG_HEADER as usize..].chunks(FRAME as usize);
            frames.map(|frame| *frame.last().unwrap()).collect()
        }
    }

    #[test]
    fn a_transaction_is_written_at_once() {
        let mut log = Log::begin();
        for (number, ends) in [false, false, true, true].into_iter().enumerate() {
            log.frame(number as u64, 10 + number as u8, ends).unwrap();
        }
        assert_eq!(log.writes, [(LOG_HEADER, 3 * FRAME as usize), (LOG_HEADER + 3 * FRAME, FRAME as usize)]);
        assert_eq!(log.contents(), [10, 11, 12, 13]);
    }

    #[test]
    fn frames_that_were_rolled_back_are_replaced() {
        // The whole transaction.
        let mut log = Log::begin();
        log.frame(0, 10, true).unwrap();
        log.frame(1, 11, false).unwrap();
        log.frame(1, 12, true).unwrap();
        assert_eq!(log.contents(), [10, 12]);
        // To a savepoint.
        log.frame(2, 13, false).unwrap();
        log.frame(3, 14, false).unwrap();
        log.frame(3, 15, true).unwrap();
        assert_eq!(log.contents(), [10, 12, 13, 15]);
        assert_eq!(log.writes.len(), 3);
        // The log begins again.
        for kept in [true, false] {
            log.writes.clear();
            if kept {
                log.frame(4, 16, false).unwrap();
            }
            log.write(0, &[2; LOG_HEADER as usize]).unwrap();
            log.frame(0, 17, false).unwrap();
            log.frame(1, 18, true).unwrap();
            assert_eq!(log.contents(), [17, 18, 13, 15]);
            assert_eq!(log.writes, [(0, LOG_HEADER as usize), (LOG_HEADER, 2 * FRAME as usize)]);
        }
    }

    #[test]
    fn what_is_corrected_in_a_transaction_is_right_before_and_after_it_is_written() {
        let mut log = Log::begin();
        log.frame(0, 10, false).unwrap();
        log.frame(1, 11, false).unwrap();
        // A page that has changed again.
        log.write(LOG_HEADER + FRAME_HEADER as u64, &[12; PAGE]).unwrap();
        assert!(log.writes.is_empty());
        log.frame(2, 13, true).unwrap();
        // The headers, whose sums depend on it.
        for number in 0..3 {
            log.write(LOG_HEADER + number * FRAME, &[number as u8; FRAME_HEADER]).unwrap();
        }
        assert_eq!(log.contents(), [12, 11, 13]);
        assert_eq!(log.writes.len(), 4);
        assert_eq!(log.file[(LOG_HEADER + 2 * FRAME) as usize], 2);
    }

    #[test]
    fn a_long_transaction_is_written_in_parts() {
        let mut log = Log::begin();
        let frames = 3 * KEPT_MAX as u64 / FRAME;
        for number in 0..frames {
            log.frame(number, number as u8, number + 1 == frames).unwrap();
            // One of those that were written.
            if number == frames / 2 {
                log.write(LOG_HEADER + FRAME_HEADER as u64, &[99; PAGE]).unwrap();
            }
        }
        let expected: Vec<_> =
            (0..frames).map(|number| if number == 0 { 99 } else { number as u8 }).collect();
        assert_eq!(log.contents(), expected);
        assert!((3..=5).contains(&log.writes.len()), "{:?}", log.writes);
        // It is rolled back to a savepoint before what was written.
        log.frame(frames, 1, false).unwrap();
        log.frame(frames + 1, 2, false).unwrap();
        log.frame(frames, 3, true).unwrap();
        assert_eq!(log.contents()[frames as usize..], [3]);
    }

    #[test]
    fn a_read_finds_what_is_kept() {
        let mut log = Log::begin();
        log.frame(0, 10, true).unwrap();
        log.frame(1, 11, false).unwrap();
        log.frame(2, 12, false).unwrap();
        let page = |number| LOG_HEADER + number * FRAME + FRAME_HEADER as u64;
        for (number, kept) in [(0, None), (1, Some(11)), (2, Some(12)), (3, None)] {
            let expected = kept.map(|content| [content; PAGE]);
            assert_eq!(
                log.frames.kept_at(page(number), PAGE),
                expected.as_ref().map(|page| &page[..]),
                "{number}"
            );
        }
        log.frame(3, 13, true).unwrap();
        assert_eq!(log.contents(), [10, 11, 12, 13]);
    }

    #[test]
    fn a_full_disk_fails_the_transaction_and_not_the_next() {
        let mut log = Log::begin();
        log.is_full = true;
        log.frame(0, 10, false).unwrap();
        log.frame(1, 11, true).unwrap_err();
        log.is_full = false;
        log.frame(0, 12, true).unwrap();
        assert_eq!(log.contents(), [12]);
    }
}
