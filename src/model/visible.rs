//! Which characters can be seen, by the Unicode Character Database (UAX #44).

use crate::error::{Error, Result};
use caseless::Caseless;
use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;

/// Variation selector 16: shows the sign before it as an emoji (UTS #51).
pub(super) const EMOJI_STYLE: char = '\u{fe0f}';
/// Joins two pictures into one (UTS #51 §2.3).
const JOINER: char = '\u{200d}';
/// To Unicode it is a sign like any other; to people it is nothing at all.
const BRAILLE_BLANK: char = '\u{2800}';

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// A space of any width (category Zs).
pub(super) fn is_space_separator(c: char) -> bool {
    category(c) == GeneralCategory::SpaceSeparator
}

/// A line of at most `chars_max` characters that can all be seen: spaces around it go, spaces between
/// words become single ones, the form becomes NFKC. `what` begins the sentence about what is wrong.
///
/// # Errors
/// `invalid` with `field`.
pub(super) fn one_line(text: &str, field: &'static str, what: &str, chars_max: usize) -> Result<String> {
    let too_long = || Error::invalid(field, format!("{what} has at most {chars_max} characters."));
    // Longer than it can be in UTF-8, before anything walks over it.
    if text.len() > chars_max * 16 {
        return Err(too_long());
    }
    let words: Vec<&str> = text
        .split(|c| c == ' ' || is_space_separator(c))
        .filter(|word| !word.is_empty())
        .collect();
    let text: String = words.join(" ").nfkc().collect();
    if !is_visible(&text) {
        return Err(Error::invalid(
            field,
            format!("{what} cannot have characters that cannot be seen or told apart."),
        ));
    }
    match text.chars().count() {
        count if count > chars_max => Err(too_long()),
        _ => Ok(text),
    }
}

/// Two names with the same key are the same name: a compatibility caseless match
/// (The Unicode Standard §3.13, D146).
pub(super) fn key(text: &str) -> String {
    text.chars()
        .filter(|c| *c != EMOJI_STYLE)
        .nfd()
        .default_case_fold()
        .nfkd()
        .default_case_fold()
        .nfkd()
        .collect()
}

/// The same without marks over and under letters.
pub(super) fn search_key(text: &str) -> String {
    key(text)
        .chars()
        .filter(|c| category(*c) != GeneralCategory::NonspacingMark)
        .collect()
}

/// Whether everybody sees each character of a text: no control or format characters, nothing that
/// fonts leave out, nothing unassigned. Emoji may have the invisible parts that they are made of.
pub(super) fn is_visible(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).all(|at| is_visible_at(&chars, at))
}

/// The first characters of a text as a line in NFKC, without what cannot be seen.
pub(super) fn visible_line(text: &str, chars_max: usize) -> String {
    let chars: Vec<char> = text.chars().take(chars_max).nfkc().collect();
    let seen = (0..chars.len()).filter(|at| is_visible_at(&chars, *at));
    seen.map(|at| chars[at]).collect()
}

fn is_visible_at(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| chars.get(at).copied());
    match chars[at] {
        EMOJI_STYLE => before.is_some_and(|c| CodePointSetData::new::<Emoji>().contains(c)),
        JOINER => before.is_some_and(is_picture) && chars.get(at + 1).copied().is_some_and(is_picture),
        BRAILLE_BLANK => false,
        c => {
            !GeneralCategoryGroup::Other.contains(category(c))
                && !matches!(
                    category(c),
                    GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
                )
                && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        }
    }
}

/// A picture, or what may stand between a picture and a joiner: its style or its skin tone.
fn is_picture(c: char) -> bool {
    c == EMOJI_STYLE
        || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
        || CodePointSetData::new::<ExtendedPictographic>().contains(c)
}
