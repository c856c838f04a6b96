//! Markup trees: what each kind of markup becomes, and the invariants of every tree.

use crate::harness::Rng;
use chapp::chat::markup::{Names, candidates, parse};
use chapp::limits::{
    BODY_CHARS_MAX, CONTENT_DEPTH_MAX, CONTENT_NESTED_MAX, CONTENT_NODES_MAX, LINK_CHARS_MAX, MENTIONS_MAX,
    NAME_CHARS_MAX, NAMES_LOOKED_UP_MAX,
};
use chapp::model::{Block, Body, Content, FormattedText, Inline, RoomId, UserId, begins_anew, name_key};

mod examples;

/// Ada is 1, Ben is 2, Ada Lovelace is 3; the rooms Tea and Tea Time are 2 and 3.
fn names() -> Names {
    let mut names = Names::default();
    let people = [("ada", 1), ("ben", 2), ("ada lovelace", 3)];
    names.people = people.map(|(name, id)| (name.to_owned(), UserId(id))).into();
    names.rooms = [("tea", 2), ("tea time", 3)]
        .map(|(name, id)| (name.to_owned(), RoomId(id)))
        .into();
    names
}

fn understood(text: &str) -> FormattedText {
    parse(Body::parse(text).unwrap(), &names())
}

/// Facts about a tree.
#[derive(Default)]
struct Facts {
    nodes: usize,
    /// The nesting depth; the text of a node is not a node.
    depth: usize,
    hrefs: Vec<String>,
    /// The visible text, in order.
    shown: String,
    languages: Vec<String>,
}

impl Facts {
    fn of(content: &Content) -> Facts {
        let mut facts = Facts::default();
        facts.blocks(&content.0, 1);
        facts
    }

    fn blocks(&mut self, blocks: &[Block], depth: usize) {
        for block in blocks {
            self.nodes += 1;
            self.depth = self.depth.max(depth);
            match block {
                Block::Paragraph(inlines) | Block::Heading(inlines) => self.inlines(inlines, depth + 1),
                Block::Quote(blocks) => self.blocks(blocks, depth + 1),
                Block::Code { language, text } => {
                    self.languages.extend(language.clone());
                    self.shown.push_str(text);
                }
                Block::List { items, .. } => items.iter().for_each(|item| self.blocks(item, depth + 1)),
                Block::Rule => {}
            }
            self.shown.push('\n');
        }
    }

    fn inlines(&mut self, inlines: &[Inline], depth: usize) {
        for inline in inlines {
            self.nodes += 1;
            if !matches!(inline, Inline::Text(_)) {
                self.depth = self.depth.max(depth);
            }
            match inline {
                Inline::Text(text) | Inline::Code(text) => self.shown.push_str(text),
                Inline::Bold(inlines) | Inline::Italic(inlines) | Inline::Strike(inlines) => {
                    self.inlines(inlines, depth + 1);
                }
                Inline::Link { href, inlines } => {
                    self.hrefs.push(href.clone());
                    self.inlines(inlines, depth + 1);
                }
                Inline::Break => self.shown.push('\n'),
                Inline::User { text, .. } => self.shown.push_str(&format!("@{text}")),
                Inline::Room { text, .. } => self.shown.push_str(&format!("#{text}")),
                Inline::Everyone => self.shown.push_str("@room"),
                Inline::Here => self.shown.push_str("@here"),
                Inline::Emoji { name, .. } => self.shown.push_str(&format!(":{name}:")),
            }
        }
    }
}

