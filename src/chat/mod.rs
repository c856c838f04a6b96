//! The verbs: one method for each thing that a person can do. Knows neither HTTP nor sockets.
//!
//! A verb takes valid input and a viewer, asks the throttle, makes a Change, and hands it to the store.

mod accounts;
mod admin;
mod background_task;
mod clock_watch;
mod files;
mod host;
pub mod markup;
mod messages;
mod network;
mod nightly;
mod nightly_state;
mod passwords;
mod people;
mod picture;
mod preview;
mod read_mark_queue;
mod read_marks;
mod rooms;
mod search;
mod search_permits;
mod signals;
mod state;
mod stop_on_drop;
mod throttle;
mod trouble;
mod unexpected;
mod uploads;

pub use accounts::{Caller, LoggedIn};
pub use admin::{BackupTaken, Health, ServerFacts};
pub use background_task::{BackgroundTask, FaultPoints, TaskFault};
pub use files::Upload;
pub use host::{ResetOffered, hand_over, offer_reset};
pub use messages::Answer;
pub use network::{is_this_computer, network};
pub use nightly::NightlyFacts;
pub use nightly_state::BackupPlan;
pub use rooms::RoomPlan;
pub use state::Chat;
pub use throttle::{RateLimits, TokenBucket};
