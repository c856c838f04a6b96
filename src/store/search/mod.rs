//! The search index, and searches through it.

pub mod index;
pub mod scan;
