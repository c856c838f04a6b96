//! The words of a text as a search sees them: regardless of case and diacritics. In a script without spaces between
//! words, each letter is a word of its own.
//!
//! The index, the check of a message and the query all use this module, so that they cannot disagree.

use super::visible::{is_format, is_mark, is_punctuation, is_spaceless, search_key};
use crate::limits::{SEARCHABLE_WORDS_MAX, TOKEN_CHARS_MAX};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Only stretches Arabic words, without any meaning.
const TATWEEL: char = '\u{640}';

/// A word, or a letter of a script without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The form that is compared.
    pub text: String,
    /// The index of its first character in the text, in Unicode scalars.
    pub start: u32,
    /// The index after its last character.
    pub end: u32,
    /// Whether it is a letter of a script without spaces.
    pub is_letter: bool,
    /// Whether it is such a letter and directly follows another one.
    pub glued: bool,
}

/// The first words of a text (UAX #29 §4), at most [`SEARCHABLE_WORDS_MAX`].
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut byte, mut at) = (0, 0);
    for (start, piece) in text.unicode_word_indices() {
        at += text[byte..start].chars().count();
        split(piece, at as u32, &mut words);
        if words.len() >= SEARCHABLE_WORDS_MAX {
            words.truncate(SEARCHABLE_WORDS_MAX);
            break;
        }
        at += piece.chars().count();
        byte = start + piece.len();
    }
    words
}

/// Splits a word further where a person would: `example.com`, `e-mail`, `report_2` and `A型` are two words each.
fn split(piece: &str, at: u32, words: &mut Vec<Word>) {
    let mut open: Option<Part> = None;
    for (index, (byte, c)) in piece.char_indices().enumerate() {
        let here = (byte, at + index as u32);
        let is_letter = is_spaceless(c);
        match &open {
            Some(_) if is_mark(c) || is_format(c) => {}
            Some(part) if !part.is_letter && !is_letter && !is_punctuation(c) => {}
            _ => {
                if let Some(part) = open.take() {
                    part.close(piece, here, words);
                }
                if !is_punctuation(c) {
                    open = Some(Part { from: here, is_letter });
                }
            }
        }
    }
    if let Some(part) = open {
        part.close(piece, (piece.len(), at + piece.chars().count() as u32), words);
    }
}

/// The beginning of a word whose end is not known yet.
struct Part {
    /// The byte offset in the piece, and the index in the text in scalars.
    from: (usize, u32),
    is_letter: bool,
}

impl Part {
    fn close(self, piece: &str, to: (usize, u32), words: &mut Vec<Word>) {
        let text = fold(&piece[self.from.0..to.0]);
        if text.is_empty() {
            return;
        }
        let start = self.from.1;
        let follows = |last: &Word| last.is_letter && last.end == start;
        words.push(Word {
            text,
            start,
            end: to.1,
            is_letter: self.is_letter,
            glued: self.is_letter && words.last().is_some_and(follows),
        });
    }
}

/// The form that all spellings of a word share.
fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let heard: String = word.chars().filter(|c| !is_format(*c) && *c != TATWEEL).collect();
    search_key(&heard).nfc().collect()
}

/// The tokens of a text: its words, and, for a script without spaces, each pair of adjacent letters. The last letter
/// of such a run is a token of its own. In order, repeated as often as they occur.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let words = words(text);
    let following = words.iter().skip(1).map(Some).chain([None]);
    let tokens = words.iter().zip(following).map(|(word, next)| match next {
        Some(next) if next.glued => pair(word, next),
        _ => token(&word.text),
    });
    tokens.collect()
}

/// The token of two adjacent letters.
pub(super) fn pair(one: &Word, two: &Word) -> String {
    token(&(one.text.clone() + &two.text))
}

/// The part of a word that the index keeps.
pub(super) fn token(text: &str) -> String {
    match text.char_indices().nth(TOKEN_CHARS_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}
