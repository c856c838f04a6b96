//! Which characters are visible, by the Unicode Character Database (UAX #44).

use crate::error::{Error, Result};
use caseless::Caseless;
use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Variation selector 16: displays the preceding character as an emoji (UTS #51).
pub(super) const EMOJI_STYLE: char = '\u{fe0f}';
/// The zero-width joiner, which joins two emoji into one (UTS #51 §2.3).
const JOINER: char = '\u{200d}';
/// The maximum number of combining marks on one letter. No script needs more, and more would overlap other lines.
const MARKS_MAX: usize = 8;
/// Unicode classifies this as a symbol, but it displays nothing.
const BRAILLE_BLANK: char = '\u{2800}';

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// A space of any width (category Zs).
pub(super) fn is_space_separator(c: char) -> bool {
    category(c) == GeneralCategory::SpaceSeparator
}

/// A line of at most `chars_max` visible characters: removes leading and trailing spaces, collapses other spaces, and
/// normalizes to NFKC. The sentence of an error begins with `what`.
///
/// # Errors
/// `invalid` with `field`.
pub(super) fn one_line(text: &str, field: &'static str, what: &str, chars_max: usize) -> Result<String> {
    let too_long = || Error::invalid(field, format!("{what} has at most {chars_max} characters."));
    // Check the maximum length in UTF-8 first, before anything iterates over the text.
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

/// The key of a name, for a compatibility caseless match (The Unicode Standard §3.13, D146). Two names with the same
/// key are the same name.
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

/// Whether the key of the text before this character is the same with and without it: the character is not a combining
/// mark, and does not become one (The Unicode Standard §3.11, D107 and D109).
pub(super) fn begins_anew(c: char) -> bool {
    if c.is_ascii() {
        return true;
    }
    let is_starter = |c: Option<char>| c.is_some_and(|c| canonical_combining_class(c) == 0);
    let decomposed = std::iter::once(c).nfd().next();
    let folded = key(c.encode_utf8(&mut [0; 4])).chars().next();
    is_starter(Some(c)) && is_starter(decomposed) && is_starter(folded)
}

/// Like [`key`], but without diacritics.
pub(super) fn search_key(text: &str) -> String {
    key(text)
        .chars()
        .filter(|c| category(*c) != GeneralCategory::NonspacingMark)
        .collect()
}

/// Whether the text shows anything. Unassigned characters count as visible: they may be next year's emoji.
pub(super) fn shows_something(text: &str) -> bool {
    text.chars().any(|c| {
        let is_nothing = matches!(
            category(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::Surrogate
                | GeneralCategory::SpaceSeparator
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        );
        c != BRAILLE_BLANK && !is_nothing && !is_combining(c) && !is_ignorable(c)
    })
}

fn is_combining(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(c))
}

/// Characters that fonts do not draw (Default_Ignorable_Code_Point).
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether each combining mark follows a letter, and no letter has too many marks.
fn marks_have_letters(chars: &[char]) -> bool {
    let mut marks = MARKS_MAX;
    chars.iter().all(|&c| {
        marks = match c {
            c if is_combining(c) => marks + 1,
            ' ' => MARKS_MAX,
            _ => 0,
        };
        marks <= MARKS_MAX
    })
}

/// Whether this character changes the one before it: an accent, a vowel sign, a part of a Korean syllable, a
/// half-width voicing mark.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && (GeneralCategoryGroup::Mark.contains(category(c))
            || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}'))
}

/// Whether this character only affects the layout: joiners, soft hyphens, direction marks.
pub(super) fn is_format(c: char) -> bool {
    !c.is_ascii() && category(c) == GeneralCategory::Format
}

pub(super) fn is_punctuation(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_punctuation(),
        false => GeneralCategoryGroup::Punctuation.contains(category(c)),
    }
}

/// Whether this character is from a script without spaces between words, or from Korean, which attaches endings
/// without spaces.
pub(super) fn is_spaceless(c: char) -> bool {
    // The long-vowel mark belongs to two scripts, so Unicode assigns it to none.
    !c.is_ascii()
        && (matches!(c, '\u{30fc}' | '\u{ff70}')
            || matches!(
                CodePointMapData::<Script>::new().get(c),
                Script::Han
                    | Script::Hiragana
                    | Script::Katakana
                    | Script::Hangul
                    | Script::Bopomofo
                    | Script::Yi
                    | Script::Thai
                    | Script::Lao
                    | Script::Khmer
                    | Script::Myanmar
            ))
}

/// Whether every character of a text is visible: no control or format characters, no ignorable or unassigned
/// characters, no combining marks without letters. Emoji may contain their invisible parts.
pub(super) fn is_visible(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    marks_have_letters(&chars) && (0..chars.len()).all(|at| is_visible_at(&chars, at))
}

/// The first characters of a text as one line in NFKC, without invisible characters.
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
                && !is_ignorable(c)
        }
    }
}

/// An emoji, or what may stand between an emoji and a joiner: a variation selector or a skin tone.
fn is_picture(c: char) -> bool {
    c == EMOJI_STYLE
        || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
        || CodePointSetData::new::<ExtendedPictographic>().contains(c)
}