/// Whether the character changes the direction of the following text, or ends such a change (UAX #9 §2.2, §2.4).
fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks the invariants for a text; returns its tree.
#[track_caller]
fn check(text: &str) -> Option<Facts> {
    let written = understood(text);
    assert_eq!(written.body, Body::parse(text).unwrap(), "the text itself stays");
    let Some(content) = &written.content else {
        assert!(!text.contains(is_override), "shown as it is: {text:?}");
        assert!(written.mentions.is_empty());
        return None;
    };
    let facts = Facts::of(content);
    let start: String = text.chars().take(60).collect();
    assert!(facts.nodes <= CONTENT_NODES_MAX, "{} nodes of {start:?}", facts.nodes);
    assert!(!content.0.is_empty() && !facts.shown.contains(is_override), "{start:?}");
    for href in &facts.hrefs {
        let scheme = href.split(':').next().unwrap().to_ascii_lowercase();
        assert!(matches!(scheme.as_str(), "http" | "https" | "mailto"), "{href}");
        assert!(href.chars().count() <= LINK_CHARS_MAX, "{start:?}");
        assert!(
            !href.contains(|c: char| is_override(c) || c.is_whitespace() || c.is_control()),
            "{href}"
        );
    }
    assert!(!facts.languages.iter().any(|language| language.contains(is_override)));
    Some(facts)
}

/// Checks the depth, too.
#[track_caller]
fn check_depth(text: &str) {
    let depth = check(text).map_or(0, |facts| facts.depth);
    let start: String = text.chars().take(60).collect();
    assert!(depth <= CONTENT_DEPTH_MAX, "{depth} deep: {start:?}");
}

/// Repeats this up to 8,000 characters.
fn full_of(piece: &str) -> String {
    piece.chars().cycle().take(BODY_CHARS_MAX).collect()
}

const PIECES: [&str; 44] = [
    "*",
    "_",
    "~",
    "**",
    "***",
    "~~",
    "`",
    "``",
    "```\n",
    "> ",
    "- ",
    "1. ",
    "# ",
    "---\n",
    "[",
    "](",
    ")",
    "!",
    "<",
    ">",
    "\n",
    "\n\n",
    "    ",
    "\\",
    "&amp;",
    "&#x202e;",
    "http://",
    "https://e.org/a_b",
    "www.e.org",
    "a@e.org",
    "javascript:",
    "data:",
    "mailto:",
    "@",
    "@ada",
    "@ada lovelace",
    "@room",
    "@here",
    "#tea time",
    ":tada:",
    "\u{202e}",
    "\u{200b}",
    "<b>",
    "word",
];

#[test]
fn no_text_makes_a_tree_that_is_too_large_or_leads_elsewhere() {
    for piece in PIECES {
        // Invisible characters alone are not a message.
        if Body::parse(&full_of(piece)).is_ok() {
            check(&full_of(piece));
        }
    }
    for piece in [
        "[x](http://e.org) ",
        "*a **b ~~c ",
        "> - 1. ",
        "@ada ",
        ":tada:",
        "a\n",
        "[a]: b\n\n",
        "<!--",
    ] {
        check(&full_of(piece));
    }
}

#[test]
fn no_text_of_chance_makes_a_tree_that_is_too_large_or_leads_elsewhere() {
    let mut rng = Rng::new(17);
    let mut trees = 0;
    for _ in 0..3_000 {
        let count = 1 + rng.below(60);
        let text: String = (0..count)
            .map(|_| PIECES[rng.below(PIECES.len() as u64) as usize])
            .collect();
        if Body::parse(&text).is_ok() {
            trees += usize::from(check(&text).is_some());
        }
    }
    assert!(trees > 1_000, "{trees} of them were more than plain text");
}

#[test]
fn no_text_nests_deeper_than_readers_follow() {
    for count in [7, 8, 9, 50] {
        check_depth(&format!("{}x", "> ".repeat(count)));
        check_depth(&format!("{}x", "- ".repeat(count)));
        check_depth(&format!("{}x", "> - ".repeat(count)));
        check_depth(&format!("{}`x`", "> ".repeat(count)));
        check_depth(&format!("{}```\nx", "> ".repeat(count)));
        check_depth(&format!("{}# x", "> ".repeat(count)));
        check_depth(&format!("{}x{}", "*a **b ".repeat(count), "** *".repeat(count)));
    }
    for piece in PIECES {
        if Body::parse(&full_of(piece)).is_ok() {
            check_depth(&full_of(piece));
        }
    }
}

