//! redb's locks, handed on to the file that lies under a backend.

/// The locks of a backend whose `file` is one as well.
macro_rules! file_locks {
    () => {
        fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            match self.is_read_only() {
                // The system gives an exclusive lock only to those who may write. A shared one keeps a server from
                // opening the file as well, and is not to be had while one has it open.
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
