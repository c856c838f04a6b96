//! The handle: `Store`, an open data file as the rest of the program uses it.

pub mod backup;
mod check;
mod queries;
pub mod readiness;
pub mod store;
