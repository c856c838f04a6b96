//! Emoji and their shortcodes. `build.rs` makes the tables, which are unpacked on first use (130 KB, within a
//! millisecond).

use flate2::read::GzDecoder;
use std::io::Read;
use std::sync::LazyLock;

/// Sorted lines: an emoji; or another way to write it, a tab, and the emoji.
static EMOJI: LazyLock<String> = LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/emoji.txt.gz"))));
/// Sorted lines: a shortcode, a tab, its emoji.
static SHORTCODES: LazyLock<String> =
    LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/shortcodes.txt.gz"))));

fn unpack(table: &[u8]) -> String {
    let mut text = String::new();
    if let Err(error) = GzDecoder::new(table).read_to_string(&mut text) {
        tracing::error!(%error, "a table of emoji was built wrong");
    }
    text
}

/// An emoji in the form that Unicode recommends for general interchange (UTS #51), whichever form `text` has.
pub fn emoji(text: &str) -> Option<&'static str> {
    find(&EMOJI, text)
}

/// The emoji of a shortcode such as `wave`.
pub fn by_shortcode(name: &str) -> Option<&'static str> {
    find(&SHORTCODES, name)
}

/// Finds a line by binary search.
fn find(table: &'static str, key: &str) -> Option<&'static str> {
    let mut rest = table;
    while !rest.is_empty() {
        let is_end = |byte: &u8| *byte == b'\n';
        let (before, after) = rest.as_bytes().split_at(rest.len() / 2);
        let start = before.iter().rposition(is_end).map_or(0, |at| at + 1);
        let end = after.iter().position(is_end).map_or(rest.len(), |at| before.len() + at);
        let line = &rest[start..end];
        let (known, emoji) = line.split_once('\t').unwrap_or((line, line));
        match known.cmp(key) {
            std::cmp::Ordering::Equal => return Some(emoji),
            std::cmp::Ordering::Less => rest = rest.get(end + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest = &rest[..start.saturating_sub(1)],
        }
    }
    None
}
