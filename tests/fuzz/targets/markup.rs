//! Texts of messages: the tree stays within its limits, and contains no forbidden links.

#![no_main]

use chapp::chat::markup::{self, Names};
use chapp::limits::{CONTENT_DEPTH_MAX, CONTENT_NODES_MAX, LINK_CHARS_MAX, MENTIONS_MAX};
use chapp::model::{Block, Body, Inline, RoomId, UserId, name_key};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static NAMES: LazyLock<Names> = LazyLock::new(|| Names {
    people: [("Ada", 1), ("Ben Adams", 2), ("zoë", 3)]
        .map(|(name, id)| (name_key(name), UserId(id)))
        .into(),
    rooms: [("lobby", 1), ("tea room", 2)]
        .map(|(name, id)| (name_key(name), RoomId(id)))
        .into(),
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(body) = Body::parse(text) else { return };
    let _ = markup::candidates(body.as_str());
    let typed = body.as_str().to_owned();
    let written = markup::parse(body, &NAMES);
    assert_eq!(written.body.as_str(), typed, "what was typed is kept");
    assert!(written.mentions.users.len() <= MENTIONS_MAX);
    if let Some(content) = written.content {
        assert!(!content.0.is_empty());
        let nodes = content.0.iter().map(|block| of_block(block, 1)).sum::<usize>();
        assert!(nodes <= CONTENT_NODES_MAX, "{nodes} nodes");
    }
});

/// Counts the nodes of a block.
fn of_block(block: &Block, depth: usize) -> usize {
    assert!(depth <= CONTENT_DEPTH_MAX, "too deep");
    1 + match block {
        Block::Paragraph(inlines) | Block::Heading(inlines) => of_inlines(inlines, depth + 1),
        Block::Quote(blocks) => blocks.iter().map(|block| of_block(block, depth + 1)).sum(),
        Block::List { items, .. } => items.iter().flatten().map(|block| of_block(block, depth + 1)).sum(),
        Block::Code { .. } | Block::Rule => 0,
    }
}

fn of_inlines(inlines: &[Inline], depth: usize) -> usize {
    let of = |inline: &Inline| {
        // The text of a node does not count as a node.
        assert!(
            depth <= CONTENT_DEPTH_MAX || matches!(inline, Inline::Text(_)),
            "too deep"
        );
        1 + match inline {
            Inline::Bold(inlines) | Inline::Italic(inlines) | Inline::Strike(inlines) => of_inlines(inlines, depth + 1),
            Inline::Link { href, inlines } => {
                assert!(href.chars().count() <= LINK_CHARS_MAX);
                let lower = href.to_ascii_lowercase();
                assert!(
                    ["http:", "https:", "mailto:"]
                        .iter()
                        .any(|scheme| lower.starts_with(scheme)),
                    "{href}"
                );
                of_inlines(inlines, depth + 1)
            }
            _ => 0,
        }
    };
    inlines.iter().map(of).sum()
}
