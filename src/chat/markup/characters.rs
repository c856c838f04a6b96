//! Removes characters that may only stay in the source of a message.

/// The text without characters that change its direction, and without invisible ones that join nothing (UAX #9 §2,
/// and format characters that only hide text).
pub(super) fn printable(text: &str) -> String {
    let is_hidden = |c: char| {
        matches!(c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2060}'..='\u{2064}'
            | '\u{feff}' | '\u{00ad}' | '\u{180e}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
    };
    text.chars().filter(|c| !is_hidden(*c)).collect()
}
