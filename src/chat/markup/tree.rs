//! The tree under construction, bounded in depth and in nodes however deep the text nests.

use super::characters::printable;
use crate::limits::{CONTENT_DEPTH_MAX, CONTENT_NODES_MAX, LINK_CHARS_MAX};
use crate::model::{Block, Inline};

/// Maximum characters in the language of a code block.
const LANGUAGE_CHARS_MAX: usize = 32;

/// An open container.
pub(super) enum Container {
    Paragraph,
    Heading,
    Quote,
    Code(String),
    List(Option<u32>),
    Item,
    Bold,
    Italic,
    Strike,
    Link(String),
}

impl Container {
    /// Whether the container holds inlines.
    fn is_inline(&self) -> bool {
        !matches!(
            self,
            Container::Quote | Container::List(_) | Container::Item | Container::Code(_)
        )
    }
}

#[derive(Default)]
struct Node {
    /// `None` if it would be nested too deep. Its content is then added to its parent.
    container: Option<Container>,
    /// Opened implicitly, for text in a place where only blocks can be.
    implied: bool,
    blocks: Vec<Block>,
    inlines: Vec<Inline>,
    items: Vec<Vec<Block>>,
    code: String,
}

/// The open containers, outermost first, and the finished blocks.
#[derive(Default)]
pub(super) struct Tree {
    open: Vec<Node>,
    done: Vec<Block>,
    nodes: usize,
}

impl Tree {
    /// Whether the tree has more nodes than allowed.
    pub fn is_full(&self) -> bool {
        self.nodes > CONTENT_NODES_MAX
    }

    /// Whether the current text is code.
    pub fn is_code(&self) -> bool {
        let innermost = self.open.last().and_then(|node| node.container.as_ref());
        matches!(innermost, Some(Container::Code(_)))
    }

    /// Whether the current text is that of a link.
    pub fn is_link(&self) -> bool {
        let mut containers = self.open.iter().filter_map(|node| node.container.as_ref());
        containers.any(|container| matches!(container, Container::Link(_)))
    }

    /// Appends code.
    pub fn code(&mut self, text: &str) {
        if let Some(node) = self.open.last_mut() {
            node.code.push_str(text);
        }
    }

    /// Opens a container.
    pub fn open(&mut self, container: Container) {
        let is_block = matches!(
            container,
            Container::Paragraph | Container::Heading | Container::Quote | Container::Code(_) | Container::List(_)
        );
        if is_block {
            self.close_implied();
        } else if container.is_inline() {
            self.imply_paragraph();
        }
        self.nodes += 1;
        let is_too_deep = match container {
            // Code must not be taken for text, and none of these three holds other containers.
            Container::Code(_) | Container::Paragraph | Container::Heading => false,
            Container::Item => self.open.last().is_none_or(|node| node.container.is_none()),
            // Leaves room below it for a paragraph and its content.
            Container::Quote | Container::List(_) => self.depth() + 3 > CONTENT_DEPTH_MAX,
            Container::Bold | Container::Italic | Container::Strike | Container::Link(_) => {
                self.depth() + 2 > CONTENT_DEPTH_MAX
            }
        };
        self.open.push(Node {
            container: (!is_too_deep).then_some(container),
            ..Node::default()
        });
    }

    fn depth(&self) -> usize {
        // An item is not a node of its own: a list holds lists of blocks.
        let nodes = self.open.iter().filter_map(|node| node.container.as_ref());
        nodes.filter(|container| !matches!(container, Container::Item)).count()
    }

    /// The innermost open node that has a container.
    fn holder(&mut self) -> Option<&mut Node> {
        self.open.iter_mut().rev().find(|node| node.container.is_some())
    }

    fn imply_paragraph(&mut self) {
        let holds = self
            .holder()
            .and_then(|node| node.container.as_ref())
            .is_some_and(Container::is_inline);
        if !holds {
            self.nodes += 1;
            self.open.push(Node {
                container: Some(Container::Paragraph),
                implied: true,
                ..Node::default()
            });
        }
    }

    fn close_implied(&mut self) {
        while self.open.last().is_some_and(|node| node.implied) {
            self.close_last();
        }
    }

