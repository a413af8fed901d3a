//! Python values of a large JSON text, twice as fast as CPython's own module `json` makes them.
//!
//! As in `encode`, everything that is out of the ordinary is left to Python: texts that are not JSON, NaN, values that
//! are nested deeply.

use super::objects::{Interface, Object};

/// Deeper values are left to Python, which counts.
const DEEPEST: usize = 200;
/// Longer integers do not surely fit into 64 bits.
const SHORT_INTEGER: usize = 18;
/// Keys that are kept to be used again; items of a node have the same few.
const KEYS_KEPT: usize = 256;
/// Longer keys are rarely the same again.
const LONGEST_KEY: usize = 64;

/// The value of a JSON text, as `json.loads` gives it.
pub(super) fn decode(interface: &Interface, text: &[u8]) -> Option<Object> {
    let mut decoder = Decoder { interface, text, place: 0, keys: vec![None; KEYS_KEPT] };
    let value = decoder.value(0);
    let at_end = decoder.skip_space().is_none();
    let value = value?;
    if !at_end {
        (interface.release)(value);
        return None;
    }
    Some(value)
}

struct Decoder<'text> {
    interface: &'text Interface,
    text: &'text [u8],
    place: usize,
    /// Keys that were met, each in the place that its bytes hash to; they are released at the end.
    keys: Vec<Option<(&'text [u8], Object)>>,
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        for (_, key) in self.keys.iter().flatten() {
            (self.interface.release)(*key);
        }
    }
}

