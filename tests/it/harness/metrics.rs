//! Reads `/metrics`.

use super::PATIENCE;
use super::http::Request;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

/// Each sample by its name and labels.
pub struct Metrics(HashMap<String, f64>);

impl Metrics {
    /// Reads them as a program on this computer does.
    #[track_caller]
    pub fn read(address: SocketAddr) -> Metrics {
        let response = Request::new(address, "GET", "/metrics").send();
        assert_eq!(response.status, 200, "{}", response.text());
        Metrics::parse(response.text())
    }

    /// Reads repeatedly until this is true.
    #[track_caller]
    pub fn until(address: SocketAddr, is_true: impl Fn(&Metrics) -> bool) -> Metrics {
        let began = Instant::now();
        loop {
            let metrics = Metrics::read(address);
            if is_true(&metrics) {
                return metrics;
            }
            assert!(began.elapsed() < PATIENCE, "still not so: {:?}", metrics.0);
        }
    }

    #[track_caller]
    pub fn parse(text: &str) -> Metrics {
        let mut samples = HashMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            let known = samples.insert(name.to_owned(), value.parse().unwrap());
            assert_eq!(known, None, "twice: {name}");
        }
        Metrics(samples)
    }

    #[track_caller]
    pub fn get(&self, sample: &str) -> f64 {
        *self.0.get(sample).unwrap_or_else(|| panic!("no {sample}"))
    }

    pub fn shed_level(&self) -> f64 {
        self.get("chapp_overload_stage")
    }

    /// Changes that wait for the writer.
    pub fn queue(&self) -> f64 {
        self.get("chapp_queue_length{queue=\"writer\"}")
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
