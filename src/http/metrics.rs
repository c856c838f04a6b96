//! `GET /metrics`: the server's counters and gauges in Prometheus' text-based exposition format, version 0.0.4
//! (prometheus.io/docs/instrumenting/exposition_formats). For programs on this computer, clients with the metrics
//! token, and the owner and admins.
//!
//! Written by hand: a family takes a few lines, and the crates for it cost more than they save, since they keep
//! labels in maps that every count would have to look up.

use super::process::Process;
use super::response::{self, Answer};
use super::{RequestContext, scraper};
use crate::chat::Health;
use crate::error::{Error, Kind, Result};
use crate::limits::METRICS_READ_TIMEOUT;
use crate::metrics::{Count, Histogram, Metrics};
use crate::model::ServerInfo;
use hyper::{HeaderMap, StatusCode};
use std::fmt::Write;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A family of counts: its name, its help, and each count with its labels.
type Family = (&'static str, &'static str, &'static [(&'static str, Count)]);

const FAMILIES: &[Family] = &[
    (
        "chapp_connections_accepted_total",
        "Connections that got a place.",
        &[("", Count::Accepted)],
    ),
    (
        "chapp_connections_refused_total",
        "Connections and sockets that were turned away.",
        &[
            ("reason=\"full\"", Count::TurnedAwayFull),
            ("reason=\"address\"", Count::TurnedAwayAddress),
            ("reason=\"person\"", Count::TurnedAwayPerson),
            ("reason=\"rate\"", Count::TurnedAwayRate),
            ("reason=\"overload\"", Count::TurnedAwayOverload),
        ],
    ),
    (
        "chapp_sockets_closed_total",
        "Sockets that ended, by why: 4408 reads too slowly, 4429 sends too fast.",
        &[
            ("code=\"4408\"", Count::TooSlow),
            ("code=\"4429\"", Count::Flooding),
            ("code=\"other\"", Count::Closed),
        ],
    ),
    ("chapp_events_total", "Events that were told.", &[("", Count::Events)]),
    (
        "chapp_deliveries_total",
        "Frames of events, counted once for each socket that they were for.",
        &[("", Count::Deliveries)],
    ),
    (
        "chapp_delivery_writes_total",
        "Writes to sockets for them: all frames of one commit together.",
        &[("", Count::Writes)],
    ),
    (
        "chapp_delivery_writes_together_total",
        "Those of them that went to the system together with others, by io_uring.",
        &[("", Count::WritesTogether)],
    ),
    (
        "chapp_delivered_bytes_total",
        "Bytes of them.",
        &[("", Count::DeliveredBytes)],
    ),
    (
        "chapp_commits_total",
        "Transactions that the disk has taken.",
        &[("", Count::Commits)],
    ),
    (
        "chapp_checkpoints_total",
        "How often everything in the journal was brought to the pages of the data file.",
        &[("", Count::Checkpoints)],
    ),
    ("chapp_changes_total", "Changes in them.", &[("", Count::Changes)]),
    (
        "chapp_refused_total",
        "What was refused, and why: rate is for one person or network, busy and overload for everybody.",
        &[
            ("what=\"act\",reason=\"rate\"", Count::ActsTooMany),
            ("what=\"act\",reason=\"overload\"", Count::ActsOverload),
            ("what=\"change\",reason=\"queue_full\"", Count::QueueFull),
            ("what=\"request\",reason=\"rate\"", Count::RequestsTooMany),
            ("what=\"sync\",reason=\"rate\"", Count::SyncsTooMany),
            ("what=\"search\",reason=\"busy\"", Count::SearchesBusy),
            ("what=\"login\",reason=\"rate\"", Count::LoginsTooMany),
            ("what=\"login\",reason=\"busy\"", Count::LoginsBusy),
            ("what=\"login\",reason=\"overload\"", Count::LoginsOverload),
            ("what=\"body\",reason=\"rate\"", Count::BodiesTooMany),
            ("what=\"body\",reason=\"busy\"", Count::BodiesBusy),
            ("what=\"upload\",reason=\"rate\"", Count::UploadsTooMany),
            ("what=\"upload\",reason=\"busy\"", Count::UploadsBusy),
            ("what=\"upload\",reason=\"slow\"", Count::UploadsTooSlow),
            ("what=\"upload\",reason=\"yielded\"", Count::UploadsYielded),
        ],
    ),
    (
        "chapp_write_failures_total",
        "Changes that were asked for and failed for a fault of the server's: its disk, its data file.",
        &[("", Count::WriteFailures)],
    ),
    (
        "chapp_uploaded_bytes_total",
        "Bytes of uploads that have arrived.",
        &[("", Count::UploadedBytes)],
    ),
    (
        "chapp_signals_dropped_total",
        "Typing signals that were dropped, and presence that was held back.",
        &[
            ("signal=\"typing\",reason=\"rate\"", Count::TypingTooMany),
            ("signal=\"typing\",reason=\"overload\"", Count::TypingOverload),
            ("signal=\"presence\",reason=\"overload\"", Count::PresenceHeld),
        ],
    ),
];

