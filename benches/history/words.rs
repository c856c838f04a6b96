//! Texts with the lengths and the word frequencies of real messages.

#[allow(dead_code)]
#[path = "../../tests/browser/soak/rng.rs"]
mod rng;

use chapp::clock::Clock;
use rng::Rng;

/// Distinct words.
const WORDS: u64 = 20_000;
const SYLLABLES: [&str; 32] = [
    "ba", "ce", "do", "fi", "gu", "ha", "je", "ko", "li", "mu", "na", "pe", "ro", "si", "tu", "va", "we", "xo", "yi",
    "zu", "bra", "cle", "dro", "fli", "gru", "pla", "sti", "tre", "spo", "chu", "sha", "the",
];

pub struct Words(Rng);

impl Words {
    pub fn new(seed: u64) -> Words {
        Words(Rng::new(seed))
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0.below(end as usize) as u64
    }

    /// 1 to 60 words, 15 on average.
    pub fn text(&mut self) -> String {
        let count = match self.below(10) {
            0..3 => 1 + self.below(5),
            3..8 => 6 + self.below(15),
            _ => 15 + self.below(33),
        };
        let words: Vec<String> = (0..count).map(|_| word(self.rank())).collect();
        words.join(" ")
    }

    /// The rank of a word; its frequency falls with its rank (Zipf's law).
    fn rank(&mut self) -> u64 {
        let rng = self.below(1 << 30) as f64 / f64::from(1 << 30);
        ((WORDS as f64).powf(rng) as u64).min(WORDS) - 1
    }

    /// A `client_id` as browsers make it: a UUID of version 7 (RFC 9562, section 5.7).
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.0.next(), self.0.next());
        let now = Clock::System.now().0;
        format!("{now:012x}7{:03x}{:016x}", high & 0xfff, low >> 2 | 1 << 63)
    }
}

/// The `rank`-th most common word, from 0.
pub fn word(rank: u64) -> String {
    let mut rest = rank + SYLLABLES.len() as u64;
    let mut word = String::new();
    while rest > 0 {
        word += SYLLABLES[(rest % SYLLABLES.len() as u64) as usize];
        rest /= SYLLABLES.len() as u64;
    }
    word
}
