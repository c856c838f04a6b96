//! The server's own metrics, for its administrators: counters, gauges and histograms. Created once and shared by all
//! layers. An update takes nanoseconds and never waits. Knows neither what is counted nor the export format
//! (`http/metrics.rs`).

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// A connection was accepted.
    Accepted,
    /// A connection was refused: the server has too many.
    TurnedAwayFull,
    /// A connection was refused: its address has too many.
    TurnedAwayAddress,
    /// A socket was refused: its person has too many.
    TurnedAwayPerson,
    /// A socket was refused: its person opens them too often.
    TurnedAwayRate,
    /// A socket was refused: the server is overloaded.
    TurnedAwayOverload,
    /// An event that was delivered.
    Events,
    /// A write of a segment's frames, perhaps of several commits, to one socket.
    Writes,
    /// A write that went to the kernel together with others.
    WritesTogether,
    /// A frame for one socket.
    Deliveries,
    /// Bytes of the frames for sockets.
    DeliveredBytes,
    /// A transaction that was made durable.
    Commits,
    /// A durable commit of redb.
    Checkpoints,
    /// A change that was committed.
    Changes,
    /// An action that was refused: the person acts too often.
    ActsTooMany,
    /// An HTTP request that was refused: the person sends too many.
    RequestsTooMany,
    /// A log-in or sign-up that was refused: too many attempts.
    LoginsTooMany,
    /// A catch-up that was refused: the person requests too many.
    SyncsTooMany,
    /// A log-in that was shed: too many passwords wait to be hashed.
    LoginsBusy,
    /// A search that was shed: too many run or wait.
    SearchesBusy,
    /// A log-in or sign-up that was shed: the server is overloaded.
    LoginsOverload,
    /// An action that was shed: the server is overloaded.
    ActsOverload,
    /// An upload that was refused: its person has too many.
    UploadsTooMany,
    /// An upload that was refused: its turn did not come in time, or too many wait.
    UploadsBusy,
    /// An upload that ended because it was too slow.
    UploadsTooSlow,
    /// An upload that ended to make room for somebody else.
    UploadsYielded,
    /// Bytes of uploads that were received.
    UploadedBytes,
    /// A request body that was refused: its person or address has too many.
    BodiesTooMany,
    /// A request body that was refused: all bodies together take too much memory.
    BodiesBusy,
    /// A change that was refused: the writer's queue stayed full.
    QueueFull,
    /// A change that failed by a fault of the server: the disk or the data file.
    WriteFailures,
    /// A typing signal that was dropped: too many.
    TypingTooMany,
    /// A typing signal that was dropped: the server is overloaded.
    TypingOverload,
    /// Presence that was delayed: the server is overloaded.
    PresenceHeld,
    /// A socket that was closed for reading too slowly.
    TooSlow,
    /// A socket that was closed for sending too fast.
    Flooding,
    /// A socket that was closed for any other reason.
    Closed,
}

const COUNTS: usize = Count::Closed as usize + 1;

/// A gauge: a number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Increases the gauge.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// Decreases the gauge.
    pub fn sub(&self, fewer: u64) {
        self.0.fetch_sub(fewer, Relaxed);
    }

    /// Sets the gauge.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// The current value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Upper bounds of [`Metrics::batches`], in changes.
pub const BATCH_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 64, 256, 1_024];
/// Upper bounds of [`Metrics::commits`] and [`Metrics::fan_out`], in microseconds.
pub const TIME_BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000,
];
const BOUNDS_MAX: usize = TIME_BOUNDS.len();

/// A histogram with fixed upper bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// Number of values for each bound, and of those above all bounds.
    counts: [AtomicU64; BOUNDS_MAX + 1],
    sum: AtomicU64,
}

/// A histogram at one moment.
pub struct Measured {
    /// Each bound, with the number of values up to it.
    pub below: Vec<(u64, u64)>,
    /// The number of values.
    pub count: u64,
    /// The sum of all values.
    pub sum: u64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Histogram {
        Histogram {
            bounds,
            counts: Default::default(),
            sum: AtomicU64::new(0),
        }
    }

    /// Adds a value.
    pub fn add(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    /// Adds a time, in microseconds.
    pub fn add_time(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// The values added so far.
    pub fn measured(&self) -> Measured {
        let mut count = 0;
        let mut below = Vec::with_capacity(self.bounds.len());
        for (bound, here) in self.bounds.iter().zip(&self.counts) {
            count += here.load(Relaxed);
            below.push((*bound, count));
        }
        count += self.counts[self.bounds.len()].load(Relaxed);
        Measured {
            below,
            count,
            sum: self.sum.load(Relaxed),
        }
    }
}

/// All metrics of the server.
#[derive(Debug)]
pub struct Metrics {
    counts: [AtomicU64; COUNTS],
    /// Open connections, sockets included.
    pub connections: Gauge,
    /// Maximum connections.
    pub connections_max: Gauge,
    /// Old roots of the data file that are retained for processes that copy it.
    pub retained_roots: Gauge,
    /// Request bodies in memory, including those in transit.
    pub bodies: Gauge,
    /// Their bytes, without short bodies.
    pub body_bytes: Gauge,
    /// When the last successful backup was made, in seconds since the Unix epoch. 0 if unknown.
    pub last_backup: Gauge,
    /// Number of changes in each commit.
    pub batches: Histogram,
    /// Duration of each commit in microseconds, including its changes and the disk.
    pub commits: Histogram,
    /// Time from a commit until all sockets have its events, in microseconds.
    pub fan_out: Histogram,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            counts: [const { AtomicU64::new(0) }; COUNTS],
            connections: Gauge::default(),
            connections_max: Gauge::default(),
            retained_roots: Gauge::default(),
            bodies: Gauge::default(),
            body_bytes: Gauge::default(),
            last_backup: Gauge::default(),
            batches: Histogram::new(&BATCH_BOUNDS),
            commits: Histogram::new(&TIME_BOUNDS),
            fan_out: Histogram::new(&TIME_BOUNDS),
        }
    }
}

impl Metrics {
    /// Increases a counter by one.
    pub fn increment(&self, count: Count) {
        self.add(count, 1);
    }

    /// Increases a counter by `more`.
    pub fn add(&self, count: Count, more: u64) {
        self.counts[count as usize].fetch_add(more, Relaxed);
    }

    /// The current value of a counter.
    pub fn get(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Relaxed)
    }
}
