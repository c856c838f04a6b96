//! What each kind of markup becomes, and what is not markup.

use super::{check, names, understood};
use crate::harness::Rng;
use chapp::chat::markup::candidates;
use chapp::model::{Block, Content, Inline, UserId};

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn p(inlines: impl Into<Vec<Inline>>) -> Block {
    Block::Paragraph(inlines.into())
}

fn link(href: &str, words: &str) -> Inline {
    let (href, inlines) = (href.to_owned(), vec![text(words)]);
    Inline::Link { href, inlines }
}

fn user(id: u64, name: &str) -> Inline {
    let text = name.to_owned();
    Inline::User { id, text }
}

fn room(id: u64, name: &str) -> Inline {
    let text = name.to_owned();
    Inline::Room { id, text }
}

fn code(language: Option<&str>, lines: &str) -> Block {
    Block::Code {
        language: language.map(str::to_owned),
        text: lines.to_owned(),
    }
}

#[track_caller]
fn is(source: &str, blocks: impl Into<Vec<Block>>) {
    let found = understood(source).content;
    assert_eq!(found, Some(Content(blocks.into())), "{source:?}");
}

#[test]
fn marks_within_a_line_become_nodes() {
    is("**a**", [p([Inline::Bold(vec![text("a")])])]);
    is("*a* b", [p([Inline::Italic(vec![text("a")]), text(" b")])]);
    is("_a_", [p([Inline::Italic(vec![text("a")])])]);
    is("~~a~~", [p([Inline::Strike(vec![text("a")])])]);
    is("`a *b*`", [p([Inline::Code("a *b*".to_owned())])]);
    is(
        "*a*\nb",
        [p([Inline::Italic(vec![text("a")]), Inline::Break, text("b")])],
    );
    is("***a***", [p([Inline::Italic(vec![Inline::Bold(vec![text("a")])])])]);
    let tada = Inline::Emoji {
        text: "🎉".to_owned(),
        name: "tada".to_owned(),
    };
    is("so :tada:", [p([text("so "), tada])]);
}

#[test]
fn marks_of_lines_become_blocks() {
    is("# a", [Block::Heading(vec![text("a")])]);
    is("### a", [Block::Heading(vec![text("a")])]);
    is("> a", [Block::Quote(vec![p([text("a")])])]);
    is("a\n\n---", [p([text("a")]), Block::Rule]);
    is("```rust\nfn a() {}\n*b*\n```", [code(Some("rust"), "fn a() {}\n*b*")]);
    is("```\na\n```", [code(None, "a")]);
    is("```\nnever closed", [code(None, "never closed")]);
    let items = vec![vec![p([text("a")])], vec![p([text("b")])]];
    let list = |start| Block::List {
        start,
        items: items.clone(),
    };
    is("- a\n- b", [list(None)]);
    is("3. a\n4. b", [list(Some(3))]);
}

#[test]
fn addresses_become_links_whether_marked_or_bare() {
    is("[words](https://e.org/a)", [p([link("https://e.org/a", "words")])]);
    is(
        "see https://e.org/a.",
        [p([text("see "), link("https://e.org/a", "https://e.org/a"), text(".")])],
    );
    is("www.e.org", [p([link("https://www.e.org", "www.e.org")])]);
    is("ada@e.org", [p([link("mailto:ada@e.org", "ada@e.org")])]);
    is("<ada@e.org>", [p([link("mailto:ada@e.org", "ada@e.org")])]);
    is("<http://e.org>", [p([link("http://e.org", "http://e.org")])]);
    is(
        "![a picture](http://e.org/a.png)",
        [p([link("http://e.org/a.png", "a picture")])],
    );
}

