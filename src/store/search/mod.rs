//! The search index, and how it is searched.

pub mod index;
pub mod scan;
