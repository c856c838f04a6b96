//! The dependencies between source files: imports, and paths like `super::x` and `crate::a::b` in code. A re-exported
//! name (`pub use`) counts as a name of the file that defines it.

use super::code;
use std::collections::{BTreeMap, BTreeSet};

type Module = Vec<String>;

struct Import {
    /// What it is called in this file.
    name: String,
    path: Vec<String>,
    is_public: bool,
}

/// A file, which is a module.
struct File {
    path: String,
    imports: Vec<Import>,
    /// Its code without the imports.
    body: String,
}

struct Files(BTreeMap<Module, File>);

/// The files that each file depends on.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// Reads files by their path from the root and their text.
pub fn graph(files: &[(String, String)]) -> Graph {
    let files = Files(
        files
            .iter()
            .map(|(path, text)| (module(path), file(path, text)))
            .collect(),
    );
    let edges = files
        .0
        .iter()
        .map(|(module, file)| (file.path.clone(), files.named(module, file)));
    edges.collect()
}

/// The modules at the top of the crate that a file names from there, in `pub use` as well.
pub fn modules_of_the_crate(path: &str, text: &str) -> BTreeSet<String> {
    let file = file(path, text);
    let imported = file.imports.into_iter().map(|import| import.path);
    let from_crate = imported
        .chain(paths_in(&file.body))
        .filter(|path| path.len() > 1 && path[0] == "crate");
    from_crate.map(|mut path| path.swap_remove(1)).collect()
}

/// The cycles: groups of files that depend on each other, directly or through others.
pub fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reachable = |from: &String| -> BTreeSet<String> {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            for named in &graph[file] {
                if seen.insert(named.clone()) {
                    next.push(named);
                }
            }
        }
        seen
    };
    let reachable: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|file| (file, reachable(file))).collect();
    let mut circles = BTreeSet::new();
    for (file, others) in &reachable {
        let circle: BTreeSet<String> = others
            .iter()
            .filter(|other| reachable[other].contains(*file))
            .cloned()
            .collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

fn module(path: &str) -> Module {
    let path = path.strip_prefix("src/").unwrap().trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" => Module::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

fn file(path: &str, text: &str) -> File {
    let (mut imports, mut body) = (Vec::new(), String::new());
    let code = code(text);
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let (visibility, rest) = visibility(line.trim_start());
        let Some(tree) = rest.strip_prefix("use ") else {
            // `pub(in crate::a)` names nothing that the file needs.
            body.extend([rest, "\n"]);
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            tree.push_str(lines.next().unwrap());
        }
        let tree = tree.split(';').next().unwrap();
        imports.extend(paths(tree).into_iter().map(|(path, name)| Import {
            name,
            path,
            is_public: !visibility.is_empty(),
        }));
    }
    File {
        path: path.to_owned(),
        imports,
        body,
    }
}

/// `pub`, `pub(super)` or the like, if the line begins with one, and the rest of it.
fn visibility(line: &str) -> (&str, &str) {
    let after = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.find(") ").map(|end| &rest[end + 2..]),
        Some(rest) => rest.strip_prefix(' '),
        None => None,
    };
    after.map_or(("", line), |rest| (&line[..line.len() - rest.len()], rest))
}

/// The paths of `a::{b, c::{self, D as E}}`, each with the name that it gets.
fn paths(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let group = group.trim_end().strip_suffix('}').unwrap();
        let (mut items, mut depth) = (vec![String::new()], 0);
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    items.push(String::new());
                    continue;
                }
                _ => {}
            }
            items.last_mut().unwrap().push(c);
        }
        let items = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
        return items.flat_map(|item| paths(&format!("{head}{item}"))).collect();
    }
    let (path, alias) = tree
        .split_once(" as ")
        .map_or((tree, None), |(path, alias)| (path, Some(alias)));
    let mut path: Vec<String> = path.split("::").map(|segment| segment.trim().to_owned()).collect();
    path.pop_if(|last| last == "self");
    let name = alias.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
    vec![(path, name)]
}

