//! The keys of rows as readable text.

use data_encoding::HEXLOWER;

/// How many bytes of a long key are shown.
const BYTES_SHOWN: usize = 8;

/// Keys that can be written into a sentence.
pub trait ReadableKey {
    fn readable(&self) -> String;
}

macro_rules! plain {
    ($($key:ty)*) => { $(
        impl ReadableKey for $key {
            fn readable(&self) -> String {
                self.to_string()
            }
        }
    )* };
}

plain!(u32 u64);

impl ReadableKey for &str {
    /// The value as text for one line of a log.
    fn readable(&self) -> String {
        format!("{self:?}")
    }
}

impl ReadableKey for &[u8] {
    fn readable(&self) -> String {
        let mut hex = HEXLOWER.encode(&self[..self.len().min(BYTES_SHOWN)]);
        if self.len() > BYTES_SHOWN {
            hex.push('…');
        }
        hex
    }
}

impl<const N: usize> ReadableKey for [u8; N] {
    fn readable(&self) -> String {
        self.as_slice().readable()
    }
}

impl<A: ReadableKey, B: ReadableKey> ReadableKey for (A, B) {
    fn readable(&self) -> String {
        format!("({}, {})", self.0.readable(), self.1.readable())
    }
}

impl<A: ReadableKey, B: ReadableKey, C: ReadableKey> ReadableKey for (A, B, C) {
    fn readable(&self) -> String {
        format!("({}, {}, {})", self.0.readable(), self.1.readable(), self.2.readable())
    }
}
