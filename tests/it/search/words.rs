//! What a search finds in a text, and which parts are highlighted.

use super::*;

/// The highlighted parts of a body.
fn marked(hit: &Value) -> Vec<String> {
    let body: Vec<char> = hit["message"]["body"].as_str().unwrap().chars().collect();
    let marks = hit["marks"].as_array().unwrap().iter();
    marks
        .map(|mark| {
            let at = |end: usize| mark[end].as_u64().unwrap() as usize;
            body[at(0)..at(1)].iter().collect()
        })
        .collect()
}

#[test]
fn what_is_marked_is_what_was_sought_in_every_script() {
    let (site, ada, ..) = three();
    let mut socket = site.socket(&ada);
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "The poster, the Posters and POSTERITY",
            "poster",
            &["poster", "Posters", "POSTERITY"],
        ),
        ("poster one and a post", "post one", &["one", "post"]),
        ("👍🏽👨‍👩‍👧‍👦 café 🎉 noir", "cafe noir", &["café", "noir"]),
        ("e\u{301}te\u{301} au cafe\u{301}", "été", &["e\u{301}te\u{301}"]),
        ("𝒟𝓇𝒶𝓂𝒶 and 𐐀𐐁 here", "drama", &["𝒟𝓇𝒶𝓂𝒶"]),
        ("Straße und STRASSE", "strasse", &["Straße", "STRASSE"]),
        ("ﬁne ﬁnd", "fi", &["ﬁne", "ﬁnd"]),
        ("我在東京都庁にいます", "京都", &["京都"]),
        ("我在東京都庁にいます", "庁", &["庁"]),
        ("東京と京都、京都", "京都", &["京都", "京都"]),
        ("ｺｰﾋｰ と コーヒー", "コーヒー", &["ｺｰﾋｰ", "コーヒー"]),
        ("학교에서 만나요", "학교", &["학교"]),
        ("ผมชอบกาแฟเย็น", "กาแฟ", &["กาแฟ"]),
        ("שָׁלוֹם לכולם", "שלום", &["שָׁלוֹם"]),
        ("السَّلام عليكم", "السلام", &["السَّلام"]),
        ("مـــرحبا", "مرحبا", &["مـــرحبا"]),
        ("می‌خواهم بروم", "میخواهم", &["می‌خواهم"]),
        ("co\u{ad}operate", "cooperate", &["co\u{ad}operate"]),
        ("a well-known e-mail", "e-mail", &["e-mail"]),
        ("see www.example.com/path_2", "example.com", &["example.com"]),
        ("see report_final.PDF", "pdf", &["PDF"]),
        (
            "The matte stock, the matte, the stock",
            "\"matte stock\"",
            &["matte stock"],
        ),
        ("It isn't", "isn't", &["isn't"]),
        ("1,024 and 3.14", "3.14", &["3.14"]),
        ("one two one", "one two", &["one", "two", "one"]),
        ("ǅungla", "ǆungla", &["ǅungla"]),
        ("İstanbul", "istanbul", &["İstanbul"]),
    ];
    for (n, (body, query, expected)) in cases.iter().enumerate() {
        say(&mut socket, 1, &format!("c{n}"), body);
        let page = page(&site, &ada, &[("q", query)]);
        let hit = page["hits"]
            .as_array()
            .unwrap()
            .iter()
            .find(|hit| hit["message"]["body"] == *body);
        let hit = hit.unwrap_or_else(|| panic!("{query:?} does not find {body:?}"));
        assert_eq!(marked(hit), *expected, "{query:?} in {body:?}");
    }
}

#[test]
fn all_words_must_be_there_and_only_the_last_may_go_on() {
    let (site, ada, ..) = three();
    let body = "Posters hang in the old mill";
    say(&mut site.socket(&ada), 1, "c1", body);
    let cases = [
        ("poster", true),
        ("POSTERS", true),
        ("mill posters", true),
        ("old mil", true),
        ("poster mill", false),
        ("ill", false),
        ("osters", false),
        ("posters tomorrow", false),
        ("\"old mill\"", true),
        ("\"old mil\"", false),
        ("\"mill old\"", false),
        ("old-mill", true),
        ("mill-old", false),
        ("old old mill", true),
        ("p", true),
        ("postersx", false),
    ];
    for (query, finds) in cases {
        assert_eq!(!found(&site, &ada, &[("q", query)]).is_empty(), finds, "{query:?}");
    }
}

#[test]
fn long_words_and_long_messages_are_found_to_a_bound() {
    let (site, ada, ..) = three();
    let mut socket = site.socket(&ada);
    let word = "supercalifragilisticexpialidocious".repeat(3);
    say(&mut socket, 1, "c1", &format!("{word} and {word}x"));
    let finds = |query: &str| found(&site, &ada, &[("q", query)]).len();
    assert_eq!((finds(&word), finds(&word[..60])), (1, 1));
    assert_eq!(
        finds(&format!("{} and", &word[..60])),
        0,
        "the beginning alone is another word"
    );
    assert_eq!(finds(&format!("{word}y")), 0);
    // Only the first two thousand words of a message are indexed.
    let ideograph = |n: u32| char::from_u32(0x4e00 + n).unwrap().to_string();
    say(&mut socket, 1, "c2", &(0..2_100).map(ideograph).collect::<String>());
    let finds_word = |n| finds(&ideograph(n));
    assert_eq!(
        [finds_word(0), finds_word(1_999), finds_word(2_000), finds_word(2_099)],
        [1, 1, 0, 0]
    );
}
