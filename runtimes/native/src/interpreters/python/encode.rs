//! JSON of large Python values, five times as fast as CPython's own module `json` makes it.
//!
//! Only what JSON has a word for: values that are exactly of a builtin type. Whatever else there is, the answer is
//! "cannot", and the harness does the whole value again in Python, which knows everything and words every error.

use std::ffi::{CStr, c_char};

use super::objects::{Interface, Object};

/// Deeper values are left to Python, which counts.
const DEEPEST: usize = 200;
/// Room that the text starts with.
const FIRST_ROOM: usize = 64 * 1024;
/// The format of `repr`: as few digits as tell the number from every other.
const SHORTEST: c_char = b'r' as c_char;
/// `Py_DTSF_ADD_DOT_0`: a float shows that it is one.
const WITH_POINT: i32 = 2;
/// Integers up to here are whole as floats, and shown without an exponent.
const WHOLE: f64 = 1e15;
const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// The JSON of `value` in UTF-8, a new `bytes` object: that of `json.dumps(value, ensure_ascii=False,
/// allow_nan=False, separators=(",", ":"))`.
pub(super) fn encode(interface: &Interface, value: Object) -> Option<Object> {
    let mut encoder = Encoder { interface, text: Text::new(interface)? };
    encoder.value(value, 0)?;
    encoder.text.finish()
}

struct Encoder<'interpreter> {
    interface: &'interpreter Interface,
    text: Text<'interpreter>,
}

impl Encoder<'_> {
    fn value(&mut self, object: Object, depth: usize) -> Option<()> {
        let interface = self.interface;
        let kind = interface.type_of(object);
        if kind == interface.text_type {
            self.string(object)
        } else if kind == interface.integer_type {
            self.integer(object)
        } else if kind == interface.float_type {
            self.float((interface.float_value)(object))
        } else if object == interface.none {
            self.text.push(b"null")
        } else if object == interface.truth {
            self.text.push(b"true")
        } else if object == interface.falsehood {
            self.text.push(b"false")
        } else if depth == DEEPEST {
            None
        } else if kind == interface.dictionary_type {
            self.dictionary(object, depth + 1)
        } else if kind == interface.list_type {
            let length = (interface.list_length)(object);
            self.sequence(length, |index| (interface.list_element)(object, index), depth + 1)
        } else if kind == interface.tuple_type {
            let length = (interface.tuple_length)(object);
            self.sequence(length, |index| (interface.tuple_element)(object, index), depth + 1)
        } else {
            None
        }
    }

    fn dictionary(&mut self, object: Object, depth: usize) -> Option<()> {
        let (mut place, mut key, mut member) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        let mut opening: &[u8] = b"{";
        while (self.interface.next_member)(object, &raw mut place, &raw mut key, &raw mut member) != 0 {
            if self.interface.type_of(key) != self.interface.text_type {
                return None;
            }
            self.text.push(opening)?;
            opening = b",";
            self.string(key)?;
            self.text.push(b":")?;
            self.value(member, depth)?;
        }
        self.text.push(if opening == b"{" { b"{}" } else { b"}" })
    }

    fn sequence(&mut self, length: isize, element: impl Fn(isize) -> Object, depth: usize) -> Option<()> {
        self.text.push(b"[")?;
        for index in 0..length {
            if index > 0 {
                self.text.push(b",")?;
            }
            let element = self.interface.made(element(index))?;
            self.value(element, depth)?;
        }
        self.text.push(b"]")
    }

    fn string(&mut self, object: Object) -> Option<()> {
        let mut length = 0;
        let start = (self.interface.text_bytes)(object, &raw mut length);
        if start.is_null() {
            // A lone surrogate, or no memory.
            self.interface.clear_error();
            return None;
        }
        // SAFETY: the interpreter keeps this many bytes at this place as long as the text lives.
        let bytes = unsafe { std::slice::from_raw_parts(start, usize::try_from(length).ok()?) };
        self.text.push(b"\"")?;
        let mut rest = bytes;
        while let Some(place) = rest.iter().position(|byte| needs_escape(*byte)) {
            self.text.push(&rest[..place])?;
            self.escape(rest[place])?;
            rest = &rest[place + 1..];
        }
        self.text.push(rest)?;
        self.text.push(b"\"")
    }

    fn escape(&mut self, byte: u8) -> Option<()> {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x0c => b'f',
            0x08 => b'b',
            _ => {
                let [high, low] = [byte >> 4, byte & 15].map(|digit| HEXADECIMAL[usize::from(digit)]);
                return self.text.push(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        };
        self.text.push(&[b'\\', short])
    }

    fn integer(&mut self, object: Object) -> Option<()> {
        let mut overflow = 0;
        let value = (self.interface.integer_value)(object, &raw mut overflow);
        if overflow == 0 {
            return self.text.push_integer(value);
        }
        let shown = self.interface.made((self.interface.shown)(object))?;
        let mut length = 0;
        let start = (self.interface.text_bytes)(shown, &raw mut length);
        let pushed = if start.is_null() {
            None
        } else {
            // SAFETY: as in `string`; the text is released only afterwards.
            let digits = unsafe { std::slice::from_raw_parts(start, usize::try_from(length).ok()?) };
            self.text.push(digits)
        };
        (self.interface.release)(shown);
        pushed
    }

    fn float(&mut self, value: f64) -> Option<()> {
        if !value.is_finite() {
            return None;
        }
        if value.fract() == 0.0 && value.abs() < WHOLE && value != 0.0 {
            self.text.push_integer(value as i64)?;
            return self.text.push(b".0");
        }
        // What `float.__repr__` does.
        let shown = (self.interface.float_text)(value, SHORTEST, 0, WITH_POINT, std::ptr::null_mut());
        if shown.is_null() {
            self.interface.clear_error();
            return None;
        }
        // SAFETY: the interpreter gives a NUL-terminated text, which is freed only afterwards.
        let pushed = self.text.push(unsafe { CStr::from_ptr(shown) }.to_bytes());
        (self.interface.free)(shown.cast());
        pushed
    }
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// A `bytes` object that grows. Its memory is the interpreter's, so that the limit of the task holds and is met as one.
struct Text<'interpreter> {
    interface: &'interpreter Interface,
    object: Object,
    start: *mut u8,
    length: usize,
    room: usize,
}

