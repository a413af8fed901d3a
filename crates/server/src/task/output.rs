//! What a task wrote, in the order in which it came, as text.

/// Where a task wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The name of events and fields.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Bytes of text that a reader is given at a time; JSON may need six for each.
const PIECE: usize = 16 * 1024;

/// The output of a task. A place in it is a number of bytes of text, so that a reader who was away can go on.
#[derive(Debug, Default)]
pub(crate) struct Output {
    text: String,
    /// Neighbours are of different streams, however often the task has written.
    segments: Vec<Segment>,
    stdout: Decoder,
    stderr: Decoder,
}

#[derive(Debug)]
struct Segment {
    stream: Stream,
    end: usize,
}

impl Output {
    /// Takes what the task wrote. The first bytes of a character wait for the others.
    pub(crate) fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let decoder = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let before = self.text.len();
        decoder.decode(bytes, &mut self.text);
        self.extend(stream, before);
    }

    /// No more will be written: the first bytes of a character without the others are no character.
    pub(crate) fn finish(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let before = self.text.len();
            let decoder = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            decoder.finish(&mut self.text);
            self.extend(stream, before);
        }
        self.text.shrink_to_fit();
    }

    fn extend(&mut self, stream: Stream, before: usize) {
        let end = self.text.len();
        match self.segments.last_mut() {
            _ if end == before => {}
            Some(last) if last.stream == stream => last.end = end,
            _ => self.segments.push(Segment { stream, end }),
        }
    }

    /// Some of what comes after a place, of one stream; `None` when nothing does. A place within a character counts as the
    /// next one.
    pub(crate) fn after(&self, place: usize) -> Option<(Stream, &str, usize)> {
        let start = self.text.ceil_char_boundary(place);
        let index = self.segments.partition_point(|segment| segment.end <= start);
        let segment = self.segments.get(index)?;
        let end = segment.end.min(self.text.floor_char_boundary(start.saturating_add(PIECE)));
        Some((segment.stream, &self.text[start..end], end))
    }

    /// Everything that was written to one stream.
    pub(crate) fn of(&self, stream: Stream) -> String {
        if let [only] = self.segments.as_slice()
            && only.stream == stream
        {
            return self.text.clone();
        }
        let mut text = String::new();
        let mut start = 0;
        for segment in &self.segments {
            if segment.stream == stream {
                text.push_str(&self.text[start..segment.end]);
            }
            start = segment.end;
        }
        text
    }

    /// Bytes of memory.
    pub(crate) fn size(&self) -> usize {
        self.text.capacity() + self.segments.capacity() * size_of::<Segment>()
    }
}

/// Bytes to text; what is not UTF-8 becomes U+FFFD, for JSON has no other text.
#[derive(Debug, Default)]
struct Decoder {
    /// The first bytes of a character; at most three.
    begun: Vec<u8>,
}

impl Decoder {
    fn decode(&mut self, bytes: &[u8], text: &mut String) {
        if self.begun.is_empty() {
            self.begun = decode(bytes, text).to_vec();
        } else {
            let mut joined = std::mem::take(&mut self.begun);
            joined.extend_from_slice(bytes);
            self.begun = decode(&joined, text).to_vec();
        }
    }

    fn finish(&mut self, text: &mut String) {
        if !self.begun.is_empty() {
            self.begun = Vec::new();
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Appends the text and gives the bytes at the end that may be the beginning of a character.
fn decode<'bytes>(bytes: &'bytes [u8], text: &mut String) -> &'bytes [u8] {
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return &[];
            }
            Err(error) => {
                let (valid, invalid) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                let Some(length) = error.error_len() else { return invalid };
                text.push(char::REPLACEMENT_CHARACTER);
                rest = &invalid[length..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(output: &Output) -> Vec<(Stream, String)> {
        let mut parts = Vec::new();
        let mut place = 0;
        while let Some((stream, text, end)) = output.after(place) {
            assert!(end > place);
            parts.push((stream, text.to_owned()));
            place = end;
        }
        parts
    }

    #[test]
    fn the_order_of_the_streams_is_kept() {
        let mut output = Output::default();
        output.write(Stream::Stdout, b"one ");
        output.write(Stream::Stdout, b"two");
        output.write(Stream::Stderr, b"three");
        output.write(Stream::Stdout, b"four");
        output.finish();
        let expected = [(Stream::Stdout, "one two"), (Stream::Stderr, "three"), (Stream::Stdout, "four")];
        assert_eq!(all(&output), expected.map(|(stream, text)| (stream, text.to_owned())));
        assert_eq!((output.of(Stream::Stdout), output.of(Stream::Stderr)), ("one twofour".into(), "three".into()));
    }

    #[test]
    fn a_character_may_come_in_parts_of_either_stream() {
        let mut output = Output::default();
        output.write(Stream::Stdout, b"caf\xc3");
        output.write(Stream::Stderr, b"\xff\xe2\x82");
        output.write(Stream::Stdout, b"\xa9");
        output.finish();
        assert_eq!(output.of(Stream::Stdout), "café");
        assert_eq!(output.of(Stream::Stderr), "\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_text_of_the_whole(
            parts in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..20)), 0..20),
        ) {
            let mut output = Output::default();
            let mut whole: [Vec<u8>; 2] = Default::default();
            for (is_stderr, bytes) in &parts {
                output.write(if *is_stderr { Stream::Stderr } else { Stream::Stdout }, bytes);
                whole[usize::from(*is_stderr)].extend_from_slice(bytes);
            }
            output.finish();
            prop_assert_eq!(output.of(Stream::Stdout), String::from_utf8_lossy(&whole[0]));
            prop_assert_eq!(output.of(Stream::Stderr), String::from_utf8_lossy(&whole[1]));
            let read: String = all(&output).into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(read.len(), output.text.len());
        }

        #[test]
        fn no_place_is_wrong(place in any::<usize>()) {
            let mut output = Output::default();
            output.write(Stream::Stdout, "aé€".as_bytes());
            let _ = output.after(place);
        }
    }
}
