//! Which characters can be seen, by the Unicode Character Database (UAX #44).

use crate::error::{Error, Result};
use caseless::Caseless;
use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Variation selector 16: shows the sign before it as an emoji (UTS #51).
pub(super) const EMOJI_STYLE: char = '\u{fe0f}';
/// Joins two pictures into one (UTS #51 §2.3).
const JOINER: char = '\u{200d}';
/// Marks on one letter; more of them pile up over other lines. Scripts need fewer.
const MARKS_MAX: usize = 8;
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

/// Whether the key of what stands before this character is the same with it and without it: it is no
/// mark that belongs there, nor becomes one (The Unicode Standard §3.11, D107 and D109).
pub(super) fn begins_anew(c: char) -> bool {
    if c.is_ascii() {
        return true;
    }
    let is_starter = |c: Option<char>| c.is_some_and(|c| canonical_combining_class(c) == 0);
    let decomposed = std::iter::once(c).nfd().next();
    let folded = key(c.encode_utf8(&mut [0; 4])).chars().next();
    is_starter(Some(c)) && is_starter(decomposed) && is_starter(folded)
}

/// The same without marks over and under letters.
pub(super) fn search_key(text: &str) -> String {
    key(text)
        .chars()
        .filter(|c| category(*c) != GeneralCategory::NonspacingMark)
        .collect()
}

/// Whether there is anything to be seen. What Unicode does not know yet may be the emoji of next year.
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

/// What fonts leave out (Default_Ignorable_Code_Point).
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether each mark has a letter to stand on, and none has too many.
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

/// Whether it changes the character before it: an accent, a vowel sign, a part of a Korean syllable, a
/// half-width voicing mark.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && (GeneralCategoryGroup::Mark.contains(category(c))
            || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}'))
}

/// Whether it is there for the layout alone: joiners, soft hyphens, marks of direction.
pub(super) fn is_format(c: char) -> bool {
    !c.is_ascii() && category(c) == GeneralCategory::Format
}

pub(super) fn is_punctuation(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_punctuation(),
        false => GeneralCategoryGroup::Punctuation.contains(category(c)),
    }
}

/// Whether it is of a script that has no spaces between its words, or, in Korean, none before its endings.
pub(super) fn is_spaceless(c: char) -> bool {
    // The sign for a long vowel belongs to two scripts, and so, to Unicode, to none.
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

/// Whether everybody sees each character of a text: no control or format characters, nothing that
/// fonts leave out, nothing unassigned, no marks without letters. Emoji may have the invisible parts that they
/// are made of.
pub(super) fn is_visible(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    marks_have_letters(&chars)
        && chars.iter().enumerate().all(|(at, &c)| {
            let before = at.checked_sub(1).and_then(|at| chars.get(at).copied());
            match c {
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
        })
}

/// A picture, or what may stand between a picture and a joiner: its style or its skin tone.
fn is_picture(c: char) -> bool {
    c == EMOJI_STYLE
        || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
        || CodePointSetData::new::<ExtendedPictographic>().contains(c)
}
