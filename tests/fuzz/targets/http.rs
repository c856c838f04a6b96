//! Requests of any kind: routing, the gate, the cookie, parameters, bodies.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| chapp::http::fuzzing::request(bytes));
