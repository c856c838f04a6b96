//! Rules about the source: layers, file sizes, and words that must not occur.

mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 400;

/// A module may import those below it, never one above or beside it.
const LAYERS: [&[&str]; 8] = [
    &["process"],
    &["server", "commands"],
    &["http", "control"],
    &["ws"],
    &["chat"],
    &["store", "hub"],
    &["wire"],
    &["model"],
];
const LEAVES: [&str; 5] = ["error", "limits", "clock", "metrics", "permissions"];

/// The layers of the store, from the top: a file imports files of its own layer and of the layers below.
const STORE_FLOORS: [&[&str]; 8] = [
    &["handle", "fuzzing"],
    &["engine"],
    &["check"],
    &["changes"],
    &["queries"],
    &["search"],
    &["rows"],
    &["store_error", "progress"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under a folder with one of these extensions, by their path from the root.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if endings.contains(&ending.as_str()) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The module at the top that this file of src/ belongs to.
fn module(name: &str) -> &str {
    let path = name.strip_prefix("src/").unwrap();
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Whether code of one module may name another.
fn may(from: &str, to: &str) -> bool {
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    match (from, to) {
        _ if from == to => true,
        ("lib" | "main", _) => true,
        // The store knows events, not their encoding.
        ("store", "wire") => false,
        (from, to) if LEAVES.contains(&to) => !LEAVES.contains(&from),
        // The complete configuration, which only the outermost parts need.
        (from, "config" | "instance") => matches!(from, "process" | "server" | "commands" | "http"),
        // What they name in what they were told.
        ("config", "chat" | "store") => true,
        (from, to) => matches!((layer(from), layer(to)), (Some(above), Some(below)) if above < below),
    }
}

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    for (name, text) in files("src", &["rs"]) {
        let from = module(&name);
        wrong.extend(
            imports::modules_of_the_crate(&name, &text)
                .into_iter()
                .filter(|to| !may(from, to))
                .map(|to| format!("{name} names {to}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_place_among_the_layers() {
    for (name, _) in files("src", &["rs"]) {
        let module = module(&name);
        let is_placed = LAYERS.iter().any(|layer| layer.contains(&module)) || LEAVES.contains(&module);
        assert!(
            is_placed || matches!(module, "main" | "lib" | "config" | "instance"),
            "{module}"
        );
    }
}

#[test]
fn the_layers_are_read_as_they_are_written() {
    assert!(may("server", "hub") && may("ws", "wire") && may("store", "model") && may("hub", "limits"));
    assert!(!may("hub", "store") && !may("store", "hub") && !may("store", "wire") && !may("model", "store"));
    assert!(!may("chat", "ws") && !may("wire", "chat") && !may("error", "model") && !may("limits", "clock"));
    assert!(!may("chat", "config") && may("http", "config") && may("config", "chat"));
    let code =
        "use crate::chat::{Answer, Chat};\nuse crate::{wire, ws::{self, live}, model::Seq};\nlet x = crate::hub::Hub;";
    let expected = ["chat", "hub", "model", "wire", "ws"].map(str::to_owned);
    assert_eq!(
        imports::modules_of_the_crate("src/x.rs", code),
        BTreeSet::from(expected)
    );
}

/// The imports of every file.
fn graph_of(folder: &str) -> imports::Graph {
    let mut graph = imports::graph(&files("src", &["rs"]));
    graph.retain(|name, _| name.starts_with(folder));
    for named in graph.values_mut() {
        named.retain(|name| name.starts_with(folder));
    }
    graph
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let circles = imports::circles(&graph_of("src/"));
    assert!(circles.is_empty(), "{circles:#?}");
}

/// The layer of a store file, 0 at the top; `None` for the root module, which only re-exports.
fn floor(name: &str) -> Option<usize> {
    let part = name.strip_prefix("src/store/").unwrap().split('/').next().unwrap();
    let part = part.trim_end_matches(".rs");
    let floor = STORE_FLOORS.iter().position(|floor| floor.contains(&part));
    assert!(floor.is_some() || part == "mod", "{name} is on no floor");
    floor
}

#[test]
fn the_floors_of_the_store_are_named_from_above_only() {
    let mut wrong = Vec::new();
    for (name, others) in graph_of("src/store/") {
        let upward = others.into_iter().filter(|other| floor(other) < floor(&name));
        wrong.extend(upward.map(|other| format!("{name} names {other}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(floor("src/store/mod.rs") < floor("src/store/engine/mod.rs"));
    assert!(floor("src/store/changes/posts.rs") < floor("src/store/queries/people.rs"));
}

#[test]
fn each_great_dependency_has_its_home() {
    let homes: [(&str, &[&str]); 5] = [
        ("redb::", &["store"]),
        ("serde_json::", &["wire", "http"]),
        ("hyper::", &["http", "ws", "server"]),
        ("tokio_tungstenite::", &["ws"]),
        ("argon2::", &["chat"]),
    ];
    let mut wrong = Vec::new();
    for (name, text) in files("src", &["rs"]) {
        let code = code(&text);
        for (library, homes) in homes {
            let is_named = code.match_indices(library).any(|(at, _)| {
                let before = code[..at].chars().next_back().unwrap_or(' ');
                !before.is_alphanumeric() && before != '_'
            });
            if is_named && !homes.contains(&module(&name)) {
                wrong.push(format!("{name} names {library}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The structs and enums of this code that are read from JSON, each with the lines of its body.
fn read_from_json(code: &str) -> Vec<(String, String)> {
    let derived = code.split("#[derive(").skip(1);
    let derived = derived.filter(|part| part.split(")]").next().unwrap_or_default().contains("Deserialize"));
    let parts = derived.filter_map(|part| {
        let start = part.find("struct ").or_else(|| part.find("enum "))?;
        let (head, body) = part[start..].split_once('{')?;
        let name = head.split_whitespace().nth(1)?.to_owned();
        Some((name, body.split('}').next()?.to_owned()))
    });
    parts.collect()
}

#[test]
fn what_clients_send_is_read_in_one_place_and_an_array_is_no_object_in_it() {
    let mut wrong = Vec::new();
    for (name, text) in files("src", &["rs"]) {
        let code = code(&text);
        if !matches!(module(&name), "http" | "wire") {
            continue;
        }
        // The second looks at what was refused.
        let is_reader = matches!(name.as_str(), "src/wire/object.rs" | "src/wire/command.rs");
        if code.contains("serde_json::from_") && !is_reader {
            wrong.push(format!("{name} reads JSON"));
        }
        // Nested objects there are only in answers of our server to its own commands.
        if name == "src/wire/control.rs" {
            continue;
        }
        let known = read_from_json(&code);
        for (within, body) in &known {
            for (inner, _) in &known {
                let bare = body.split(|c: char| !c.is_alphanumeric() && !"_<".contains(c));
                let mut bare = bare.filter(|word| word.rsplit('<').next() == Some(inner));
                if bare.any(|word| {
                    !word.ends_with(&format!("Object<{inner}")) && !word.ends_with(&format!("Word<{inner}"))
                }) {
                    wrong.push(format!("{name}: {within} takes a {inner} in any shape"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sample = "#[derive(Deserialize)]\nstruct Inner { a: u8 }\n#[derive(Default, Deserialize)]\nstruct Outer {\n b: Option<Inner>,\n}";
    let names: Vec<String> = read_from_json(sample).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Inner", "Outer"]);
}

#[test]
fn no_file_is_too_long_to_be_one_idea() {
    let files = files("src", &["rs"]);
    let long: Vec<&String> = files
        .iter()
        .filter(|(_, text)| text.lines().count() > LINES_MAX)
        .map(|(name, _)| name)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn every_file_says_what_it_owns() {
    for (name, text) in files("src", &["rs"]) {
        assert!(text.starts_with("//! "), "{name}");
    }
}

/// The lines of docs that are a single word. A path or the shape of an answer in backticks does not count.
fn one_word_docs(text: &str) -> Vec<usize> {
    let doc = |line: &str| line.trim_start().strip_prefix("///").map(|doc| doc.trim().to_owned());
    let docs: Vec<Option<String>> = text.lines().map(doc).collect();
    let is_doc = |at: Option<usize>| at.and_then(|at| docs.get(at)).is_some_and(Option::is_some);
    let found = docs.iter().enumerate().filter(|(at, doc)| {
        let is_word = |doc: &String| !doc.is_empty() && !doc.starts_with('`') && !doc.contains(char::is_whitespace);
        doc.as_ref().is_some_and(is_word) && !is_doc(at.checked_sub(1)) && !is_doc(Some(at + 1))
    });
    found.map(|(at, _)| at + 1).collect()
}

#[test]
fn the_doc_of_an_item_says_more_than_one_word() {
    let mut wrong = Vec::new();
    for (name, text) in files("src", &["rs"]) {
        wrong.extend(one_word_docs(&text).into_iter().map(|line| format!("{name}:{line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sample = "/// Who.\npub user: u64,\n/// The end\n/// of it.\n/// `GET`\nShow,\n\n    /// When.\n    at: u64,";
    assert_eq!(one_word_docs(sample), [1, 8]);
}

#[test]
fn no_text_becomes_markup_or_a_program_in_the_page() {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
        "srcdoc",
        "javascript:",
    ];
    for (name, text) in files("web/js", &["js"]) {
        let code = code(&text);
        for word in words {
            assert!(!code.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn no_page_asks_another_server_for_anything() {
    for (name, text) in files("web", &["html", "css", "js", "svg"]) {
        for (at, _) in text.match_indices("://") {
            let start = text[..at]
                .rfind(|c: char| !c.is_ascii_alphabetic())
                .map_or(0, |at| at + 1);
            let rest = &text[at + 3..];
            let is_name = rest.starts_with("www.w3.org/") || !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
            let is_text = text[..start].ends_with('`') || matches!(&text[start..at], "ws" | "wss");
            let is_comment = text[..at].lines().next_back().is_some_and(|line| {
                let line = line.trim_start();
                line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
            });
            assert!(
                is_name || is_text || is_comment,
                "{name}: …{}",
                rest.lines().next().unwrap_or_default()
            );
        }
    }
}