#[test]
fn people_and_rooms_are_the_longest_name_that_somebody_has() {
    is("@ada hi", [p([user(1, "ada"), text(" hi")])]);
    is("(@Ada)", [p([text("("), user(1, "Ada"), text(")")])]);
    is("@Ada Lovelace!", [p([user(3, "Ada Lovelace"), text("!")])]);
    is("@ada love", [p([user(1, "ada"), text(" love")])]);
    is("#tea #Tea Time", [p([room(2, "tea"), text(" "), room(3, "Tea Time")])]);
    is("@room @here", [p([Inline::Everyone, text(" "), Inline::Here])]);
    is("**@ben**", [p([Inline::Bold(vec![user(2, "ben")])])]);
    let found = candidates("@Ada Lovelace! #Tea");
    assert!(found.people.contains(&"ada lovelace".to_owned()) && found.rooms.contains(&"tea".to_owned()));
}

#[test]
fn who_is_mentioned_is_told_once_and_by_id() {
    let mentions = understood("@ben @ada @ben @ROOM").mentions;
    assert_eq!(mentions.users, [UserId(1), UserId(2)]);
    assert!(mentions.room && !mentions.here);
    let mentions = understood("@here").mentions;
    assert!(mentions.here && !mentions.room && mentions.users.is_empty());
    for quiet in [
        "`@ada`",
        "```\n@room\n```",
        "[@ada](http://e.org)",
        "me@ada",
        "@adam",
        "@rooms",
        "@hereby",
    ] {
        assert!(understood(quiet).mentions.is_empty(), "{quiet}");
    }
}

#[test]
fn html_is_text() {
    for source in ["<b>hi</b>", "<script>x</script>", "<img src=x onerror=y>", "a <i>b</i>"] {
        let shown = check(source).map_or(source.to_owned(), |facts| facts.shown);
        assert_eq!(shown.trim_end(), source);
    }
}

#[test]
fn plain_text_has_no_tree() {
    for source in [
        "hello",
        "two\nlines",
        "two\n\nparagraphs",
        "5 * 3 = 15, and 2*2",
        "snake_case_name",
        "C:\\path\\file",
        "1 < 2 && 3 > 2",
        "AT&T; a & b",
        "&amp; &lt;b&gt; &#65;",
        "what? [x] (y)",
        "@nobody #nowhere :not_an_emoji: 10:30:00",
        "~ about ~",
        "مرحبا שלום 你好 👩‍👩‍👧",
        "#hashtag and #1",
        "e.g. example",
        "-5 degrees",
    ] {
        assert_eq!(understood(source).content, None, "{source:?}");
    }
}

#[test]
fn plain_text_keeps_its_line_ends_and_spaces() {
    for source in [
        "three\n\n\nline ends",
        " a space before",
        "columns   of  text",
        "a\n b",
        "a  \nb",
    ] {
        assert_eq!(understood(source).content, None, "{source:?}");
    }
}

#[test]
fn no_visible_character_of_a_plain_text_is_lost() {
    let pieces = [
        "a", "é", "日", "1", "👍", ",", ".", "?", "!", "'", "/", "%", "$", ";", " ", " ", "\n", "\n\n",
    ];
    let visible = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
    let mut rng = Rng::new(4);
    for _ in 0..3_000 {
        let count = 1 + rng.below(40);
        let source: String = (0..count)
            .map(|_| pieces[rng.below(pieces.len() as u64) as usize])
            .collect();
        if visible(&source).is_empty() {
            continue;
        }
        // A number at the start of a line may become that of a list.
        let shown = check(&source).map_or(source.clone(), |facts| facts.shown);
        let digits = |text: &str| visible(text).replace(['1', '.'], "");
        assert_eq!(digits(&shown), digits(&source), "{source:?}");
    }
}

#[test]
fn what_looks_like_the_definition_of_a_link_is_still_shown() {
    for source in [
        "[todo]: fix",
        "[todo]: fix\nand then rest",
        "first\n\n[note]: secret",
        "[a](http://e.org \"title\")",
        "``` three words here\nx\n```",
    ] {
        let shown = check(source).map_or(source.to_owned(), |facts| facts.shown + &facts.languages.concat());
        for word in source
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 2)
        {
            if !["http", "org"].contains(&word) {
                assert!(shown.contains(word), "{source:?} loses {word:?}: {shown:?}");
            }
        }
    }
}

#[test]
fn the_names_of_the_examples_are_keys() {
    for key in names().people.keys() {
        assert_eq!(*key, chapp::model::name_key(key));
    }
}
