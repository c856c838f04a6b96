//! The JSON shape of a message's text as a tree: `{"t":KIND,…}` for each node, a string for plain text.

use crate::model::{Block, Inline};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// Blocks, encoded as an array.
pub(super) struct Blocks<'a>(pub &'a [Block]);

struct Inlines<'a>(&'a [Inline]);

struct Items<'a>(&'a [Vec<Block>]);

impl Serialize for Blocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(BlockJson))
    }
}

impl Serialize for Inlines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for inline in self.0 {
            match inline {
                Inline::Text(text) => seq.serialize_element(text)?,
                inline => seq.serialize_element(&InlineJson(inline))?,
            }
        }
        seq.end()
    }
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|blocks| Blocks(blocks)))
    }
}

struct BlockJson<'a>(&'a Block);

impl Serialize for BlockJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Block::Paragraph(inlines) => {
                map.serialize_entry("t", "p")?;
                map.serialize_entry("c", &Inlines(inlines))?;
            }
            Block::Heading(inlines) => {
                map.serialize_entry("t", "h")?;
                map.serialize_entry("c", &Inlines(inlines))?;
            }
            Block::Quote(blocks) => {
                map.serialize_entry("t", "quote")?;
                map.serialize_entry("c", &Blocks(blocks))?;
            }
            Block::Code { language, text } => {
                map.serialize_entry("t", "code")?;
                if let Some(language) = language {
                    map.serialize_entry("lang", language)?;
                }
                map.serialize_entry("text", text)?;
            }
            Block::List { start, items } => {
                map.serialize_entry("t", "list")?;
                if let Some(start) = start {
                    map.serialize_entry("start", start)?;
                }
                map.serialize_entry("c", &Items(items))?;
            }
            Block::Rule => map.serialize_entry("t", "rule")?,
        }
        map.end()
    }
}

struct InlineJson<'a>(&'a Inline);

impl Serialize for InlineJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Inline::Bold(inlines) => nested(&mut map, "b", inlines)?,
            Inline::Italic(inlines) => nested(&mut map, "i", inlines)?,
            Inline::Strike(inlines) => nested(&mut map, "s", inlines)?,
            Inline::Text(text) => {
                map.serialize_entry("t", "text")?;
                map.serialize_entry("text", text)?;
            }
            Inline::Code(text) => {
                map.serialize_entry("t", "code")?;
                map.serialize_entry("text", text)?;
            }
            Inline::Link { href, inlines } => {
                map.serialize_entry("t", "a")?;
                map.serialize_entry("href", href)?;
                map.serialize_entry("c", &Inlines(inlines))?;
            }
            Inline::Break => map.serialize_entry("t", "br")?,
            Inline::User { id, text } => named(&mut map, "user", *id, text)?,
            Inline::Room { id, text } => named(&mut map, "room", *id, text)?,
            Inline::Everyone => all(&mut map, "room")?,
            Inline::Here => all(&mut map, "here")?,
            Inline::Emoji { text, name } => {
                map.serialize_entry("t", "emoji")?;
                map.serialize_entry("text", text)?;
                map.serialize_entry("name", name)?;
            }
        }
        map.end()
    }
}

fn nested<M: SerializeMap>(map: &mut M, kind: &str, inlines: &[Inline]) -> Result<(), M::Error> {
    map.serialize_entry("t", kind)?;
    map.serialize_entry("c", &Inlines(inlines))
}

fn named<M: SerializeMap>(map: &mut M, kind: &str, id: u64, text: &str) -> Result<(), M::Error> {
    map.serialize_entry("t", kind)?;
    map.serialize_entry("id", &id)?;
    map.serialize_entry("text", text)
}

fn all<M: SerializeMap>(map: &mut M, text: &str) -> Result<(), M::Error> {
    map.serialize_entry("t", "all")?;
    map.serialize_entry("text", text)
}