impl<'text> Decoder<'text> {
    /// The next byte that is no white space, which stays to be read.
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.place)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.place += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Object> {
        match self.skip_space()? {
            b'"' => self.string(),
            b'{' if depth < DEEPEST => self.object(depth + 1),
            b'[' if depth < DEEPEST => self.array(depth + 1),
            b'-' | b'0'..=b'9' => self.number(),
            b'n' => self.word(b"null", self.interface.none),
            b't' => self.word(b"true", self.interface.truth),
            b'f' => self.word(b"false", self.interface.falsehood),
            _ => None,
        }
    }

    fn word(&mut self, word: &[u8], value: Object) -> Option<Object> {
        self.text[self.place..].starts_with(word).then(|| {
            self.place += word.len();
            (self.interface.hold)(value);
            value
        })
    }

    fn object(&mut self, depth: usize) -> Option<Object> {
        let dictionary = self.interface.made((self.interface.new_dictionary)())?;
        let filled = self.fill(b'}', |decoder| decoder.member(dictionary, depth));
        self.whole(dictionary, filled)
    }

    fn array(&mut self, depth: usize) -> Option<Object> {
        let list = self.interface.made((self.interface.new_list)(0))?;
        let filled = self.fill(b']', |decoder| {
            let element = decoder.value(depth)?;
            let failed = (decoder.interface.append)(list, element) != 0;
            (decoder.interface.release)(element);
            decoder.done(failed)
        });
        self.whole(list, filled)
    }

    /// Reads what stands between brackets, with commas between.
    fn fill(&mut self, end: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.place += 1;
        if self.skip_space()? == end {
            self.place += 1;
            return Some(());
        }
        loop {
            read(self)?;
            let byte = self.skip_space()?;
            self.place += 1;
            if byte == end {
                return Some(());
            }
            if byte != b',' {
                return None;
            }
        }
    }

    fn member(&mut self, dictionary: Object, depth: usize) -> Option<()> {
        if self.skip_space()? != b'"' {
            return None;
        }
        let key = self.key()?;
        let value = match self.skip_space() {
            Some(b':') => {
                self.place += 1;
                self.value(depth)
            }
            _ => None,
        };
        let failed = value.is_some_and(|value| {
            let failed = (self.interface.set_member)(dictionary, key, value) != 0;
            (self.interface.release)(value);
            failed
        });
        (self.interface.release)(key);
        value.and_then(|_| self.done(failed))
    }

    fn done(&self, failed: bool) -> Option<()> {
        if failed {
            self.interface.clear_error();
            return None;
        }
        Some(())
    }

    /// A container that was filled, or nothing.
    fn whole(&self, container: Object, filled: Option<()>) -> Option<Object> {
        if filled.is_none() {
            (self.interface.release)(container);
            return None;
        }
        Some(container)
    }

    /// A string that is a key; the same key is the same object.
    fn key(&mut self) -> Option<Object> {
        let start = self.place + 1;
        let length = self.plain_length(start);
        let bytes = &self.text[start..start + length];
        if self.text.get(start + length) != Some(&b'"') || length > LONGEST_KEY {
            return self.string();
        }
        let hash = bytes.iter().fold(length, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        let slot = (hash ^ (hash >> 8)) % KEYS_KEPT;
        if let Some((known, key)) = self.keys[slot]
            && known == bytes
        {
            self.place = start + length + 1;
            (self.interface.hold)(key);
            return Some(key);
        }
        let key = self.string()?;
        (self.interface.hold)(key);
        if let Some((_, forgotten)) = self.keys[slot].replace((bytes, key)) {
            (self.interface.release)(forgotten);
        }
        Some(key)
    }

    /// Bytes from `start` on that stand for themselves.
    fn plain_length(&self, start: usize) -> usize {
        let rest = &self.text[start..];
        let is_end = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
        rest.iter().position(is_end).unwrap_or(rest.len())
    }

    fn string(&mut self) -> Option<Object> {
        let start = self.place + 1;
        let length = self.plain_length(start);
        let end = start + length;
        match self.text.get(end)? {
            b'"' => {
                self.place = end + 1;
                self.text_of(&self.text[start..end])
            }
            b'\\' => {
                self.place = end;
                self.escaped_string(start)
            }
            // A control character, which JSON does not have in strings.
            _ => None,
        }
    }

    fn escaped_string(&mut self, start: usize) -> Option<Object> {
        let mut bytes = self.text[start..self.place].to_vec();
        loop {
            match self.text.get(self.place)? {
                b'"' => {
                    self.place += 1;
                    return self.text_of(&bytes);
                }
                b'\\' => {
                    let escaped = *self.text.get(self.place + 1)?;
                    self.place += 2;
                    match escaped {
                        b'"' | b'\\' | b'/' => bytes.push(escaped),
                        b'b' => bytes.push(0x08),
                        b'f' => bytes.push(0x0c),
                        b'n' => bytes.push(b'\n'),
                        b'r' => bytes.push(b'\r'),
                        b't' => bytes.push(b'\t'),
                        b'u' => self.unicode(&mut bytes)?,
                        _ => return None,
                    }
                }
                _ => {
                    let length = self.plain_length(self.place);
                    if length == 0 {
                        return None;
                    }
                    bytes.extend_from_slice(&self.text[self.place..self.place + length]);
                    self.place += length;
                }
            }
        }
    }

    /// What follows `\u`. A lone half of a pair of surrogates is left to Python.
    fn unicode(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        let mut code = self.hexadecimal()?;
        if (0xd800..0xdc00).contains(&code) && self.text[self.place..].starts_with(b"\\u") {
            self.place += 2;
            let low = self.hexadecimal()?;
            if !(0xdc00..0xe000).contains(&low) {
                return None;
            }
            code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        let mut encoded = [0; 4];
        bytes.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut encoded).as_bytes());
        Some(())
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.text.get(self.place..self.place + 4)?;
        self.place += 4;
        digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
    }

    fn text_of(&self, bytes: &[u8]) -> Option<Object> {
        let object = (self.interface.text_of)(bytes.as_ptr(), bytes.len().cast_signed(), std::ptr::null());
        self.interface.made(object)
    }

    fn number(&mut self) -> Option<Object> {
        let start = self.place;
        self.place += usize::from(self.text[start] == b'-');
        let digits = self.digits()?;
        if digits > 1 && self.text[self.place - digits] == b'0' {
            return None;
        }
        let mut is_float = false;
        if self.text.get(self.place) == Some(&b'.') {
            is_float = true;
            self.place += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.place), Some(b'e' | b'E')) {
            is_float = true;
            self.place += 1;
            self.place += usize::from(matches!(self.text.get(self.place), Some(b'+' | b'-')));
            self.digits()?;
        }
        let number = std::str::from_utf8(&self.text[start..self.place]).ok()?;
        let object = if is_float {
            // Rust and Python both give the nearest double.
            (self.interface.float_of)(number.parse().ok()?)
        } else if digits <= SHORT_INTEGER {
            (self.interface.integer_of)(number.parse().ok()?)
        } else {
            let terminated = std::ffi::CString::new(number).ok()?;
            (self.interface.integer_of_text)(terminated.as_ptr(), std::ptr::null_mut(), 10)
        };
        self.interface.made(object)
    }

    /// Passes over digits; how many there were, at least one.
    fn digits(&mut self) -> Option<usize> {
        let count = self.text[self.place..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.place += count;
        (count > 0).then_some(count)
    }
}
