//! What the server counts of itself, for its administrators: plain numbers that only grow, how many
//! there are now, and how long things took. Made once, shared by all layers; adding costs nanoseconds and
//! waits for nobody. Knows neither what is counted nor how it is told (`http/metrics.rs` writes it out).

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// A connection got a place.
    Accepted,
    /// A connection was turned away: all places are taken.
    TurnedAwayFull,
    /// A connection was turned away: its address has too many.
    TurnedAwayAddress,
    /// A socket was turned away: its person has too many.
    TurnedAwayPerson,
    /// A socket was turned away: its person opens them too often.
    TurnedAwayRate,
    /// A socket was turned away: the server is overloaded.
    TurnedAwayOverload,
    /// An event that was told.
    Events,
    /// All frames of one commit, written to one socket.
    Writes,
    /// One of those that went to the system together with others.
    WritesTogether,
    /// A frame for one socket.
    Deliveries,
    /// Bytes for sockets.
    DeliveredBytes,
    /// A transaction on the disk.
    Commits,
    /// A durable commit of redb.
    Checkpoints,
    /// A change in one of them.
    Changes,
    /// Something that a person does, refused for doing it too often.
    ActsTooMany,
    /// The same, of a request over HTTP.
    RequestsTooMany,
    /// The same, of a try to log in or sign up.
    LoginsTooMany,
    /// The same, of a catch-up.
    SyncsTooMany,
    /// A log-in that was shed: too many hash their passwords.
    LoginsBusy,
    /// A search that was shed: too many search.
    SearchesBusy,
    /// A log-in or sign-up that was shed: the server is overloaded.
    LoginsOverload,
    /// The same, of something that a person does.
    ActsOverload,
    /// An upload that was refused: its person has too many.
    UploadsTooMany,
    /// The same: no turn came in time, or very many wait for one.
    UploadsBusy,
    /// An upload that ended because it was too slow.
    UploadsTooSlow,
    /// An upload that ended so that somebody else has a turn.
    UploadsYielded,
    /// Bytes of uploads that have arrived.
    UploadedBytes,
    /// A body of a request that was refused: its person or address has too many.
    BodiesTooMany,
    /// The same: all bodies together take too much memory.
    BodiesBusy,
    /// A change that found no place in the writer's queue in time.
    QueueFull,
    /// A change that somebody asked for and that failed for a fault of ours: the disk, the data file.
    WriteFailures,
    /// Typing that was told to nobody: too often.
    TypingTooMany,
    /// Typing that was told to nobody: the server is overloaded.
    TypingOverload,
    /// Presence that waits: the server is overloaded.
    PresenceHeld,
    /// A socket that was closed for reading too slowly.
    TooSlow,
    /// A socket that was closed for sending too fast.
    Flooding,
    /// A socket that was closed for any other reason.
    Closed,
}

const COUNTS: usize = Count::Closed as usize + 1;

/// How many there are now.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// So many fewer.
    pub fn sub(&self, fewer: u64) {
        self.0.fetch_sub(fewer, Relaxed);
    }

    /// So many.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// How many.
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

/// How often what was measured lay below each of some bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what lies above all.
    counts: [AtomicU64; BOUNDS_MAX + 1],
    sum: AtomicU64,
}

/// A histogram at one moment.
pub struct Measured {
    /// Each bound, and how often it was that or less.
    pub below: Vec<(u64, u64)>,
    /// How often it was measured.
    pub count: u64,
    /// All of it together.
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

    /// What was added until now.
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

/// All that is counted and measured.
#[derive(Debug)]
pub struct Metrics {
    counts: [AtomicU64; COUNTS],
    /// Connections that have a place, sockets among them.
    pub connections: Gauge,
    /// Places for connections.
    pub connections_max: Gauge,
    /// Old roots of the data file that are kept for those who copy it.
    pub retained_roots: Gauge,
    /// Bodies of requests that are in memory, those on their way included.
    pub bodies: Gauge,
    /// Bytes of them, but for the short ones.
    pub body_bytes: Gauge,
    /// When the last backup was made whose making ended well, in seconds since the Unix epoch; 0 where none is known.
    pub last_backup: Gauge,
    /// Changes in each commit.
    pub batches: Histogram,
    /// How long each commit took, in microseconds: its changes, and the disk.
    pub commits: Histogram,
    /// How long it took from a commit until all sockets had what it brought, in microseconds.
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
    /// One more.
    pub fn one(&self, count: Count) {
        self.add(count, 1);
    }

    /// So many more.
    pub fn add(&self, count: Count, more: u64) {
        self.counts[count as usize].fetch_add(more, Relaxed);
    }

    /// How many until now.
    pub fn get(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Relaxed)
    }
}
