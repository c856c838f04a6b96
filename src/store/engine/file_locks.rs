//! Forwards redb's file locks from a backend to the file below it.

/// Implements the lock methods of a backend whose field `file` is a backend as well.
macro_rules! file_locks {
    () => {
        fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            match self.is_read_only() {
                // The system grants an exclusive lock only with write permission. A shared lock also keeps a server
                // from opening the file, and cannot be taken while a server has the file open.
                true => self.file.try_lock_shared_range(from, to),
                false => self.file.try_lock_range(from, to),
            }
        }

        fn try_lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.file.try_lock_shared_range(from, to)
        }

        fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            match self.is_read_only() {
                true => self.file.lock_shared_range(from, to),
                false => self.file.lock_range(from, to),
            }
        }

        fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.file.lock_shared_range(from, to)
        }

        fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.file.unlock_range(from, to)
        }

        fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.file.query_lock_range(from, to)
        }
    };
}
pub(super) use file_locks;
