//! The text of a message as a small tree of typed nodes: exactly what a client can draw.

use crate::limits::CONTENT_NESTED_MAX;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::cell::Cell;

/// A tree of at most [`CONTENT_NODES_MAX`](crate::limits::CONTENT_NODES_MAX) nodes, at most
/// [`CONTENT_DEPTH_MAX`](crate::limits::CONTENT_DEPTH_MAX) deep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content(pub Vec<Block>);

/// A node on lines of its own. New kinds come last: the data file encodes a kind by its position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// A paragraph.
    Paragraph(#[serde(deserialize_with = "nested")] Vec<Inline>),
    /// A heading of any level.
    Heading(#[serde(deserialize_with = "nested")] Vec<Inline>),
    /// A quotation.
    Quote(#[serde(deserialize_with = "nested")] Vec<Block>),
    /// A code block, verbatim.
    Code {
        /// The language that the author named. `None` if there is none.
        language: Option<String>,
        /// The lines of code.
        text: String,
    },
    /// A list.
    List {
        /// The number of the first item. `None` for a list without numbers.
        start: Option<u32>,
        /// The items.
        #[serde(deserialize_with = "nested")]
        items: Vec<Vec<Block>>,
    },
    /// A horizontal rule.
    Rule,
}

/// A node within a line. New kinds come last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inline {
    /// Verbatim text.
    Text(String),
    /// Strong emphasis.
    Bold(#[serde(deserialize_with = "nested")] Vec<Inline>),
    /// Emphasis, shown in italics.
    Italic(#[serde(deserialize_with = "nested")] Vec<Inline>),
    /// Struck through.
    Strike(#[serde(deserialize_with = "nested")] Vec<Inline>),
    /// Code within a line.
    Code(String),
    /// A link to an `http:`, `https:` or `mailto:` address.
    Link {
        /// The address.
        href: String,
        /// The text of the link.
        #[serde(deserialize_with = "nested")]
        inlines: Vec<Inline>,
    },
    /// A line break.
    Break,
    /// A mention of a user.
    User {
        /// The id of the user.
        id: u64,
        /// The user's name as written, without the `@`.
        text: String,
    },
    /// A mention of everyone in the room.
    Everyone,
    /// A mention of everyone in the room who is online.
    Here,
    /// A reference to another room.
    Room {
        /// The id of the room.
        id: u64,
        /// The room's name as written, without the `#`.
        text: String,
    },
    /// An emoji written as a shortcode.
    Emoji {
        /// The emoji.
        text: String,
        /// Its shortcode, without the colons.
        name: String,
    },
}

impl Content {
    /// The text on one line, without markup.
    pub fn words(&self) -> String {
        let mut words = String::new();
        of_blocks(&self.0, &mut words);
        words.truncate(words.trim_end().len());
        words
    }
}

fn of_blocks(blocks: &[Block], words: &mut String) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading(inlines) => of_inlines(inlines, words),
            Block::Quote(blocks) => of_blocks(blocks, words),
            Block::Code { text, .. } => words.push_str(text.trim_end()),
            Block::List { items, .. } => items.iter().for_each(|item| of_blocks(item, words)),
            Block::Rule => {}
        }
        if !words.ends_with(' ') {
            words.push(' ');
        }
    }
}

fn of_inlines(inlines: &[Inline], words: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Code(text) | Inline::Emoji { text, .. } => words.push_str(text),
            Inline::Bold(inlines) | Inline::Italic(inlines) | Inline::Strike(inlines) => of_inlines(inlines, words),
            Inline::Link { inlines, .. } => of_inlines(inlines, words),
            Inline::Break => words.push(' '),
            Inline::User { text, .. } => words.extend(["@", text]),
            Inline::Everyone => words.push_str("@room"),
            Inline::Here => words.push_str("@here"),
            Inline::Room { text, .. } => words.extend(["#", text]),
        }
    }
}

thread_local! {
    /// How deeply nested the list is that this thread is decoding.
    static NESTED: Cell<usize> = const { Cell::new(0) };
}

/// Counts one level of nesting until it is dropped.
struct Deeper;

impl Drop for Deeper {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}

/// Decodes a list, unless it is nested more deeply than any list that Chapp writes: a damaged or crafted row must not
/// overflow the stack.
fn nested<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    NESTED.set(NESTED.get() + 1);
    let _deeper = Deeper;
    if NESTED.get() > CONTENT_NESTED_MAX {
        return Err(D::Error::custom("a text is nested too deep"));
    }
    Vec::deserialize(deserializer)
}
