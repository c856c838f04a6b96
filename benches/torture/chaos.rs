//! One run: a server behind a proxy, clients that use it, and the faults.

use crate::client::Client;
use crate::laws;
use crate::plan::{self, Fault};
use crate::plant::Plant;
use crate::proxy::Proxy;
use crate::record::{Law, Record};
use crate::rng::Rng;
use crate::server::{Disk, Server};
use crate::slow;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Rooms besides the Lobby.
const ROOMS: usize = 3;
/// The longest time until every client has caught up after the last fault.
pub const SETTLE_MAX: Duration = Duration::from_secs(30);
/// The bound for the server's resident memory, in bytes: its cache, its batches and some client queues.
pub const SERVER_BYTES_MAX: u64 = 128 << 20;
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub struct Settings {
    pub exe: PathBuf,
    pub seed: u64,
    pub length: Duration,
    pub writers: usize,
    pub readers: usize,
    pub plant: Option<Plant>,
}

pub struct Outcome {
    pub record: Record,
    pub faults: BTreeMap<&'static str, u64>,
    pub late_readers: usize,
    /// Why the disk could not be filled, if it could not.
    pub no_disk: Option<String>,
    pub resident_bytes_max: u64,
    pub slow_bytes: Option<u64>,
    pub planted: u64,
}

/// The result of the thread that injects the server faults.
struct Broken {
    server: Server,
    address: SocketAddr,
    counts: BTreeMap<&'static str, u64>,
    resident_bytes_max: u64,
}

pub async fn run(settings: &Settings) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let data = folder.path().join("data");
    std::fs::create_dir(&data).map_err(|error| error.to_string())?;
    let disk = Disk::mount(&data);
    let no_disk = disk.as_ref().err().cloned();
    let proxy = Proxy::start(settings.plant).await.map_err(|error| error.to_string())?;
    let mut server = Server::new(settings.exe.clone(), folder.path(), proxy.address.port());
    let address = server.start()?;
    proxy.forward_to(Some(address));

    let record = Arc::new(Mutex::new(Record::default()));
    let late_readers = settings.readers / 3;
    let mut people = People::assemble(settings, proxy.address, &record, settings.readers - late_readers).await?;

    let (start, end) = (Instant::now(), Instant::now() + settings.length);
    let faults = plan::faults(settings.seed, settings.length, disk.is_ok());
    let (of_server, of_links) = faults.into_iter().partition(|(_, fault)| fault.is_of_server());
    let breaking = break_server(
        server,
        address,
        disk.ok(),
        proxy.share(),
        of_server,
        settings.seed,
        record.clone(),
    );
    let cutting = break_links(proxy.share(), of_links, settings.seed);
    let mut running = Vec::new();
    for (number, mut client) in people.clients.drain(..).enumerate() {
        client.plan(plan::actions(
            settings.seed,
            number,
            number < settings.writers,
            settings.length,
        ));
        running.push(tokio::spawn(async move {
            client.run(start, end).await;
            Ok(client)
        }));
    }
    for late in 0..late_readers {
        let at = start + settings.length * (late as u32 + 1) / (late_readers as u32 + 1);
        let (settings, record, rooms) = (settings.clone(), record.clone(), people.rooms.clone());
        let number = settings.writers + settings.readers - late_readers + late;
        let address = proxy.address;
        running.push(tokio::spawn(async move {
            sleep_until(at).await;
            let mut client = join_late(&settings, address, number, record, rooms[late % ROOMS]).await?;
            client.run(start, end).await;
            Ok::<_, String>(client)
        }));
    }
    for client in running {
        people.clients.push(client.await.map_err(|error| error.to_string())??);
    }
    let mut counts = join(cutting)?;
    let mut broken = join(breaking)??;
    counts.append(&mut broken.counts);

    // The faults end here.
    proxy.cut_all();
    let mut slow_bytes = None;
    if settings.plant.is_none() {
        let poster = &mut people.clients[0];
        slow_bytes = slow::try_slow(
            poster,
            &people.non_reader,
            people.busy_room,
            broken.address,
            &broken.server,
        )
        .await?;
    }
    if let Some(bytes) = broken.server.resident_bytes() {
        broken.resident_bytes_max = broken.resident_bytes_max.max(bytes);
    }
    // The laws must also hold after one more kill.
    broken.server.kill();
    broken.address = broken.server.start()?;
    proxy.forward_to(Some(broken.address));
    laws::check(people.clients, broken.address).await?;
    let mut record = std::mem::take(&mut *record.lock().map_err(|error| error.to_string())?);
    let bytes = broken.resident_bytes_max;
    record.check(Law::Memory, bytes <= SERVER_BYTES_MAX, || {
        format!("the server held {bytes} bytes")
    });
    Ok(Outcome {
        record,
        faults: counts,
        late_readers,
        no_disk,
        resident_bytes_max: bytes,
        slow_bytes,
        planted: proxy.planted(),
    })
}

fn join<T>(thread: JoinHandle<T>) -> Result<T, String> {
    thread
        .join()
        .map_err(|_| "a thread that breaks things broke".to_owned())
}

/// The clients at the start of the run.
struct People {
    clients: Vec<Client>,
    /// Never reads from its sockets.
    non_reader: Client,
    rooms: Vec<u64>,
    /// A room of the first client and the client that never reads.
    busy_room: u64,
}