/// The paths of two names or more in code without imports.
fn paths_in(body: &str) -> Vec<Vec<String>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(start) = rest.find(is_name) {
        let is_method = rest[..start].ends_with('.');
        rest = &rest[start..];
        let mut path = Vec::new();
        loop {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            path.push(rest[..end].to_owned());
            rest = &rest[end..];
            match rest.strip_prefix("::") {
                Some(after) if after.starts_with(is_name) => rest = after,
                _ => break,
            }
        }
        if path.len() > 1 && !is_method {
            found.push(path);
        }
    }
    found
}

impl Files {
    /// The other files that a file names.
    fn named(&self, module: &Module, file: &File) -> BTreeSet<String> {
        let private = file.imports.iter().filter(|import| !import.is_public);
        let mut paths: Vec<Vec<String>> = private.map(|import| import.path.clone()).collect();
        for path in paths_in(&file.body) {
            match file.imports.iter().find(|import| import.name == path[0]) {
                Some(import) => paths.push([&import.path, &path[1..]].concat()),
                None => paths.push(path),
            }
        }
        let named = paths
            .iter()
            .filter_map(|path| self.resolve(module, path, &mut BTreeSet::new()));
        let others = named.filter(|named| named != module && !named.is_empty());
        others.map(|named| self.0[&named].path.clone()).collect()
    }

    /// The file that defines what a path means in a module.
    fn resolve(&self, module: &Module, path: &[String], seen: &mut BTreeSet<(Module, String)>) -> Option<Module> {
        let mut at = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Module::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            name => drop(self.child(module, name)?),
        }
        while let Some(child) = rest.first().and_then(|name| self.child(&at, name)) {
            (at, rest) = (child, &rest[1..]);
        }
        let file = self.0.get(&at)?;
        if let Some(name) = rest.first()
            && seen.insert((at.clone(), name.clone()))
            && let Some(import) = file.imports.iter().find(|import| import.name == *name)
            && let Some(found) = self.resolve(&at, &import.path, seen)
        {
            return Some(found);
        }
        Some(at)
    }

    fn child(&self, module: &Module, name: &str) -> Option<Module> {
        let child = [&module[..], &[name.to_owned()]].concat();
        self.0.contains_key(&child).then_some(child)
    }
}

/// Files made up of a few lines.
fn made_up(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    owned.collect()
}

#[test]
fn the_imports_of_files_are_read_as_they_are_written() {
    let files = made_up(&[
        ("src/lib.rs", "pub mod a;\npub mod b;\n"),
        (
            "src/a/mod.rs",
            "mod one;\nmod two;\npub use one::One;\nfn f() {\n    two::f();\n}\n",
        ),
        ("src/a/one.rs", "pub(in crate::b) struct One;\n// crate::b::g()\n"),
        (
            "src/a/two.rs",
            "use super::One;\nuse crate::{\n    b::{self as other},\n    c,\n};\npub fn f() {\n    other::g(c::h);\n}\n",
        ),
        (
            "src/b.rs",
            "use std::fmt;\npub fn g() {\n    x.super::y();\n    super::a::two::f();\n}\n",
        ),
        ("src/c.rs", "use super::a::One;\npub(crate) use super::b::g;\n"),
    ]);
    let mut graph = graph(&files);
    let names = |file: &str| -> Vec<&str> { graph[file].iter().map(String::as_str).collect() };
    assert_eq!(names("src/lib.rs"), [""; 0]);
    assert_eq!(names("src/a/mod.rs"), ["src/a/two.rs"]);
    assert_eq!(names("src/a/one.rs"), [""; 0]);
    assert_eq!(names("src/a/two.rs"), ["src/a/one.rs", "src/b.rs", "src/c.rs"]);
    assert_eq!(names("src/b.rs"), ["src/a/two.rs"]);
    assert_eq!(names("src/c.rs"), ["src/a/one.rs"]);

    let circle = ["src/a/two.rs", "src/b.rs"].map(str::to_owned);
    assert_eq!(circles(&graph), [BTreeSet::from(circle)]);
    graph.get_mut("src/b.rs").unwrap().clear();
    assert!(circles(&graph).is_empty());
}
