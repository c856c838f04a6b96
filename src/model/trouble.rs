//! What keeps the server from saving what people write, as far as they are told.

/// One such trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no data file any more.
    FileRemoved,
    /// Another file is in its place.
    FileReplaced,
    /// Another program has written to it.
    FileOverwritten,
    /// Something in it is not what was written. What does not meet that is saved all the same.
    FileDamaged,
    /// It takes no writes, and is tried again.
    NotWritable,
    /// Its disk is full.
    DiskFull,
}
