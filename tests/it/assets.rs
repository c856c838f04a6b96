//! How the page's files are served. Debug builds read them from disk, so some tests need a release build in
//! `CHAPP_EXE`.

use crate::harness::exe::{Exe, Home};
use crate::harness::http::{Request, Response};
use crate::harness::people::sign_up;
use flate2::read::GzDecoder;
use std::io::Read;

/// Whether the executable under test embeds its files.
fn is_release() -> bool {
    std::env::var_os("CHAPP_EXE").is_some() || !cfg!(debug_assertions)
}

fn get(exe: &Exe, path: &str, encodings: &str) -> Response {
    let request = Request::new(exe.address, "GET", path);
    match encodings {
        "" => request.send(),
        encodings => request.header("Accept-Encoding", encodings).send(),
    }
}

/// The addresses of the assets that a page, or a part of one, names.
fn named(text: &str) -> Vec<String> {
    let named = text.split('"').filter(|part| part.starts_with("/-/"));
    let mut paths: Vec<String> = named.map(|path| path.split('#').next().unwrap().to_owned()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// All assets that the first page names, and the icon, which a release has in the page itself.
fn assets(exe: &Exe) -> Vec<String> {
    let mut paths = named(get(exe, "/signup", "").text());
    let prefix = paths[0].split('/').take(3).collect::<Vec<_>>().join("/");
    paths.push(format!("{prefix}/icons/favicon.svg"));
    assert!(paths.len() >= 3, "{paths:?}");
    paths
}

/// The assets of the page without its lazy part, and those of the lazy part.
fn parts(page: &str) -> (String, &str) {
    let Some((start, rest)) = page.split_once("<template id=\"lazy\">") else {
        return (page.to_owned(), "");
    };
    let (lazy, end) = rest.split_once("</template>").unwrap();
    (format!("{start}{end}"), lazy)
}

#[test]
fn a_page_of_a_release_names_one_script_and_one_style_sheet() {
    let exe = Home::new().serve(&[]);
    let ada = sign_up(exe.address, "Ada");
    let chat = Request::new(exe.address, "GET", "/").cookie(&ada.cookie).send();
    for page in [chat, get(&exe, "/signup", ""), get(&exe, "/login", "")] {
        assert_eq!(page.status, 200);
        let (text, _) = parts(page.text());
        let of_kind = |ending: &str| {
            let mut paths = named(&text);
            paths.retain(|path| path.ends_with(ending));
            paths
        };
        let (scripts, sheets) = (of_kind(".js"), of_kind(".css"));
        if is_release() {
            assert_eq!((scripts.len(), sheets.len()), (1, 1), "{scripts:?} {sheets:?}");
            assert!(!text.contains("modulepreload"));
        }
        for path in scripts.iter().chain(&sheets) {
            assert_eq!(get(&exe, path, "").status, 200, "{path}");
        }
    }
}

/// Of 60 KiB with a cold cache, the rest is for API answers, heads and the socket.
const COLD_PAGE_BYTES_MAX: usize = 54_500;

#[test]
fn a_cold_page_is_small_and_the_rest_comes_later() {
    let exe = Home::new().serve(&[]);
    let ada = sign_up(exe.address, "Ada");
    let get = |path: &str| {
        let request = Request::new(exe.address, "GET", path).cookie(&ada.cookie);
        request.header("Accept-Encoding", "gzip, br").send()
    };
    let page = get("/");
    let mut text = String::new();
    GzDecoder::new(&page.body[..]).read_to_string(&mut text).unwrap();
    let (at_once, lazy) = parts(&text);
    let (at_once, lazy) = (named(&at_once), named(lazy));
    assert!(!lazy.is_empty() && lazy.iter().all(|path| !at_once.contains(path)));
    if !is_release() {
        return;
    }
    assert_eq!((at_once.len(), lazy.len()), (2, 1), "{at_once:?} {lazy:?}");
    let files: usize = at_once.iter().map(|path| get(path).body.len()).sum();
    let bytes = page.body.len() + files;
    assert!(bytes <= COLD_PAGE_BYTES_MAX, "{bytes} bytes");
    let script = lazy[0].replace("css", "js");
    for path in [&lazy[0], &script] {
        assert_eq!(
            (get(path).status, get(path).get("content-encoding")),
            (200, Some("br")),
            "{path}"
        );
    }
}

#[test]
fn messages_come_compressed_where_that_pays_and_nothing_that_holds_a_secret_does() {
    let exe = Home::new().serve(&["--rate-limits", "off"]);
    let ada = sign_up(exe.address, "Ada");
    let get = |path: &str, encodings: &str| {
        let request = Request::new(exe.address, "GET", path).cookie(&ada.cookie);
        request.header("Accept-Encoding", encodings).send()
    };
    let history = "/api/rooms/1/messages?limit=50";
    assert_eq!(get(history, "gzip").get("content-encoding"), None, "a few bytes");
    for number in 0..40 {
        let body = serde_json::json!({"client_id": format!("c{number}"), "body": format!("the {number}th of many")});
        let post = Request::new(exe.address, "POST", "/api/rooms/1/messages").cookie(&ada.cookie);
        assert_eq!(post.json(&body).send().status, 201);
    }
    let plain = get(history, "br");
    assert_eq!(plain.get("content-encoding"), None);
    let packed = get(history, "gzip, br");
    assert_eq!(packed.get("content-encoding"), Some("gzip"));
    assert_eq!(packed.get("cache-control"), Some("no-store"));
    assert!(packed.body.len() * 3 < plain.body.len());
    let mut text = Vec::new();
    GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
    for path in ["/api/me", "/api/me/sessions", "/api/server"] {
        assert_eq!(get(path, "gzip").get("content-encoding"), None, "{path}");
    }
    let invite = Request::new(exe.address, "POST", "/api/server/invite").cookie(&ada.cookie);
    assert_eq!(
        invite.header("Accept-Encoding", "gzip").send().get("content-encoding"),
        None
    );
}

#[test]
fn a_page_comes_compressed_and_says_the_same() {
    let exe = Home::new().serve(&[]);
    sign_up(exe.address, "Ada");
    for path in ["/signup", "/login"] {
        let plain = get(&exe, path, "");
        assert_eq!(plain.get("content-encoding"), None);
        let packed = get(&exe, path, "gzip, br");
        assert_eq!(packed.get("content-encoding"), Some("gzip"));
        assert_eq!(packed.get("vary"), Some("accept-encoding"));
        assert_ne!(packed.get("etag"), plain.get("etag"), "other bytes, another tag");
        assert!(packed.body.len() < plain.body.len());
        let mut text = Vec::new();
        GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, plain.body);
    }
}

#[test]
fn an_asset_comes_as_small_as_the_browser_takes_it_and_is_kept_for_good() {
    let exe = Home::new().serve(&[]);
    let lifetime = if is_release() {
        "public, max-age=31536000, immutable"
    } else {
        "private, no-cache"
    };
    let mut saved = 0;
    for path in assets(&exe) {
        let plain = get(&exe, &path, "");
        assert_eq!((plain.status, plain.get("content-encoding")), (200, None), "{path}");
        for (encodings, expected) in [
            ("gzip, deflate, br, zstd", "br"),
            ("br;q=1.0, gzip;q=0.8", "br"),
            ("gzip, deflate", "gzip"),
            ("GZIP", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("deflate", ""),
            ("identity", ""),
            ("brotli", ""),
        ] {
            let response = get(&exe, &path, encodings);
            assert_eq!((response.status, response.get("vary")), (200, Some("accept-encoding")));
            assert_eq!(response.get("cache-control"), Some(lifetime), "{path}");
            assert_eq!(response.get("content-type"), plain.get("content-type"));
            match response.get("content-encoding") {
                // Files that do not shrink are sent uncompressed.
                None => assert_eq!(response.body, plain.body, "{path}"),
                Some(encoding) => {
                    assert_eq!(encoding, expected, "{path} for {encodings}");
                    assert!(response.body.len() < plain.body.len());
                    assert!(encoding != "gzip" || response.body.starts_with(&[0x1f, 0x8b]));
                    saved += plain.body.len() - response.body.len();
                }
            }
        }
    }
    assert_eq!(saved > 0, is_release());
}

#[test]
fn an_asset_of_another_version_is_not_this_one() {
    let exe = Home::new().serve(&[]);
    let path = &assets(&exe)[0];
    let (_, name) = path[3..].split_once('/').unwrap();
    for hash in ["0", "000000000000", ""] {
        let response = get(&exe, &format!("/-/{hash}/{name}"), "");
        if is_release() {
            // Cached for good under the wrong address, it could never be corrected.
            response.refused(404, "not_found");
        }
    }
}

#[test]
fn a_page_is_asked_for_again_each_time_and_answered_in_short() {
    let exe = Home::new().serve(&[]);
    for encodings in ["", "gzip", "br"] {
        let page = get(&exe, "/signup", encodings);
        assert_eq!(page.get("cache-control"), Some("private, no-cache"));
        let request = Request::new(exe.address, "GET", "/signup").header("If-None-Match", page.get("etag").unwrap());
        let again = match encodings {
            "" => request.send(),
            encodings => request.header("Accept-Encoding", encodings).send(),
        };
        assert_eq!((again.status, again.body.len()), (304, 0), "{encodings}");
    }
}