/// Builds the text of the format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    fn gauge(&mut self, name: &str, help: &str, samples: &[(&str, f64)]) {
        self.head(name, help, "gauge");
        for (labels, value) in samples {
            self.sample(name, labels, value);
        }
    }

    fn counts(&mut self, metrics: &Metrics) {
        for (name, help, samples) in FAMILIES {
            self.head(name, help, "counter");
            for (labels, count) in *samples {
                self.sample(name, labels, metrics.get(*count));
            }
        }
    }

    /// Writes whether changes are accepted, and when the last backup was made.
    fn writing(&mut self, is_writable: bool, info: Option<&ServerInfo>, metrics: &Metrics) {
        self.gauge(
            "chapp_writable",
            "Whether changes are taken: 1, or 0 with the reason at /readyz.",
            &[("", f64::from(u8::from(is_writable)))],
        );
        // The file records backups made by hand. The process knows of nightly ones and those of commands.
        let by_hand = info
            .and_then(|info| info.backup)
            .map_or(0.0, |backup| backup.at.0 as f64 / 1000.0);
        self.gauge(
            "chapp_last_backup_timestamp_seconds",
            "When the last backup was taken, in Unix time; 0 where none was.",
            &[("", by_hand.max(metrics.last_backup.get() as f64))],
        );
        self.gauge(
            "chapp_build_info",
            "What runs here: always 1.",
            &[(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\""), 1.0)],
        );
    }

    fn process(&mut self, process: &Process) {
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory that is resident.",
                process.resident_bytes,
            ),
            (
                "process_open_fds",
                "Files that are open, sockets among them.",
                process.open_files,
            ),
            ("process_max_fds", "Files that can be open.", process.open_files_max),
        ] {
            if let Some(value) = value {
                self.gauge(name, help, &[("", value as f64)]);
            }
        }
    }

    /// `unit` of the measured values make one of the exported ones.
    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, unit: f64) {
        self.head(name, help, "histogram");
        let measured = histogram.measured();
        let bucket = format!("{name}_bucket");
        for (bound, count) in measured.below {
            self.sample(&bucket, &format!("le=\"{}\"", bound as f64 / unit), count);
        }
        self.sample(&bucket, "le=\"+Inf\"", measured.count);
        self.sample(&format!("{name}_sum"), "", measured.sum as f64 / unit);
        self.sample(&format!("{name}_count"), "", measured.count);
    }
}

