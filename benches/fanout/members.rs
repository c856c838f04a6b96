//! The members of one room: any number of connections on one thread, and what each has received.

use crate::arrival;
use crate::browsers::{ReadMarks, TYPED_FOR};
use crate::target::{Received, Target, frame_head, handshake_end};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Write};
use std::time::{Duration, Instant, SystemTime};

const EVENTS: usize = 1_024;
const READ_BYTES: usize = 256 << 10;
/// Handshakes in flight.
const OPENING_MAX: usize = 256;
/// The step of `run` between two measurements of the same members; different members of one server start at
/// smaller numbers.
const RUNS: u64 = 100;
/// The longest time to open all connections.
const OPEN_MAX: Duration = Duration::from_secs(120);
/// After this silence the missing deliveries count as lost.
const QUIET_MAX: Duration = Duration::from_secs(5);

struct Member {
    stream: TcpStream,
    received: Vec<u8>,
    is_upgraded: bool,
    is_ready: bool,
    /// The last message received from each person.
    last: Vec<Option<usize>>,
    seq: Option<u64>,
}

struct Sent {
    at: SystemTime,
    /// Deliveries still missing.
    left: usize,
    is_measured: bool,
    received_by: Vec<u64>,
}

/// The results of one measurement.
#[derive(Default)]
pub struct Results {
    pub deliveries: u64,
    /// Microseconds from a post to each of its deliveries.
    pub delays: Vec<u32>,
    /// Microseconds from a post to its answer.
    pub answers: Vec<u32>,
    /// Microseconds from a post to its last delivery.
    pub everyone: Vec<u32>,
    pub lost: u64,
    pub doubled: u64,
    pub disordered: u64,
    pub gaps: u64,
}

impl Results {
    pub fn faults(&self) -> u64 {
        self.lost + self.doubled + self.disordered + self.gaps
    }
}

pub struct Members<'t> {
    target: &'t Target,
    run: u64,
    poll: Poll,
    all: Vec<Member>,
    ready: usize,
    sent: Vec<Sent>,
    complete: usize,
    results: Results,
    is_measured: bool,
    /// `None` if the members send neither read marks nor `typing`.
    marks: Option<ReadMarks>,
    buffer: Vec<u8>,
}

