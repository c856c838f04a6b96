//! Rows: which tables there are, what they contain, and how rows are read and written.

pub mod codec;
pub mod readable_key;
pub mod redo;
pub mod schema;
pub mod table;
