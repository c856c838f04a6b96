//! Prepares `web/` for the executable: hashes it and checks that every reference resolves. Release builds also make
//! one script and one style sheet for each page (build/) and compress every file once (brotli and gzip), so that
//! serving costs nothing.
//!
//! Debug builds read `web/` from disk (src/http/assets.rs) and need only the check and the hash.

#[path = "build/emoji.rs"]
mod emoji;
#[path = "build/page.rs"]
mod page;
#[path = "build/partials.rs"]
mod partials;
#[path = "build/script.rs"]
mod script;

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
    // The same condition as in Cargo.toml.
    println!("cargo:rustc-check-cfg=cfg(has_io_uring)");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && matches!(target("ARCH").as_str(), "x86_64" | "aarch64" | "riscv64") {
        println!("cargo:rustc-cfg=has_io_uring");
    }
    println!("cargo:rerun-if-changed=web");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    let mut files = Files::new();
    collect(Path::new("web"), "", &mut files);
    insert_partials(&mut files).unwrap_or_else(|error| stop(&format!("web/{error}")));
    let missing = missing_references(&files);
    if !missing.is_empty() {
        stop(&format!(
            "web/ refers to files that are not there:\n{}",
            missing.join("\n")
        ));
    }
    let emoji = emoji::picker();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for (name, table) in [("emoji.txt", emoji::table()), ("shortcodes.txt", emoji::shortcodes())] {
        fs::write(out.join(name).with_extension("txt.gz"), gzip(table.as_bytes())).expect("OUT_DIR is writable");
    }
    fs::write(out.join("emoji.json"), &emoji).expect("OUT_DIR is writable");
    files.insert("emoji.json".to_owned(), emoji);
    let is_release = env::var("PROFILE").as_deref() == Ok("release");
    if is_release {
        files = page::release(&files).unwrap_or_else(|error| stop(&format!("web/: {error}")));
    }
    // Hashes the output and not its source, because a newer minifier changes the output.
    let hash = hash(&files);
    println!("cargo:rustc-env=CHAPP_ASSETS_HASH={hash}");
    if is_release {
        let out = out.join("web");
        let _ = fs::remove_dir_all(&out);
        for (name, bytes) in files {
            let is_page = name.ends_with(".html");
            bake(&out.join(&name), &if is_page { fill(bytes, &hash) } else { bytes });
        }
    }
}

fn stop(error: &str) -> ! {
    eprintln!("{error}");
    process::exit(1)
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

/// Inserts the partials into the pages, and removes their files.
fn insert_partials(files: &mut Files) -> Result<(), String> {
    let (partials, mut others): (Files, Files) = std::mem::take(files)
        .into_iter()
        .partition(|(name, _)| name.starts_with("partials/"));
    let read = |path: &str| Some(String::from_utf8_lossy(partials.get(path)?).into_owned());
    for (name, bytes) in others.iter_mut().filter(|(name, _)| name.ends_with(".html")) {
        let page =
            partials::insert(&String::from_utf8_lossy(bytes), read).map_err(|error| format!("{name}: {error}"))?;
        *bytes = page.into_bytes();
    }
    *files = others;
    Ok(())
}

/// The hash of everything served under it. Pages are not included, since they contain the hash.
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

/// Fills in the values that are known at build time. A page that needs no others is served compressed.
fn fill(bytes: Vec<u8>, hash: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).expect("pages are UTF-8");
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets the version");
    text.replace("{{assets}}", &format!("/-/{hash}"))
        .replace("{{version}}", &version)
        .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).expect("a Vec takes all");
    gzip.finish().expect("a Vec takes all")
}

/// Stores a page only as gzip, because it is filled and compressed again for each request.
fn bake(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("OUT_DIR is writable");
    let gzip = gzip(bytes);
    if gzip.len() >= bytes.len() {
        return fs::write(path, bytes).expect("OUT_DIR is writable");
    }
    let beside = |ending: &str, bytes: &[u8]| {
        fs::write(format!("{}.{ending}", path.display()), bytes).expect("OUT_DIR is writable");
    };
    beside("gz", &gzip);
    if path.extension().is_none_or(|ending| ending != "html") {
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, BROTLI_QUALITY, BROTLI_WINDOW)
            .write_all(bytes)
            .expect("a Vec takes all");
        beside("br", &brotli);
    }
}

/// The missing files among those that a page, a style sheet or a module refers to.
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
            Some("js") => ["from '", "from \"", "import('", "import(\""]
                .iter()
                .flat_map(|start| between(&text, start, &['\'', '"']))
                .collect::<Vec<_>>()
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