impl RequestContext<'_> {
    pub(super) async fn metrics(&self, headers: &HeaderMap) -> Result<Answer> {
        let token_matches = scraper::shows_token(self.http.metrics_token.as_ref(), headers);
        if !scraper::is_from_here(self.connection.peer.ip(), headers) && token_matches != Some(true) {
            if token_matches == Some(false) {
                return Ok(scraper::wrong_token(headers));
            }
            let viewer = match self.viewer().await {
                Err(error) if error.kind == Kind::Unauthenticated => {
                    return Err(Error::not_found("There is nothing at this address."));
                }
                viewer => viewer?,
            };
            self.chat().throttle_request(&viewer)?;
            self.chat().may_see_health(&viewer).await?;
        }
        let store = self.chat().store();
        let process = tokio::task::spawn_blocking(Process::read).await;
        // If the file cannot be read, the other metrics matter most.
        let info = tokio::time::timeout(METRICS_READ_TIMEOUT, self.chat().server()).await;
        let mut page = page(&self.chat().health(), store.metrics());
        let info = info.ok().and_then(Result::ok);
        page.writing(store.readiness().is_ok(), info.as_ref(), store.metrics());
        page.process(&process.map_err(Error::internal)?);
        let text = page.0;
        Ok(response::answer(StatusCode::OK, MEDIA_TYPE, text))
    }
}

fn page(health: &Health, metrics: &Metrics) -> Page {
    let mut page = Page::default();
    let all = metrics.connections.get();
    let sockets = health.sockets as u64;
    page.gauge(
        "chapp_connections",
        "Connections there are now.",
        &[
            ("kind=\"socket\"", sockets as f64),
            ("kind=\"http\"", all.saturating_sub(sockets) as f64),
        ],
    );
    page.gauge(
        "chapp_connections_max",
        "Connections there can be.",
        &[("", metrics.connections_max.get() as f64)],
    );
    page.gauge(
        "chapp_retained_roots",
        "Old states of the data file that are kept for those who copy it.",
        &[("", metrics.retained_roots.get() as f64)],
    );
    page.gauge(
        "chapp_request_bodies",
        "Bodies of requests in memory, those on their way included; uploads are not among them.",
        &[("", metrics.bodies.get() as f64)],
    );
    page.gauge(
        "chapp_request_body_bytes",
        "Bytes of them, but for the short ones.",
        &[("", metrics.body_bytes.get() as f64)],
    );
    let (receiving, waiting) = health.uploads;
    page.gauge(
        "chapp_uploads",
        "Files on their way: those that are received, and those that wait for their turn.",
        &[
            ("state=\"receiving\"", receiving as f64),
            ("state=\"waiting\"", waiting as f64),
        ],
    );
    page.counts(metrics);
    page.histogram("chapp_batch_changes", "Changes in a commit.", &metrics.batches, 1.0);
    page.histogram("chapp_commit_seconds", "How long a commit took.", &metrics.commits, 1e6);
    page.histogram(
        "chapp_fan_out_seconds",
        "From a commit, or a signal, until all sockets were written to.",
        &metrics.fan_out,
        1e6,
    );
    page.gauge(
        "chapp_queue_length",
        "What waits: changes for the writer, batches to be told, sockets whose reader is slow.",
        &[
            ("queue=\"writer\"", health.load.waiting as f64),
            ("queue=\"feed\"", health.load.feed as f64),
            ("queue=\"sockets\"", health.backlog.sockets as f64),
        ],
    );
    page.gauge(
        "chapp_waiting_bytes",
        "Bytes that wait for slow readers.",
        &[("", health.backlog.bytes as f64)],
    );
    page.gauge(
        "chapp_oldest_change_seconds",
        "How long the oldest change waits that the writer has in hand.",
        &[("", health.load.oldest.as_secs_f64())],
    );
    page.gauge(
        "chapp_overload_stage",
        "What is shed: 0 nothing, 1 new sockets and log-ins, 2 typing and presence too, 3 posts too.",
        &[("", f64::from(health.shed_level as u8))],
    );
    page.gauge(
        "process_start_time_seconds",
        "When the server started, in Unix time.",
        &[("", health.started_at.0 as f64 / 1000.0)],
    );
    page.gauge(
        "chapp_data_file_bytes",
        "How large the data file is.",
        &[("", health.storage.file_bytes as f64)],
    );
    if let Some((free, _)) = health.storage.disk {
        page.gauge(
            "chapp_disk_free_bytes",
            "What is free on its disk.",
            &[("", free as f64)],
        );
    }
    page
}
