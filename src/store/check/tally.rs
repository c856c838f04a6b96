//! Compares the contents of two tables, regardless of their order.

use std::hash::{BuildHasher, Hash, RandomState};

/// Makes tallies that can be compared with each other.
pub struct Tallies([RandomState; 2]);

/// The sum of the keyed hashes of items. If two sums are equal, the items are the same, except with a probability of 1
/// in 2^128.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub count: u64,
    sums: [u64; 2],
}

impl Tallies {
    pub fn new() -> Tallies {
        Tallies([RandomState::new(), RandomState::new()])
    }

    pub fn add(&self, tally: &mut Tally, thing: &impl Hash) {
        tally.count += 1;
        for (sum, state) in tally.sums.iter_mut().zip(&self.0) {
            *sum = sum.wrapping_add(state.hash_one(thing));
        }
    }
}