impl People {
    async fn assemble(
        settings: &Settings,
        proxy: SocketAddr,
        record: &Arc<Mutex<Record>>,
        readers: usize,
    ) -> Result<People, String> {
        let enter = |number, name| Client::enter(proxy, number, name, settings.seed, record.clone());
        let end = Instant::now() + SETTLE_MAX;
        let mut clients = Vec::new();
        for number in 0..settings.writers + readers {
            clients.push(enter(number, name(settings, number)).await?);
        }
        let non_reader = enter(usize::MAX, "non_reader".to_owned()).await?;
        let mut rooms = Vec::new();
        for number in 0..=ROOMS {
            let body = json!({"kind": "public", "name": format!("room {number}")});
            let made = clients[0].ask("POST", "/api/rooms", &body).await?;
            rooms.push(made.json["room"]["id"].as_u64().ok_or("no room")?);
        }
        let busy_room = rooms.pop().ok_or("no loud room")?;
        let mut non_reader = non_reader;
        non_reader.join(busy_room, end).await?;
        for (number, client) in clients.iter_mut().enumerate() {
            client.join(rooms[number % ROOMS], end).await?;
            if number < settings.writers {
                client.join(rooms[(number + 1) % ROOMS], end).await?;
            }
        }
        Ok(People {
            clients,
            non_reader,
            rooms,
            busy_room,
        })
    }
}

fn name(settings: &Settings, number: usize) -> String {
    match number < settings.writers {
        true => format!("w{number}"),
        false => format!("r{number}"),
    }
}

/// Signs a client up while faults are injected.
async fn join_late(
    settings: &Settings,
    proxy: SocketAddr,
    number: usize,
    record: Arc<Mutex<Record>>,
    room: u64,
) -> Result<Client, String> {
    let end = Instant::now() + SETTLE_MAX;
    loop {
        let entering = Client::enter(proxy, number, name(settings, number), settings.seed, record.clone());
        match entering.await {
            Ok(mut client) => {
                client.join(room, end).await?;
                return Ok(client);
            }
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => tokio::time::sleep(SAMPLE_EVERY).await,
        }
    }
}

/// Samples the server's memory between two faults.
struct MemoryWatch {
    start: Instant,
    resident_bytes_max: u64,
}

impl MemoryWatch {
    fn sample_until(&mut self, server: &Server, until: Instant) {
        loop {
            self.resident_bytes_max = self.resident_bytes_max.max(server.resident_bytes().unwrap_or_default());
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(SAMPLE_EVERY));
        }
    }

    fn sample_for(&mut self, server: &Server, how_long: Duration) {
        self.sample_until(server, Instant::now() + how_long);
    }
}

fn break_server(
    mut server: Server,
    mut address: SocketAddr,
    disk: Option<Disk>,
    proxy: Proxy,
    faults: Vec<(Duration, Fault)>,
    seed: u64,
    record: Arc<Mutex<Record>>,
) -> JoinHandle<Result<Broken, String>> {
    let mut rng = Rng::new(seed ^ 0x5E4E);
    let mut watch = MemoryWatch {
        start: Instant::now(),
        resident_bytes_max: 0,
    };
    thread::spawn(move || {
        let mut counts = BTreeMap::new();
        for (at, fault) in faults {
            let until = watch.start + at;
            watch.sample_until(&server, until);
            let mut count = |what| *counts.entry(what).or_default() += 1;
            match fault {
                Fault::Kill(pause) => {
                    count("killed");
                    server.kill();
                    proxy.forward_to(None);
                    thread::sleep(pause);
                }
                Fault::Restart => {
                    count("restarted");
                    server.terminate()?;
                }
                Fault::Freeze(pause) => {
                    count("frozen");
                    server.signal("STOP");
                    thread::sleep(pause);
                    server.signal("CONT");
                    continue;
                }
                Fault::FillDisk(pause) => {
                    count("disk filled");
                    let Some(disk) = &disk else { continue };
                    disk.fill()
                        .map_err(|error| format!("the disk cannot be filled: {error}"))?;
                    watch.sample_for(&server, pause);
                    // One time in three the server dies and has to start on the full disk.
                    let dies = rng.one_in(3);
                    if dies {
                        count("killed on a full disk");
                        server.kill();
                        address = server.start()?;
                        proxy.forward_to(Some(address));
                        watch.sample_for(&server, pause);
                    }
                    disk.free();
                    toggle_disk(&record);
                    continue;
                }
                _ => continue,
            }
            address = server.start()?;
            proxy.forward_to(Some(address));
        }
        // The disk must stay mounted until the end.
        server.keep(disk);
        Ok(Broken {
            server,
            address,
            counts,
            resident_bytes_max: watch.resident_bytes_max,
        })
    })
}

fn toggle_disk(record: &Mutex<Record>) {
    record.lock().unwrap_or_else(PoisonError::into_inner).disk_toggles += 1;
}

fn break_links(proxy: Proxy, faults: Vec<(Duration, Fault)>, seed: u64) -> JoinHandle<BTreeMap<&'static str, u64>> {
    let mut rng = Rng::new(seed ^ 0x11AB);
    let start = Instant::now();
    thread::spawn(move || {
        let mut counts = BTreeMap::new();
        for (at, fault) in faults {
            thread::sleep((start + at).saturating_duration_since(Instant::now()));
            let (what, links) = match fault {
                Fault::Cut => ("links cut", proxy.cut(&mut rng)),
                Fault::Stall(how_long) => ("stalled", proxy.stall(&mut rng, how_long)),
                Fault::Delay(by) => ("delayed", proxy.delay(&mut rng, by)),
                _ => ("half open", proxy.half_open(&mut rng)),
            };
            *counts.entry(what).or_default() += links as u64;
        }
        counts
    })
}
