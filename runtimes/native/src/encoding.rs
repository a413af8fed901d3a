//! The few bytes of encoding that a plan and the control messages need: integers are little-endian, byte strings and
//! lists carry their length as u32.

/// Builds an encoded value.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// Appends one byte.
    pub(crate) fn byte(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    /// Appends four bytes.
    pub(crate) fn number(&mut self, value: u32) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends eight bytes.
    pub(crate) fn long(&mut self, value: u64) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends a byte string. Longer than 4 GiB is cut, which no plan comes near.
    pub(crate) fn string(&mut self, value: &[u8]) -> &mut Self {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.number(length);
        self.bytes.extend_from_slice(&value[..length as usize]);
        self
    }

    /// Appends a list, each element by `encode`.
    pub(crate) fn list<T>(&mut self, values: &[T], encode: impl Fn(&mut Self, &T)) -> &mut Self {
        self.number(u32::try_from(values.len()).unwrap_or(u32::MAX));
        for value in values {
            encode(self, value);
        }
        self
    }

    /// What was built.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads an encoded value; every method gives `None` when the bytes end early.
#[derive(Debug)]
pub(crate) struct Decoder<'bytes> {
    bytes: &'bytes [u8],
}

impl<'bytes> Decoder<'bytes> {
    /// Reads from the start of `bytes`.
    pub(crate) fn new(bytes: &'bytes [u8]) -> Self {
        Self { bytes }
    }

    fn take(&mut self, count: usize) -> Option<&'bytes [u8]> {
        let (head, tail) = self.bytes.split_at_checked(count)?;
        self.bytes = tail;
        Some(head)
    }

    /// One byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Four bytes.
    pub(crate) fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub(crate) fn long(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    /// A byte string.
    pub(crate) fn string(&mut self) -> Option<&'bytes [u8]> {
        let length = self.number()? as usize;
        self.take(length)
    }

    /// A list, each element by `decode`.
    pub(crate) fn list<T>(&mut self, decode: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()? as usize;
        (0..count).map(|_| decode(self)).collect()
    }
}