impl<'t> Members<'t> {
    /// Connects `count` members; returns once all are ready.
    pub fn open(target: &'t Target, run: u64, count: usize) -> Result<Members<'t>, String> {
        let mut members = Members {
            target,
            run,
            poll: Poll::new().map_err(|error| error.to_string())?,
            all: Vec::new(),
            ready: 0,
            sent: Vec::new(),
            complete: 0,
            results: Results::default(),
            is_measured: false,
            marks: None,
            buffer: vec![0; READ_BYTES],
        };
        members.add(count)?;
        Ok(members)
    }

    /// Connects `count` more.
    pub fn add(&mut self, count: usize) -> Result<(), String> {
        let (end, wanted) = (Instant::now() + OPEN_MAX, self.all.len() + count);
        while self.ready < wanted {
            self.open_some(wanted)
                .map_err(|error| format!("a connection: {error}"))?;
            self.pump(Instant::now() + Duration::from_millis(100))?;
            if Instant::now() > end {
                return Err(format!("{} of {wanted} connections are in", self.ready));
            }
        }
        Ok(())
    }

    fn open_some(&mut self, wanted: usize) -> io::Result<()> {
        while self.all.len() < wanted && self.all.len() - self.ready < OPENING_MAX {
            let number = self.all.len();
            // Blocking, so that the handshake can be written at once. On loopback this takes microseconds.
            let stream = std::net::TcpStream::connect(self.target.address)?;
            (&stream).write_all(self.target.handshake(number).as_bytes())?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            arrival::enable_timestamps(&stream)?;
            let mut stream = TcpStream::from_std(stream);
            self.poll
                .registry()
                .register(&mut stream, Token(number), Interest::READABLE)?;
            self.all.push(Member {
                stream,
                received: Vec::new(),
                is_upgraded: false,
                is_ready: false,
                last: vec![None; self.target.people],
                seq: None,
            });
        }
        Ok(())
    }

    /// From now on the members send read marks and `typing` as browsers do.
    pub fn send_browser_frames(&mut self) {
        self.marks = Some(ReadMarks::default());
    }

    /// Sends one message from the first connection of the next person.
    pub fn post(&mut self) -> Result<(), String> {
        let number = self.sent.len();
        self.sent.push(Sent {
            at: SystemTime::now(),
            left: self.ready,
            is_measured: self.is_measured,
            received_by: vec![0; self.all.len().div_ceil(64)],
        });
        let frame = self.target.post(self.run, number);
        let stream = &mut self.all[number % self.target.people].stream;
        stream.write_all(&frame).map_err(|error| format!("a post: {error}"))
    }

    /// Posts `rate` messages a second.
    pub fn post_at_rate(&mut self, rate: f64, time: Duration) -> Result<(), String> {
        let (start, before) = (Instant::now(), self.sent.len());
        let mut typed = before;
        while start.elapsed() < time {
            let due = |elapsed: Duration| before + (elapsed.as_secs_f64() * rate) as usize;
            let at = |number: usize| start + Duration::from_secs_f64((number - before) as f64 / rate);
            if self.sent.len() <= due(start.elapsed()) {
                self.post()?;
            }
            let mut next = at(self.sent.len()).min(start + time);
            if self.marks.is_some() {
                while typed <= due(start.elapsed() + TYPED_FOR) {
                    self.send(typed % self.target.people, &self.target.typing())?;
                    typed += 1;
                }
                next = next.min(at(typed) - TYPED_FOR);
            }
            self.pump(next)?;
        }
        Ok(())
    }

    fn send(&mut self, index: usize, frame: &[u8]) -> Result<(), String> {
        let sent = self.all[index].stream.write_all(frame);
        sent.map_err(|error| format!("a frame: {error}"))
    }

    fn send_read_marks(&mut self) -> Result<(), String> {
        while let Some((index, seq)) = self.marks.as_mut().and_then(|marks| marks.take(Instant::now())) {
            self.send(index, &self.target.read(seq))?;
        }
        Ok(())
    }

    /// Keeps `window` messages in flight.
    pub fn saturate(&mut self, window: usize, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            while self.sent.len() - self.complete < window {
                self.post()?;
            }
            self.pump(end)?;
        }
        Ok(())
    }

    /// Measures the posts from now on.
    pub fn measure(&mut self) {
        self.is_measured = true;
        self.results.deliveries = 0;
    }

    pub fn deliveries(&self) -> u64 {
        self.results.deliveries
    }

    /// Waits for the messages in flight, and returns the results since [`Members::measure`].
    pub fn settle(&mut self) -> Result<Results, String> {
        let (mut before, mut last) = (self.results.deliveries, Instant::now());
        while self.complete < self.sent.len() && last.elapsed() < QUIET_MAX {
            self.pump(Instant::now() + Duration::from_millis(100))?;
            if self.results.deliveries > before {
                (before, last) = (self.results.deliveries, Instant::now());
            }
        }
        self.results.lost = self.sent.iter().map(|sent| sent.left as u64).sum();
        (self.sent, self.complete) = (Vec::new(), 0);
        // Numbers start at 0 again, so a new run keeps the client_ids unique.
        self.run += RUNS;
        self.all.iter_mut().for_each(|member| member.last.fill(None));
        self.is_measured = false;
        Ok(std::mem::take(&mut self.results))
    }

