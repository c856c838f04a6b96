//! The world of a scenario: a fresh server, and the three browsers on clean pages.

use crate::driver::{Browser, Engine, Outcome, PageEvent};
use crate::site::Site;
use std::sync::Mutex;
use std::thread;

pub const DESKTOP: (u32, u32) = (1280, 900);
pub const PHONE: (u32, u32) = (390, 844);

pub struct World<'run> {
    pub browsers: &'run [Browser],
    pub site: Site,
    origins: Mutex<Vec<String>>,
    expected: Mutex<Vec<Expected>>,
}

/// A failure that a scenario causes on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The server does not answer for a while.
    NoAnswer,
    /// The server answers with this error status.
    Status(u64),
}

impl<'run> World<'run> {
    pub fn new(browsers: &'run [Browser]) -> Outcome<World<'run>> {
        let site = Site::start()?;
        let origins = Mutex::new(vec![site.origin.clone()]);
        let world = World {
            browsers,
            site,
            origins,
            expected: Mutex::default(),
        };
        world.each(|browser| {
            browser.set_viewport(DESKTOP.0, DESKTOP.1)?;
            browser.set_media(false, false)?;
            browser.take_sightings();
            Ok(())
        })?;
        Ok(world)
    }

    /// Leaves the pages, and checks the page events since they were opened.
    pub fn end(&self) -> Outcome {
        self.each(|browser| {
            let left = leave(browser);
            let complaints: Vec<String> = browser
                .take_sightings()
                .into_iter()
                .filter_map(|page_event| self.complaint_about(page_event))
                .collect();
            left?;
            if complaints.is_empty() {
                Ok(())
            } else {
                Err(complaints.join("\n      "))
            }
        })
    }

    pub fn expect(&self, expected: &[Expected]) {
        self.expected.lock().expect("no step panics here").extend(expected);
    }

    /// Runs a step in all browsers at once, each with its own server: for what happens only once on a server, such as
    /// the
    /// first account, and for steps that other writers would disturb.
    pub fn each_apart(&self, step: impl Fn(&Browser, &Site) -> Outcome + Sync) -> Outcome {
        self.each(|browser| {
            let site = Site::start()?;
            self.origins
                .lock()
                .expect("no step panics here")
                .push(site.origin.clone());
            step(browser, &site)?;
            // Before the server stops, or its page would report errors.
            browser.go_to("about:blank")
        })
    }

    /// Another server, configured with a name for others on the network.
    pub fn site_on_a_network(&self, name: &'static str) -> Outcome<Site> {
        let site = Site::on_a_network(name)?;
        let mut origins = self.origins.lock().expect("no step panics here");
        origins.push(site.origin.clone());
        Ok(site)
    }

    pub fn browser(&self, engine: Engine) -> &Browser {
        let mut browsers = self.browsers.iter();
        browsers
            .find(|browser| browser.engine == engine)
            .expect("there is one of each engine")
    }

    /// Runs a step in all browsers at once.
    pub fn each(&self, step: impl Fn(&Browser) -> Outcome + Sync) -> Outcome {
        let step = |browser: &Browser| step(browser).map_err(|error| format!("{:?}: {error}", browser.engine));
        thread::scope(|scope| {
            let step = &step;
            let steps: Vec<_> = self
                .browsers
                .iter()
                .map(|browser| scope.spawn(move || step(browser)))
                .collect();
            let outcomes = steps.into_iter().map(|step| step.join().expect("a step has panicked"));
            let errors: Vec<String> = outcomes.filter_map(Result::err).collect();
            if errors.is_empty() {
                Ok(())
            } else {
                Err(errors.join("\n    "))
            }
        })
    }

    fn complaint_about(&self, page_event: PageEvent) -> Option<String> {
        let expected = self.expected.lock().expect("no step panics here");
        match page_event {
            PageEvent::Request(url) => {
                let known = self.is_ours(&url);
                (!known).then(|| format!("a request to a stranger: {url}"))
            }
            // Leaving a page aborts its requests.
            PageEvent::NoAnswer(request) if is_broken_off(&request) => None,
            PageEvent::NoAnswer(_) if expected.contains(&Expected::NoAnswer) => None,
            PageEvent::NoAnswer(request) => Some(format!("no answer to {request}")),
            PageEvent::ErrorStatus { status, .. } if expected.contains(&Expected::Status(status)) => None,
            // Firefox requests an icon for the picture that is opened to leave a page.
            PageEvent::ErrorStatus { url, .. } if url.ends_with("/favicon.ico") => None,
            PageEvent::ErrorStatus { status, url } => Some(format!("status {status} for {url}")),
            PageEvent::ConsoleError(line) if is_unknown_to_webkit(&line) || is_broken_off(&line) => None,
            PageEvent::ConsoleError(line) if self.is_own_load_broken_off(&line) => None,
            PageEvent::ConsoleError(line) if is_about_network(&line) && !expected.is_empty() => None,
            PageEvent::ConsoleError(line) => Some(format!("console: {line}")),
            PageEvent::PolicyViolation(breach) => Some(format!("against the policy: {breach}")),
        }
    }

    /// WebKit's error when a page is left during a request to its own server.
    fn is_own_load_broken_off(&self, line: &str) -> bool {
        let rest = line.strip_suffix(" due to access control checks.");
        let url = rest
            .and_then(|rest| rest.split_once("cannot load "))
            .map(|(_, url)| url);
        url.is_some_and(|url| self.is_ours(url))
    }

    fn is_ours(&self, url: &str) -> bool {
        let inside = ["data:", "blob:", "about:"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        let web_socket = url.replacen("ws://", "http://", 1);
        let origins = self.origins.lock().expect("no step panics here");
        let rest = origins
            .iter()
            .find_map(|origin| web_socket.strip_prefix(origin.as_str()));
        inside || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Closes all tabs but one, and opens an empty page in that.
fn leave(browser: &Browser) -> Outcome {
    browser.set_scripts(true)?;
    let tabs = browser.tabs()?;
    for tab in tabs.iter().skip(1) {
        browser.switch_to(tab)?;
        browser.close_tab()?;
    }
    if let Some(first) = tabs.first() {
        browser.switch_to(first)?;
    }
    // From a picture of the same site, which makes no requests: a page that is still open would get refusals without
    // its
    // session. If the server is gone, there are none.
    let icon = browser.text_of("document.querySelector('link[rel=icon]')?.href ?? ''")?;
    if !icon.is_empty() {
        let _ = browser.go_to(&icon);
    }
    browser.delete_cookies()?;
    browser.go_to("about:blank")
}

/// The errors of Chromium, Firefox and WebKit when a page is left while it is loading or connected.
fn is_broken_off(words: &str) -> bool {
    [
        "net::ERR_ABORTED",
        "NS_BINDING_ABORTED",
        "Load request cancelled",
        "WebSocket is closed due to suspension",
    ]
    .iter()
    .any(|known| words.contains(known))
}

/// Console messages about a failed request or socket.
fn is_about_network(line: &str) -> bool {
    [
        "Failed to load resource",
        "WebSocket",
        "ws://",
        "NetworkError",
        "network connection was lost",
    ]
    .iter()
    .any(|word| line.contains(word))
}

/// WebKit's error about a policy directive that it does not know and ignores.
fn is_unknown_to_webkit(line: &str) -> bool {
    [
        "Unrecognized Content-Security-Policy directive 'manifest-src'",
        "Viewport argument key \"interactive-widget\" not recognized",
    ]
    .iter()
    .any(|word| line.contains(word))
}