    /// Adds an inline.
    pub fn add(&mut self, inline: Inline) {
        self.imply_paragraph();
        self.nodes += 1;
        let Some(holder) = self.holder() else { return };
        match (holder.inlines.last_mut(), inline) {
            (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
            (_, inline) => holder.inlines.push(inline),
        }
    }

    /// Adds a block.
    pub fn add_block(&mut self, block: Block) {
        self.close_implied();
        self.nodes += 1;
        self.put(block);
    }

    fn put(&mut self, block: Block) {
        let holder = self
            .open
            .iter_mut()
            .rev()
            .find(|node| matches!(node.container, Some(Container::Quote | Container::Item)));
        match holder {
            Some(node) => node.blocks.push(block),
            None => self.done.push(block),
        }
    }

    /// Closes the innermost container that the text has opened.
    pub fn close(&mut self) {
        self.close_implied();
        self.close_last();
    }

    fn close_last(&mut self) {
        let Some(mut node) = self.open.pop() else { return };
        while matches!(node.inlines.last(), Some(Inline::Break)) {
            node.inlines.pop();
        }
        match node.container {
            None => {}
            Some(Container::Paragraph) if node.inlines.is_empty() => {}
            Some(Container::Paragraph) => self.put(Block::Paragraph(node.inlines)),
            Some(Container::Heading) => self.put(Block::Heading(node.inlines)),
            Some(Container::Quote) => self.put(Block::Quote(node.blocks)),
            Some(Container::Code(info)) => {
                let (language, first) = language(&info);
                let text = node.code.strip_suffix('\n').unwrap_or(&node.code);
                let text = printable(&format!("{first}{text}"));
                self.put(Block::Code { language, text });
            }
            Some(Container::List(start)) => self.put(Block::List {
                start,
                items: node.items,
            }),
            Some(Container::Item) => {
                let list = self.open.iter_mut().rev();
                let mut list = list.filter(|node| matches!(node.container, Some(Container::List(_))));
                match list.next() {
                    Some(list) => list.items.push(node.blocks),
                    None => node.blocks.into_iter().for_each(|block| self.put(block)),
                }
            }
            Some(Container::Bold) => self.add(Inline::Bold(node.inlines)),
            Some(Container::Italic) => self.add(Inline::Italic(node.inlines)),
            Some(Container::Strike) => self.add(Inline::Strike(node.inlines)),
            Some(Container::Link(address)) => self.close_link(&address, node.inlines),
        }
    }

    fn close_link(&mut self, address: &str, mut inlines: Vec<Inline>) {
        if inlines.is_empty() {
            inlines.push(Inline::Text(printable(address)));
        }
        match href(address) {
            Some(href) => self.add(Inline::Link { href, inlines }),
            None => {
                // The text and the address stay visible, but cannot be followed.
                inlines.into_iter().for_each(|inline| self.add(inline));
                self.add(Inline::Text(format!(" ({})", printable(address))));
            }
        }
    }

    /// The finished tree. `None` if it is too large.
    pub fn finish(mut self) -> Option<Vec<Block>> {
        while !self.open.is_empty() {
            self.close_last();
        }
        (!self.is_full()).then_some(self.done)
    }
}

/// The language of a code block, if its info string is one word. Otherwise the info string is its first line.
fn language(info: &str) -> (Option<String>, String) {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    match info.trim() {
        "" => (None, String::new()),
        word if word.chars().all(is_part) && word.chars().count() <= LANGUAGE_CHARS_MAX => {
            (Some(word.to_owned()), String::new())
        }
        words => (None, format!("{words}\n")),
    }
}

/// The address of a link. `None` if a chat must not let people follow it.
pub(super) fn href(address: &str) -> Option<String> {
    let scheme = address.split_once(':')?.0.to_ascii_lowercase();
    let is_known = matches!(scheme.as_str(), "http" | "https" | "mailto");
    let is_whole = !address.chars().any(|c| c.is_whitespace() || c.is_control()) && printable(address) == address;
    (is_known && is_whole && address.chars().count() <= LINK_CHARS_MAX).then(|| address.to_owned())
}
