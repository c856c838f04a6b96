//! Rows: which tables there are, what stands in them, and how they are read and written.

pub mod codec;
pub mod redo;
pub mod schema;
pub mod table;
pub mod words;
