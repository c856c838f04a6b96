//! A small blocking client for three real browsers at once: Chromium through chromedriver, Firefox
//! through its own Marionette port, WebKit through WebKitWebDriver. Knows nothing about Chapp.
//!
//! Our own because it is smaller than the clients that exist, needs no driver for Firefox, and puts
//! the network loss where it is equal for all engines: in front of the server (`proxy`).

mod bidi;
mod browser;
mod chromium;
mod firefox;
pub mod http;
mod marionette;
mod page_event;
mod process;
mod proxy;
mod webdriver;
mod webkit;

pub use browser::{Browser, Engine, free_port};
pub use page_event::PageEvent;
pub use process::Process;
pub use proxy::Proxy;
pub use webdriver::{ARROW_DOWN, ARROW_UP, END, ENTER, ESCAPE, HOME, SHIFT, TAB};

/// The result of a step of a scenario: a value, or a sentence that says what was seen instead.
pub type Outcome<T = ()> = Result<T, String>;

/// The polling interval while waiting.
const POLL: std::time::Duration = std::time::Duration::from_millis(20);