    /// Reads for this time.
    pub fn rest(&mut self, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.pump(end)?;
        }
        Ok(())
    }

    /// Handles the sockets that are ready, or waits until one is, at most until `until`.
    fn pump(&mut self, until: Instant) -> Result<(), String> {
        self.send_read_marks()?;
        let until = self
            .marks
            .as_ref()
            .and_then(ReadMarks::next)
            .map_or(until, |next| next.min(until));
        let mut events = Events::with_capacity(EVENTS);
        let wait = until.saturating_duration_since(Instant::now());
        self.poll
            .poll(&mut events, Some(wait))
            .map_err(|error| error.to_string())?;
        for event in &events {
            self.read(event.token().0)?;
        }
        Ok(())
    }

    fn read(&mut self, index: usize) -> Result<(), String> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut bytes = std::mem::take(&mut self.all[index].received);
        let mut arrived = SystemTime::now();
        loop {
            match arrival::read(&self.all[index].stream, &mut buffer) {
                Ok((0, _)) => return Err(format!("connection {index} was closed")),
                Ok((read, at)) => {
                    bytes.extend_from_slice(&buffer[..read]);
                    arrived = at;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(format!("connection {index}: {error}")),
            }
        }
        self.buffer = buffer;
        let used = self.parse(index, &bytes, arrived)?;
        // Almost always everything was used and nothing has to be kept.
        if used < bytes.len() {
            self.all[index].received = bytes.split_off(used);
        }
        Ok(())
    }

    /// Handles the whole frames, and returns their length in bytes.
    fn parse(&mut self, index: usize, bytes: &[u8], arrived: SystemTime) -> Result<usize, String> {
        let mut used = 0;
        if !self.all[index].is_upgraded {
            let Some(end) = handshake_end(bytes) else { return Ok(0) };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                return Err(String::from_utf8_lossy(bytes).into_owned());
            }
            self.all[index].is_upgraded = true;
            used = end;
            if self.target.kind != crate::target::Kind::Chapp {
                self.mark_ready(index);
            }
        }
        while let Some((head, length, _)) = frame_head(&bytes[used..]) {
            let (start, end) = (used + head, used + head + length);
            if bytes.len() < end {
                break;
            }
            match (bytes[used] & 0x0F, self.target.parse(&bytes[start..end])) {
                (8, _) => return Err(format!("connection {index} was closed by the server")),
                (1, Received::Ready) => self.mark_ready(index),
                (1, Received::Message { number, seq }) => self.delivered(index, number, seq, arrived),
                (1, Received::Posted { number }) => self.answered(number, arrived),
                (1, Received::Refused(what)) => return Err(format!("a post was refused: {what}")),
                _ => {}
            }
            used = end;
        }
        Ok(used)
    }

    fn mark_ready(&mut self, index: usize) {
        self.ready += usize::from(!self.all[index].is_ready);
        self.all[index].is_ready = true;
    }

    fn answered(&mut self, number: usize, arrived: SystemTime) {
        if let Some(sent) = self.sent.get(number).filter(|sent| sent.is_measured) {
            self.results.answers.push(micros(sent.at, arrived));
        }
    }

    fn delivered(&mut self, index: usize, number: usize, seq: Option<u64>, arrived: SystemTime) {
        let Some(sent) = self.sent.get_mut(number) else { return };
        let (word, bit) = (index / 64, 1 << (index % 64));
        if sent.received_by[word] & bit != 0 {
            self.results.doubled += 1;
            return;
        }
        sent.received_by[word] |= bit;
        let member = &mut self.all[index];
        let last = &mut member.last[number % self.target.people];
        self.results.disordered += u64::from(last.is_some_and(|last| last > number));
        *last = Some(number);
        self.results.gaps += u64::from(member.seq.is_some_and(|last| seq.is_some_and(|seq| seq != last + 1)));
        member.seq = seq.or(member.seq);
        if let (Some(marks), Some(seq)) = (&mut self.marks, seq) {
            marks.shows(index, seq, Instant::now());
        }
        self.results.deliveries += 1;
        sent.left = sent.left.saturating_sub(1);
        let took = micros(sent.at, arrived);
        if sent.is_measured {
            self.results.delays.push(took);
        }
        if sent.left == 0 {
            self.complete += 1;
            if sent.is_measured {
                self.results.everyone.push(took);
            }
        }
    }
}

fn micros(from: SystemTime, to: SystemTime) -> u32 {
    to.duration_since(from).unwrap_or_default().as_micros() as u32
}
