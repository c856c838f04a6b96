//! The keys of rows as readable text.

use data_encoding::HEXLOWER;

/// How many bytes of a long key are shown.
const BYTES_SHOWN: usize = 8;

/// Values that can be written into a sentence.
pub trait Words {
    fn words(&self) -> String;
}

macro_rules! plain {
    ($($key:ty)*) => { $(
        impl Words for $key {
            fn words(&self) -> String {
                self.to_string()
            }
        }
    )* };
}

plain!(u32 u64);

impl Words for &str {
    /// The value as text for one line of a log.
    fn words(&self) -> String {
        format!("{self:?}")
    }
}

impl Words for &[u8] {
    fn words(&self) -> String {
        let mut hex = HEXLOWER.encode(&self[..self.len().min(BYTES_SHOWN)]);
        if self.len() > BYTES_SHOWN {
            hex.push('…');
        }
        hex
    }
}

impl<const N: usize> Words for [u8; N] {
    fn words(&self) -> String {
        self.as_slice().words()
    }
}

impl<A: Words, B: Words> Words for (A, B) {
    fn words(&self) -> String {
        format!("({}, {})", self.0.words(), self.1.words())
    }
}

impl<A: Words, B: Words, C: Words> Words for (A, B, C) {
    fn words(&self) -> String {
        format!("({}, {}, {})", self.0.words(), self.1.words(), self.2.words())
    }
}
