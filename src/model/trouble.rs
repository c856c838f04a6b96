//! Why the server cannot save messages now, as far as users are told.

/// The reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The data file no longer exists.
    FileRemoved,
    /// Another file has replaced the data file.
    FileReplaced,
    /// Another program has written to the data file.
    FileOverwritten,
    /// Part of the data file differs from what was written. Changes that do not touch the damage are still saved.
    FileDamaged,
    /// The data file cannot be written. The server tries again.
    NotWritable,
    /// The disk is full.
    DiskFull,
}
