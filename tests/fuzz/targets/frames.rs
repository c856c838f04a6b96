//! Text frames from clients: decoded values stay within their limits, and every answer is a JSON frame.

#![no_main]

use chapp::limits::{BODY_CHARS_MAX, CLIENT_ID_CHARS_MAX, REF_CHARS_MAX};
use chapp::model::{PostContent, RequestedAction, RoomId, Seq};
use chapp::wire::{self, Command, Incoming, Refused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match wire::decode(text) {
        Err(Refused::NotTheProtocol) => {}
        Err(Refused::Command {
            reference,
            client_id,
            error,
        }) => {
            is_short(reference.as_deref(), REF_CHARS_MAX);
            is_short(client_id.as_deref(), CLIENT_ID_CHARS_MAX);
            is_json(
                &wire::error(reference.as_deref(), client_id.as_deref(), &error),
                "error",
            );
        }
        Ok(Incoming { reference, command }) => {
            let mark = reference.as_deref();
            is_short(mark, REF_CHARS_MAX);
            match command {
                Command::Post { client_id, content, .. } => {
                    is_short(Some(client_id.as_str()), CLIENT_ID_CHARS_MAX);
                    if let PostContent::Text { body, .. } = content {
                        is_short(Some(body.as_str()), BODY_CHARS_MAX);
                    }
                    is_json(&wire::posted(mark, client_id.as_str(), RoomId(1), Seq(1)), "posted");
                }
                Command::Do { action, .. } => {
                    if let RequestedAction::Edit(body) = action {
                        is_short(Some(body.as_str()), BODY_CHARS_MAX);
                    }
                    is_json(&wire::done(mark, RoomId(1), Seq(1)), "done");
                }
                _ => is_json(&wire::pong(mark), "pong"),
            }
        }
    }
});

fn is_short(text: Option<&str>, chars_max: usize) {
    assert!(text.is_none_or(|text| text.chars().count() <= chars_max));
}

/// Whether this is one whole text frame (RFC 6455 §5.2) that holds an object of this type.
fn is_json(frame: &[u8], kind: &str) {
    assert_eq!(frame[0], 0x81);
    let (length, payload) = match frame[1] {
        126 => (usize::from(u16::from_be_bytes([frame[2], frame[3]])), &frame[4..]),
        127 => panic!("an answer of more than 64 KiB"),
        length => (usize::from(length), &frame[2..]),
    };
    assert_eq!(length, payload.len());
    let value: serde_json::Value = serde_json::from_slice(payload).expect("JSON");
    assert_eq!(value["type"], kind);
}
