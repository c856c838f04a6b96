//! Builds what releases serve instead of `web/`: for each page one script (`script.rs`) and one style sheet, and one
//! of each for its lazy part. It never changes what a page shows.

use super::{Files, between, script};

const SHEET: &str = "<link rel=\"stylesheet\" href=\"{{assets}}/";
/// The style sheets and modules of the lazy part.
const LAZY: &str = "<template id=\"lazy\">";
const ICON: &str = "<link rel=\"icon\"";
const PRELOAD: &str = "<link rel=\"modulepreload\"";
const SCRIPT: &str = "<script type=\"module\" src=\"{{assets}}/";

/// The files of a release: pages that refer to one script and one style sheet, those files, and all others unchanged.
///
/// # Errors
/// The construct that is not supported, and its file.
pub fn release(files: &Files) -> Result<Files, String> {
    let is_source = |name: &str| [".html", ".css", ".js"].iter().any(|ending| name.ends_with(ending));
    let others = files.iter().filter(|(name, _)| !is_source(name));
    let mut served: Files = others.map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let text = std::str::from_utf8(bytes).map_err(|_| format!("{name}: is not UTF-8"))?;
        let [entry] = &between(text, SCRIPT, &['"'])[..] else {
            return Err(format!("{name}: has not one script"));
        };
        let (start, lazy, end) = parts(text);
        let sheet = entry.replace("js", "css");
        let styles = sheet_of(files, &between(&format!("{start}{end}"), SHEET, &['"']))?;
        let mut lazy_sheet = None;
        match served.get(&sheet) {
            Some(known) if *known != styles => return Err(format!("{name}: another one has {entry} and other styles")),
            Some(_) => {}
            None => {
                for (script, bytes) in script::bundle(files, entry)? {
                    if script != *entry {
                        let sheet = script.replace("js", "css");
                        served.insert(sheet.clone(), sheet_of(files, &between(lazy, SHEET, &['"']))?);
                        lazy_sheet = Some(sheet);
                    }
                    served.insert(script, bytes);
                }
                served.insert(sheet.clone(), styles);
            }
        }
        if lazy_sheet.is_some() == lazy.is_empty() {
            return Err(format!("{name}: a lazy part needs both a script and a {LAZY}"));
        }
        let lazy = lazy_sheet.map_or(String::new(), |sheet| head(lazy, &sheet));
        let text = format!("{}{lazy}{}", head(start, &sheet), head(end, &sheet));
        let text = icons(&text, files)?;
        served.insert(name.clone(), text.into_bytes());
    }
    Ok(served)
}

/// Inlines the icons of the window: each is smaller than the head of an answer.
fn icons(text: &str, files: &Files) -> Result<String, String> {
    const ASSET: &str = "\"{{assets}}/";
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut line = line.to_owned();
        while line.starts_with(ICON)
            && let Some((before, rest)) = line.split_once(ASSET)
            && let Some((name, after)) = rest.split_once('"')
        {
            let svg = files.get(name).ok_or_else(|| format!("{name}: is not there"))?;
            let svg = String::from_utf8_lossy(svg)
                .trim()
                .replace('"', "'")
                .replace('#', "%23");
            line = format!("{before}\"data:image/svg+xml,{svg}\"{after}");
        }
        out.push_str(&line);
    }
    Ok(out)
}

/// The page before its lazy part, the lazy part, and the page after it.
fn parts(text: &str) -> (&str, &str, &str) {
    let Some((start, rest)) = text.split_once(LAZY) else {
        return (text, "", "");
    };
    let ends = rest.find("</template>").unwrap_or(rest.len());
    let (start, rest) = text.split_at(start.len());
    let (lazy, end) = rest.split_at(LAZY.len() + ends);
    (start, lazy, end)
}

/// The page with one style sheet for all of them, and without preloads.
fn head(text: &str, sheet: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut named = false;
    for line in text.lines() {
        if line.starts_with(SHEET) {
            if !std::mem::replace(&mut named, true) {
                out.push_str(&format!("{SHEET}{sheet}\">\n"));
            }
        } else if !line.starts_with(PRELOAD) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Joins these style sheets in order, without comments and most white space.
fn sheet_of(files: &Files, names: &[String]) -> Result<Vec<u8>, String> {
    let mut out = String::new();
    for name in names {
        let bytes = files.get(name).ok_or_else(|| format!("{name}: is not there"))?;
        let text = std::str::from_utf8(bytes).map_err(|_| format!("{name}: is not UTF-8"))?;
        if text.contains("@import") || text.contains("@charset") || text.contains("url(.") {
            return Err(format!("{name}: names another file, or has to stand alone"));
        }
        squeeze(text, &mut out);
    }
    Ok(out.into_bytes())
}

/// Removes comments, and white space that separates nothing. Quoted text stays as it is.
fn squeeze(text: &str, out: &mut String) {
    let mut rest = text.trim_start();
    let mut is_apart = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("/*") => {
                rest = rest.split_once("*/").map_or("", |(_, rest)| rest);
                is_apart = true;
                continue;
            }
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            first if first.is_ascii_whitespace() => {
                rest = rest.trim_start();
                is_apart = true;
                continue;
            }
            first => first.len_utf8(),
        };
        let joins = |c: char| matches!(c, '{' | '}' | ';' | ',');
        if is_apart && !joins(first) && !out.ends_with(joins) {
            out.push(' ');
        }
        if first == '}' && out.ends_with(';') {
            out.pop();
        }
        is_apart = false;
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
}
