//! Tables made from the `emojis` crate at build time. The crate's own tables would take ten times as much space.

use std::collections::BTreeMap;

const VARIATION: char = '\u{fe0f}';
const KEY: char = '\u{20e3}';

/// All spellings of all emoji, sorted, one a line: the spelling, a tab, and the emoji.
pub fn table() -> String {
    let toned = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten();
    let all = emojis::iter().flat_map(|emoji| std::iter::once(emoji).chain(toned(emoji)));
    let ways = all.flat_map(|emoji| ways(emoji.as_str()).into_iter());
    let known = ways.filter_map(|way| Some((emojis::get(&way)?.as_str(), way)));
    lines(known.map(|(emoji, way)| (way, emoji)).collect())
}

/// All shortcodes, sorted, one a line: the shortcode, a tab, and its emoji.
pub fn shortcodes() -> String {
    let codes = |emoji: &'static emojis::Emoji| emoji.shortcodes().map(|code| (code.to_owned(), emoji.as_str()));
    lines(emojis::iter().flat_map(codes).collect())
}

fn lines(table: BTreeMap<String, &str>) -> String {
    let line = |(key, emoji): (String, &str)| if key == emoji { key } else { format!("{key}\t{emoji}") };
    let lines: Vec<String> = table.into_iter().map(line).collect();
    lines.join("\n")
}

/// An emoji with each subset of its variation selectors, and with one more, since keyboards differ in that. Keycap
/// digits also without the keycap.
fn ways(emoji: &str) -> Vec<String> {
    let mut ways = emoji.chars().fold(vec![String::new()], |ways, c| {
        let with = ways.iter().map(|way| format!("{way}{c}"));
        match c {
            VARIATION => with.chain(ways.iter().cloned()).collect(),
            _ => with.collect(),
        }
    });
    ways.extend(emoji.strip_suffix(KEY).map(str::to_owned));
    let further: Vec<String> = ways.iter().map(|way| format!("{way}{VARIATION}")).collect();
    ways.extend(further);
    ways
}

/// The data of the emoji picker: `{"groups":[NAME…],"emoji":[[EMOJI, NAME, GROUP, [SHORTCODE…], TONES?, VERSION]…]}`.
/// TONES is 1 for an emoji with skin tones, and VERSION is ten times the version of the Unicode Emoji data that added
/// it (Unicode CLDR names).
pub fn picker() -> Vec<u8> {
    let mut groups: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for emoji in emojis::iter() {
        let group = group(emoji.group());
        let place = groups.iter().position(|known| known == group).unwrap_or_else(|| {
            groups.push(group.to_owned());
            groups.len() - 1
        });
        let tones = u8::from(emoji.skin_tones().is_some());
        let codes: Vec<&str> = emoji.shortcodes().collect();
        let version = emoji.unicode_version();
        let version = version.major() * 10 + version.minor();
        rows.push(serde_json::json!([
            emoji.as_str(),
            emoji.name(),
            place,
            codes,
            tones,
            version
        ]));
    }
    serde_json::to_vec(&serde_json::json!({ "groups": groups, "emoji": rows })).expect("text and numbers")
}

fn group(group: emojis::Group) -> &'static str {
    match group {
        emojis::Group::SmileysAndEmotion => "Smileys",
        emojis::Group::PeopleAndBody => "People",
        emojis::Group::AnimalsAndNature => "Nature",
        emojis::Group::FoodAndDrink => "Food",
        emojis::Group::TravelAndPlaces => "Travel",
        emojis::Group::Activities => "Activities",
        emojis::Group::Objects => "Objects",
        emojis::Group::Symbols => "Symbols",
        emojis::Group::Flags => "Flags",
    }
}
