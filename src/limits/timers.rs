//! The timers that a test would have to wait for. A server uses the defaults. Only tests shorten them.

use std::time::Duration;

/// Time after which a silent socket is pinged.
pub const SOCKET_PING_AFTER: Duration = Duration::from_secs(25);
/// Time after which a silent socket counts as dead and is closed.
pub const SOCKET_DEAD_AFTER: Duration = Duration::from_secs(60);
/// Interval at which sockets are checked for silence and for ended sessions.
pub const SOCKET_SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Interval at which deleted messages that can no longer be restored are erased.
pub const ERASE_EVERY: Duration = Duration::from_secs(5);

/// These timers as values. The socket timers count in whole seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// In place of [`SOCKET_PING_AFTER`].
    pub ping_after: Duration,
    /// In place of [`SOCKET_DEAD_AFTER`].
    pub dead_after: Duration,
    /// In place of [`SOCKET_SWEEP_EVERY`].
    pub sweep_every: Duration,
    /// In place of [`ERASE_EVERY`].
    pub erase_every: Duration,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            ping_after: SOCKET_PING_AFTER,
            dead_after: SOCKET_DEAD_AFTER,
            sweep_every: SOCKET_SWEEP_EVERY,
            erase_every: ERASE_EVERY,
        }
    }
}