impl<'interpreter> Text<'interpreter> {
    fn new(interface: &'interpreter Interface) -> Option<Self> {
        let object = interface.made((interface.new_bytes)(std::ptr::null(), FIRST_ROOM.cast_signed()))?;
        Some(Self { interface, object, start: (interface.bytes_start)(object), length: 0, room: FIRST_ROOM })
    }

    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        if self.room - self.length < bytes.len() {
            // By half: large blocks are moved by the kernel, without a copy.
            self.resize((self.length.checked_add(bytes.len())?).checked_add(self.room / 2)?)?;
        }
        // SAFETY: there is room for these bytes behind the first `length`, in an object that nobody else knows.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(self.length), bytes.len()) };
        self.length += bytes.len();
        Some(())
    }

    fn push_integer(&mut self, value: i64) -> Option<()> {
        let mut digits = [0; 20];
        let mut first = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            first -= 1;
            // The remainder of a division by ten is one digit.
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            first -= 1;
            digits[first] = b'-';
        }
        self.push(&digits[first..])
    }

    fn resize(&mut self, room: usize) -> Option<()> {
        let failed = (self.interface.resize_bytes)(&raw mut self.object, isize::try_from(room).ok()?) != 0;
        if failed {
            // The object is gone, and its place null.
            self.interface.clear_error();
            return None;
        }
        self.start = (self.interface.bytes_start)(self.object);
        self.room = room;
        Some(())
    }

    fn finish(mut self) -> Option<Object> {
        self.resize(self.length)?;
        Some(std::mem::replace(&mut self.object, std::ptr::null_mut()))
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        if !self.object.is_null() {
            (self.interface.release)(self.object);
        }
    }
}
