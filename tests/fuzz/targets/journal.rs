//! Journals of the data file, as they are and as a damaged or hostile file has them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| chapp::store::fuzzing::journal(bytes));
