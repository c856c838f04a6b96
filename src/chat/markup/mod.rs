//! Parses the text of a message: CommonMark as people type it in chat, with strikethrough, bare addresses, emoji
//! shortcodes, and mentions of people and rooms.
//!
//! The result is a small tree of typed nodes. HTML is plain text, links lead to `http:`, `https:` and `mailto:` only,
//! and characters that change the text direction are removed. A text whose tree would be too large stays plain.

mod characters;
mod names;
mod text;
mod tree;

use crate::limits::READINGS_MAX;
use crate::model::{Block, Body, Content, FormattedText, Inline, Mentions};
use characters::printable;
pub use names::{Candidates, Names, candidates};
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::borrow::Cow;
use std::ops::Range;
use text::Scanner;
use tree::{Container, Tree, href};

/// Parses a text.
pub fn parse(body: Body, names: &Names) -> FormattedText {
    let mut scanner = Scanner::new(names);
    let content = tree(body.as_str(), &mut scanner);
    match content {
        Some(blocks) if is_plain(&blocks, body.as_str()) => FormattedText::plain(body),
        Some(blocks) => FormattedText {
            body,
            content: Some(Content(blocks)),
            mentions: scanner.mentions(),
        },
        None => {
            let text = printable(body.as_str());
            let content = (text != body.as_str()).then(|| Content(vec![Block::Paragraph(vec![Inline::Text(text)])]));
            FormattedText {
                body,
                content,
                mentions: Mentions::default(),
            }
        }
    }
}

/// The text without the lines that CommonMark would take for link definitions (§4.7) and hide. In a chat, they are
/// ordinary text.
fn undefined(source: &str) -> Option<Cow<'_, str>> {
    let mut text = Cow::Borrowed(source);
    for _ in 0..READINGS_MAX {
        let parser = Parser::new_ext(&text, Options::ENABLE_STRIKETHROUGH);
        let found = parser.reference_definitions().iter();
        let mut places: Vec<usize> = found.map(|(_, definition)| definition.span.start).collect();
        if places.is_empty() {
            return Some(text);
        }
        places.sort_unstable();
        let mut escaped = text.into_owned();
        for place in places.into_iter().rev() {
            escaped.insert(place, '\\');
        }
        text = Cow::Owned(escaped);
    }
    None
}

/// The tree. `None` if it would be too large.
fn tree(source: &str, scanner: &mut Scanner) -> Option<Vec<Block>> {
    let source = &*undefined(source)?;
    let mut tree = Tree::default();
    // The parser returns text in pieces. It is scanned as a whole, up to the next event that is not text.
    let mut pending = String::new();
    // The underline of a setext heading (CommonMark §4.3) is shown as typed: in a chat, nobody means a heading by it.
    let mut underline: Option<String> = None;
    // The titles of open links. No client would show them, so they become text.
    let mut titles: Vec<String> = Vec::new();
    let parser = Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH);
    let mut events = parser.into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            // A link that cannot be followed is shown as typed.
            Event::Start(Tag::Link {
                ref dest_url,
                link_type,
                ..
            }) if href(&address(link_type, dest_url)).is_none() => {
                skip(&mut events);
                scanner.scan(&mut pending, &mut tree);
                tree.add(Inline::Text(printable(&source[range])));
            }
            Event::Start(Tag::Image { ref dest_url, .. }) if href(dest_url).is_none() => {
                skip(&mut events);
                scanner.scan(&mut pending, &mut tree);
                tree.add(Inline::Text(printable(&source[range])));
            }
            Event::Text(text) => match tree.is_code() {
                true => tree.code(&text),
                // An entity such as `&amp;` is shown as typed, because messages are not HTML.
                false if source[range.clone()].starts_with('&') => pending.push_str(&source[range]),
                false => pending.push_str(&text),
            },
            // HTML is shown as typed.
            Event::InlineHtml(html) => pending.push_str(&html),
            Event::Html(html) => {
                let mut lines = html.lines();
                pending.push_str(lines.next().unwrap_or_default());
                for line in lines {
                    scanner.scan(&mut pending, &mut tree);
                    tree.add(Inline::Break);
                    pending.push_str(line);
                }
                if html.ends_with('\n') {
                    scanner.scan(&mut pending, &mut tree);
                    tree.add(Inline::Break);
                }
            }
            Event::Start(Tag::Heading { .. }) if !source[range.clone()].trim_start().starts_with('#') => {
                scanner.scan(&mut pending, &mut tree);
                underline = source[range].lines().last().map(|line| line.trim().to_owned());
                tree.open(Container::Paragraph);
            }
            Event::End(TagEnd::Heading(_)) if underline.is_some() => {
                scanner.scan(&mut pending, &mut tree);
                tree.add(Inline::Break);
                tree.add(Inline::Text(underline.take().unwrap_or_default()));
                tree.close();
            }
            event => {
                scanner.scan(&mut pending, &mut tree);
                let title = match &event {
                    Event::Start(Tag::Link { title, .. } | Tag::Image { title, .. }) => {
                        titles.push(title.to_string());
                        String::new()
                    }
                    Event::End(TagEnd::Link | TagEnd::Image) => titles.pop().unwrap_or_default(),
                    _ => String::new(),
                };
                other(event, &mut tree);
                if !title.is_empty() {
                    tree.add(Inline::Text(printable(&format!(" ({title})"))));
                }
            }
        }
        if tree.is_full() {
            return None;
        }
    }
    scanner.scan(&mut pending, &mut tree);
    let blocks = tree.finish()?;
    (!blocks.is_empty()).then_some(blocks)
}

