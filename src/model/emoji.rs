//! Which emoji there are, and what they are called for short. The tables are made by `build.rs`.

/// What stands for an emoji, sorted: itself, or another way to write it, a tab, and itself.
const EMOJI: &str = include_str!(concat!(env!("OUT_DIR"), "/emoji.txt"));
/// Sorted: a shortcode, a tab, its emoji.
const SHORTCODES: &str = include_str!(concat!(env!("OUT_DIR"), "/shortcodes.txt"));

/// An emoji in the form that Unicode recommends for general interchange (UTS #51), whichever way it came.
pub fn emoji(text: &str) -> Option<&'static str> {
    find(EMOJI, text)
}

/// The emoji of a shortcode, such as `wave`.
pub fn by_shortcode(name: &str) -> Option<&'static str> {
    find(SHORTCODES, name)
}

/// Looks a line up by halves.
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