#[test]
fn what_lies_too_deep_is_still_shown() {
    for count in [7, 8, 9, 50] {
        for nest in ["> ", "- ", "> 1. "] {
            let facts = check(&format!("{}deep **down**", nest.repeat(count))).unwrap();
            assert!(
                facts.shown.contains("deep down"),
                "{count} of {nest:?}: {:?}",
                facts.shown
            );
        }
    }
}

#[test]
fn addresses_that_run_programs_cannot_be_followed_and_are_shown() {
    for address in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "javascript://e.org/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:http://e.org/x",
        "//e.org/x",
        "/api/logout",
        "x",
    ] {
        for text in [
            format!("[click]({address})"),
            format!("![click]({address})"),
            format!("<{address}>"),
        ] {
            let facts = check(&text);
            let (hrefs, shown) = facts.map_or((Vec::new(), text.clone()), |facts| (facts.hrefs, facts.shown));
            assert_eq!(hrefs, Vec::<String>::new(), "{text}");
            assert!(shown.contains(address.trim_start_matches('/')), "{text}: {shown}");
        }
    }
}

#[test]
fn an_address_that_hides_something_or_is_too_long_cannot_be_followed() {
    for address in [
        "http://e.org/\u{202e}gpj.exe",
        "http://e.org/\u{200b}",
        "java&#10;script:x",
        "http://e.org/&#10;x",
    ] {
        // Either a tree without a link, or no tree at all: the text as it was typed.
        if let Some(facts) = check(&format!("[click]({address})")) {
            assert_eq!(facts.hrefs, Vec::<String>::new(), "{address}");
            assert!(facts.shown.contains("[click]"), "{}", facts.shown);
        }
    }
    let of = |chars: usize| format!("http://e.org/{}", "x".repeat(chars - "http://e.org/".len()));
    let (just, over) = (of(LINK_CHARS_MAX), of(LINK_CHARS_MAX + 1));
    assert_eq!(check(&just).unwrap().hrefs, std::slice::from_ref(&just));
    assert_eq!(check(&format!("[a]({just})")).unwrap().hrefs, [just]);
    assert!(check(&over).is_none_or(|facts| facts.hrefs.is_empty()));
    assert!(check(&format!("[a]({over})")).is_none_or(|facts| facts.hrefs.is_empty()));
}

#[test]
fn characters_that_turn_the_direction_are_left_out_of_every_kind_of_node() {
    let turn = "\u{202e}\u{2066}";
    for text in [
        format!("{turn}plain"),
        format!("**{turn}plain** *{turn}plain* ~~{turn}plain~~"),
        format!("`{turn}plain`"),
        format!("```a{turn}\n{turn}plain\n```"),
        format!("> {turn}plain"),
        format!("# {turn}plain"),
        format!("- {turn}plain"),
        format!("[{turn}plain](http://e.org)"),
        format!("[plain](x{turn})"),
        format!("<{turn}plain>"),
        format!("@ada {turn}plain"),
    ] {
        let facts = check(&text).unwrap_or_else(|| panic!("no tree without them of {text:?}"));
        assert!(facts.shown.contains("plain"), "{text:?}: {:?}", facts.shown);
    }
}

#[test]
fn a_text_too_large_for_a_tree_stays_as_it_is_but_for_what_turns_it() {
    let text = full_of("*a* ");
    let written = understood(&text);
    assert_eq!(written.content, None);
    let turned = format!("{}\u{202e}", &text[..text.len() - 9]);
    let facts = check(&format!("{turned}x")).unwrap();
    assert!(facts.shown.trim_end() == format!("{}x", turned.replace('\u{202e}', "")));
}

#[test]
fn further_names_than_a_message_can_mention_stay_text() {
    let mut names = Names::default();
    for id in 1..=MENTIONS_MAX as u64 + 5 {
        names.people.insert(format!("p{id}"), UserId(id));
    }
    let text: Vec<String> = (1..=MENTIONS_MAX + 5).map(|id| format!("@p{id}")).collect();
    let body = Body::parse(&text.join(" ")).unwrap();
    let found = candidates(body.as_str()).people;
    assert!(names.people.keys().all(|key| found.contains(key)), "{found:?}");
    let written = parse(body, &names);
    let expected: Vec<UserId> = (1..=MENTIONS_MAX as u64).map(UserId).collect();
    assert_eq!(written.mentions.users, expected);
    assert_eq!(Facts::of(&written.content.unwrap()).shown.trim_end(), text.join(" "));
}