fn other(event: Event, tree: &mut Tree) {
    match event {
        Event::Start(tag) => start(tag, tree),
        Event::End(tag) => end(tag, tree),
        Event::Code(code) => tree.add(Inline::Code(printable(&code))),
        Event::SoftBreak | Event::HardBreak => tree.add(Inline::Break),
        Event::Rule => tree.add_block(Block::Rule),
        _ => {}
    }
}

fn start(tag: Tag, tree: &mut Tree) {
    match tag {
        Tag::Paragraph | Tag::HtmlBlock => tree.open(Container::Paragraph),
        Tag::Heading { .. } => tree.open(Container::Heading),
        Tag::BlockQuote(_) => tree.open(Container::Quote),
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => tree.open(Container::Code(info.into_string())),
        Tag::CodeBlock(CodeBlockKind::Indented) => tree.open(Container::Code(String::new())),
        Tag::List(start) => {
            let start = start.map(|start| u32::try_from(start).unwrap_or(1));
            tree.open(Container::List(start));
        }
        Tag::Item => tree.open(Container::Item),
        Tag::Emphasis => tree.open(Container::Italic),
        Tag::Strong => tree.open(Container::Bold),
        Tag::Strikethrough => tree.open(Container::Strike),
        Tag::Link {
            link_type, dest_url, ..
        } => tree.open(Container::Link(address(link_type, &dest_url))),
        // A picture from another site becomes a link, so that no reader's client fetches it.
        Tag::Image { dest_url, .. } => tree.open(Container::Link(dest_url.to_string())),
        _ => {}
    }
}

fn address(link_type: LinkType, destination: &str) -> String {
    match link_type {
        LinkType::Email => format!("mailto:{destination}"),
        _ => destination.to_owned(),
    }
}

/// Skips to the end of the tag that has just begun.
fn skip<'s>(events: &mut impl Iterator<Item = (Event<'s>, Range<usize>)>) {
    let mut open = 1;
    while open > 0 {
        match events.next() {
            Some((Event::Start(_), _)) => open += 1,
            Some((Event::End(_), _)) => open -= 1,
            Some(_) => {}
            None => return,
        }
    }
}

fn end(tag: TagEnd, tree: &mut Tree) {
    match tag {
        TagEnd::Paragraph
        | TagEnd::HtmlBlock
        | TagEnd::Heading(_)
        | TagEnd::BlockQuote(_)
        | TagEnd::CodeBlock
        | TagEnd::List(_)
        | TagEnd::Item
        | TagEnd::Emphasis
        | TagEnd::Strong
        | TagEnd::Strikethrough
        | TagEnd::Link
        | TagEnd::Image => tree.close(),
        _ => {}
    }
}

/// Whether the tree adds nothing to the text: it is paragraphs of plain text that lost nothing but white space. Then
/// the text is stored alone, as typed.
fn is_plain(blocks: &[Block], source: &str) -> bool {
    let mut text = String::new();
    for block in blocks {
        let Block::Paragraph(inlines) = block else { return false };
        for inline in inlines {
            match inline {
                Inline::Text(piece) => text.push_str(piece),
                Inline::Break => {}
                _ => return false,
            }
        }
    }
    let seen = |c: &char| !c.is_whitespace();
    text.chars().filter(seen).eq(source.chars().filter(seen))
}
