//! The handle: an open data file, and all that can be asked of it.

pub mod backup;
mod check;
mod queries;
pub mod readiness;
pub mod store;