#[test]
fn no_text_makes_more_or_longer_names_to_look_up_than_people_can_have() {
    let mut rng = Rng::new(5);
    for piece in [
        "@",
        "@ada ",
        "#\u{fdfa}.",
        "@\u{fdfa} ",
        "#Lobby ",
        "@e\u{301}\u{327}\u{301}",
    ] {
        let mut text = String::new();
        while text.chars().count() < BODY_CHARS_MAX - 20 {
            text += &format!(
                "{piece}{}{}",
                ['.', ' ', '@', '#'][rng.below(4) as usize],
                rng.below(1_000)
            );
        }
        let found = candidates(&text);
        for (keys, chars_max) in [(found.people, NAME_CHARS_MAX), (found.rooms, 48)] {
            assert!(keys.len() <= NAMES_LOOKED_UP_MAX, "{} of {piece:?}", keys.len());
            let longest = keys.iter().map(String::len).max().unwrap_or(0);
            assert!(longest <= chars_max * 16, "{longest} bytes of {piece:?}");
        }
    }
}

#[test]
fn a_name_after_more_marks_than_are_looked_at_stays_text() {
    let behind = |marks: usize| understood(&format!("{}@ada", "@nobody ".repeat(marks)));
    assert_eq!(behind(2 * MENTIONS_MAX - 1).mentions.users, [UserId(1)]);
    assert!(behind(2 * MENTIONS_MAX).mentions.is_empty());
    let behind = |marks: usize| understood(&format!("{}#tea", "#nothing ".repeat(marks)));
    assert!(behind(2 * MENTIONS_MAX - 1).content.is_some());
    assert_eq!(behind(2 * MENTIONS_MAX).content, None);
}

#[test]
fn the_key_of_a_text_is_put_together_of_the_keys_of_its_parts_where_it_is_said_so() {
    // Marks of several classes, what decomposes into them or becomes another letter, Hangul, ligatures, signs.
    let chars: Vec<char> = "aZ .ß\u{301}\u{327}\u{345}\u{344}\u{f73}\u{f75}\u{ff9e}\u{3099}\u{ac01}\u{1100}\u{1161}\u{11a8}\u{fdfa}\u{390}\u{1f82}\u{1fb3}\u{1e9e}\u{130}\u{149}\u{fe0f}\u{1f600}\u{20e3}ｶA\u{30a}Å\u{3c2}"
        .chars()
        .collect();
    let mut rng = Rng::new(6);
    let mut parted = 0;
    for _ in 0..20_000 {
        let text: Vec<char> = (0..6).map(|_| chars[rng.below(chars.len() as u64) as usize]).collect();
        for (at, c) in text.iter().enumerate().filter(|(_, c)| begins_anew(**c)) {
            let (before, rest): (String, String) = (text[..at].iter().collect(), text[at..].iter().collect());
            let whole: String = text.iter().collect();
            assert_eq!(
                name_key(&whole),
                name_key(&before) + &name_key(&rest),
                "{c:?} in {whole:?}"
            );
            parted += 1;
        }
    }
    assert!(parted > 20_000);
}

#[test]
fn a_row_that_is_nested_without_end_is_damage_and_takes_no_stack() {
    // A quote in a quote in a quote: one list of one block, which is the third kind.
    let quotes = |depth: usize| [[1].as_slice(), &[2, 1].repeat(depth), &[5]].concat();
    assert!(postcard::from_bytes::<chapp::model::Content>(&quotes(CONTENT_DEPTH_MAX)).is_ok());
    for depth in [CONTENT_NESTED_MAX + 1, 1_000_000] {
        assert!(postcard::from_bytes::<chapp::model::Content>(&quotes(depth)).is_err());
    }
    assert!(
        postcard::from_bytes::<chapp::model::Content>(&quotes(1)).is_ok(),
        "and the next one is read"
    );
}
