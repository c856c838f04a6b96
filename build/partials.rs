//! Shared parts of pages: `{{> NAME}}` in a page stands for `web/partials/NAME.html`. Release builds insert it once
//! (build.rs), debug builds whenever they serve a page (src/http/assets.rs).

/// The page with its partials. `read` finds them by their path in `web/`.
///
/// # Errors
/// The missing partial.
pub fn insert(page: &str, read: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut parts = page.split("{{> ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        let partial = read(&format!("partials/{name}.html")).ok_or_else(|| format!("there is no partial {name}"))?;
        out.push_str(partial.trim_end());
        out.push_str(rest);
    }
    Ok(out)
}
