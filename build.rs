//! Bakes `web/` for the executable: hashes it, checks that nothing it refers to is missing, and in
//! release builds compresses every file once (brotli and gzip), so that serving costs nothing.
//!
//! Debug builds read `web/` from disk (src/http/assets.rs); only the check and the hash are made for them.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// Hexadecimal digits of the hash in `/-/HASH/…`.
const HASH_DIGITS: usize = 12;
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

type Files = BTreeMap<String, Vec<u8>>;

fn main() {
    println!("cargo:rerun-if-changed=web");
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Files::new();
    collect(Path::new("web"), "", &mut files);
    let missing = missing_references(&files);
    if !missing.is_empty() {
        eprintln!("web/ refers to files that are not there:\n{}", missing.join("\n"));
        process::exit(1);
    }
    let emoji = emoji();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("emoji.json"), &emoji).expect("OUT_DIR is writable");
    files.insert("emoji.json".to_owned(), emoji);
    let hash = hash(&files);
    println!("cargo:rustc-env=CHAPP_ASSETS_HASH={hash}");
    if env::var("PROFILE").as_deref() == Ok("release") {
        let out = out.join("web");
        let _ = fs::remove_dir_all(&out);
        for (name, bytes) in files {
            bake(&out.join(&name), &finish(&name, bytes, &hash));
        }
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("web/ is readable").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.path() {
            path if path.is_dir() => collect(&path, &format!("{name}/"), files),
            path => {
                let bytes = fs::read(&path).expect("web/ is readable");
                files.insert(name, bytes);
            }
        }
    }
}

/// What the picker shows, of the `emojis` crate: `{"groups":[NAME…],"emoji":[[EMOJI, NAME, GROUP,
/// [SHORTCODE…], TONES?, VERSION]…]}`, where TONES is 1 for an emoji that has skin tones and VERSION ten times
/// that of the Unicode Emoji data which brought it (Unicode CLDR names).
fn emoji() -> Vec<u8> {
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

/// One hash over all that is served under it. Pages are not: they hold the hash.
fn hash(files: &Files) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with(".html")) {
        hasher.update(name.as_bytes());
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    }
    let digest = hasher.finalize();
    digest.iter().map(|b| format!("{b:02x}")).collect::<String>()[..HASH_DIGITS].to_owned()
}

/// A file as it is served: pages filled, scripts and styles without their comments.
fn finish(name: &str, bytes: Vec<u8>, hash: &str) -> Vec<u8> {
    match name.rsplit('.').next() {
        Some("html") => fill(bytes, hash),
        Some("js" | "css") => without_comments(bytes),
        _ => bytes,
    }
}

/// Leaves out lines that are nothing but comment. Comments beside code stay, so nothing has to be parsed.
fn without_comments(bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(bytes).expect("sources are UTF-8");
    let mut out = String::with_capacity(text.len());
    let mut in_block = false;
    for line in text.lines() {
        let code = line.trim();
        let starts_block = code.starts_with("/*") && (code.ends_with("*/") || !code.contains("*/"));
        if in_block || starts_block {
            in_block = !code.ends_with("*/");
        } else if !code.is_empty() && !code.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.into_bytes()
}

/// What a page says that is known now. A page that needs no more is served compressed.
fn fill(bytes: Vec<u8>, hash: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).expect("pages are UTF-8");
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets the version");
    text.replace("{{assets}}", &format!("/-/{hash}"))
        .replace("{{version}}", &version)
        .into_bytes()
}

fn bake(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("OUT_DIR is writable");
    fs::write(path, bytes).expect("OUT_DIR is writable");
    if bytes.windows(2).any(|pair| pair == b"{{") {
        return; // filled for each request
    }
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, BROTLI_QUALITY, BROTLI_WINDOW)
        .write_all(bytes)
        .expect("a Vec takes all");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).expect("a Vec takes all");
    let gzip = gzip.finish().expect("a Vec takes all");
    for (ending, compressed) in [("br", brotli), ("gz", gzip)] {
        if compressed.len() < bytes.len() {
            fs::write(format!("{}.{ending}", path.display()), compressed).expect("OUT_DIR is writable");
        }
    }
}

/// Every file that a page, a style sheet or a module names must be there.
fn missing_references(files: &Files) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let references: Vec<String> = match name.rsplit('.').next() {
            Some("html") => between(&text, "{{assets}}/", &['"', '#', '\'']),
            Some("css") => between(&text, "url(", &[')', '#'])
                .iter()
                .map(|r| join(folder, r.trim_matches(['"', '\''])))
                .collect(),
            Some("js") => [between(&text, "from '", &['\'']), between(&text, "from \"", &['"'])]
                .concat()
                .iter()
                .filter(|r| r.starts_with('.'))
                .map(|r| join(folder, r))
                .collect(),
            _ => Vec::new(),
        };
        let absent = references
            .iter()
            .filter(|r| !r.starts_with("data:") && !files.contains_key(*r));
        missing.extend(absent.map(|r| format!("  {name}: {r}")));
    }
    missing
}

fn between(text: &str, start: &str, ends: &[char]) -> Vec<String> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.split(ends).next())
        .map(str::to_owned)
        .collect()
}

fn join(folder: &str, reference: &str) -> String {
    if reference.starts_with("data:") {
        return reference.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
