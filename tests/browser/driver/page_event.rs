//! Events of a page: requests, errors, violations of its policy.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// A request was made, for this URL.
    Request(String),
    /// A request got no answer.
    NoAnswer(String),
    /// A request was answered with an error status.
    ErrorStatus { status: u64, url: String },
    /// A line of the console at error level, or an uncaught error.
    ConsoleError(String),
    /// The Content-Security-Policy stopped something.
    PolicyViolation(String),
}

/// The preload script of `browser` reports policy violations on this BiDi channel.
pub const POLICY_CHANNEL: &str = "policy";

/// The BiDi events that `from_event` reads.
pub const EVENTS: [&str; 5] = [
    "log.entryAdded",
    "network.beforeRequestSent",
    "network.fetchError",
    "network.responseCompleted",
    "script.message",
];

/// An error that Firefox 140 itself logs, without a script, when one of two tabs is closed.
const FIREFOX_ITSELF: &str = "Error: Permission denied to access property \"length\"";

impl PageEvent {
    pub fn from_event(event: &Value) -> Option<PageEvent> {
        let details = &event["params"];
        let url = || details["request"]["url"].as_str().unwrap_or_default().to_owned();
        match event["method"].as_str()? {
            "network.beforeRequestSent" => Some(PageEvent::Request(url())),
            "network.fetchError" => Some(PageEvent::NoAnswer(format!("{} {}", url(), details["errorText"]))),
            "network.responseCompleted" => {
                let status = details["response"]["status"].as_u64()?;
                (status >= 400).then(|| PageEvent::ErrorStatus { status, url: url() })
            }
            "log.entryAdded" if details["level"] == "error" => {
                let frame = &details["stackTrace"]["callFrames"][0];
                if frame.is_null() && details["text"] == FIREFOX_ITSELF {
                    return None;
                }
                Some(PageEvent::ConsoleError(format!(
                    "{} {} at {}:{}",
                    details["type"], details["text"], frame["url"], frame["lineNumber"]
                )))
            }
            "script.message" if details["channel"] == POLICY_CHANNEL => {
                let breach = details["data"]["value"].as_str().unwrap_or_default();
                Some(PageEvent::PolicyViolation(breach.to_owned()))
            }
            _ => None,
        }
    }

    /// Reads the lines of `webkit_window.py` and of WebKit's own console.
    pub fn from_line(line: &str) -> Option<PageEvent> {
        if let Some(url) = line.strip_prefix("REQUEST ") {
            return Some(PageEvent::Request(url.to_owned()));
        }
        if let Some(request) = line.strip_prefix("NO ANSWER ") {
            return Some(PageEvent::NoAnswer(request.to_owned()));
        }
        if let Some((status, url)) = line.strip_prefix("STATUS ").and_then(|s| s.split_once(' ')) {
            return Some(PageEvent::ErrorStatus {
                status: status.parse().ok()?,
                url: url.into(),
            });
        }
        let (_, entry) = line.split_once("CONSOLE ")?;
        if let Some((_, breach)) = entry.split_once("POLICY VIOLATION ") {
            return Some(PageEvent::PolicyViolation(breach.to_owned()));
        }
        entry
            .contains("ERROR")
            .then(|| PageEvent::ConsoleError(entry.to_owned()))
    }
}
