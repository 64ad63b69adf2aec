//! Two thousand tablets come back at once, with 200 entries each: a server in a process of its own, and one client a tablet over TLS.
//!
//! Each opens a session and pushes, as the real one does, and waits no longer than it. Printed: how long a push took and a tablet in
//! all, the server's memory, and how far anybody was overtaken. Server and tablets share this machine's cores. Needs about 5,000 open
//! files (`ulimit -n`).

use anyhow::{Context, Result, ensure};
use benches::tablets::{Tablet, body, doors, enrolled, more_doors};
use benches::{filled, percentile};
use flate2::Compression;
use flate2::write::GzEncoder;
use server::app::Place;
use server::serve::{Args, Server, run};
use shared::wire::limits::PUSH_ENTRIES_MAX;
use shared::wire::{PushAnswer, Session, SessionChallenge, SessionHello};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const TABLETS: usize = 2_000;
const SITES: usize = 500;
const HOUSEHOLDS: usize = 620;
/// How long a tablet waits for an answer (`terminal_core::sync::http`), and how often it comes back here.
const ANSWER_S_MAX: u64 = 30;
const TRIES_MAX: u32 = 10;
/// Where this program is the server.
const SERVE: &str = "PREAU_BENCH_SERVE";

/// How a tablet fared.
struct Fared {
    push: Duration,
    whole: Duration,
    /// How many pushes were answered before its own, and how many had been sent before.
    order: (usize, usize),
    tries: u32,
}

/// The server's process, ended with the bench.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(data) = std::env::var_os(SERVE) {
        let place = Place { data: Some(data.into()), database: None };
        return Ok(runtime.block_on(run(&place, &Args { listen: "127.0.0.1:0".parse()? })).map(|_| ())?);
    }
    let folder = tempfile::tempdir()?;
    runtime.block_on(Box::pin(measure(folder.path())))
}

async fn measure(folder: &Path) -> Result<()> {
    let app = filled(folder, HOUSEHOLDS).await?;
    let doors = more_doors(&app, &doors(&app).await?, SITES).await?;
    let tablets = enrolled(&app, &doors, TABLETS).await?;
    let authority = Server::open(app.clone())?.desk.authority.certificate().to_vec();
    let now = app.clock.now();
    drop(app);
    println!("{TABLETS} tablettes sur {} sites, {PUSH_ENTRIES_MAX} pointages chacune", doors.len());
    let mut ready = Vec::with_capacity(TABLETS);
    for mut tablet in tablets {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&body(&tablet.seal(PUSH_ENTRIES_MAX, now)?)?)?;
        ready.push((tablet, packed.finish()?));
    }
    let (serving, url) = serve(&folder.join("data"))?;
    println!("mémoire du serveur au repos : {}", memory(&serving, "VmRSS")?);
    let client = trusting(&authority)?;
    let (sent, answered, start) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut coming = JoinSet::new();
    for (tablet, packed) in ready {
        let (client, url, sent, answered) = (client.clone(), url.clone(), Arc::clone(&sent), Arc::clone(&answered));
        coming.spawn(async move { comes_back(&client, &url, &tablet, packed, &sent, &answered).await });
    }
    let mut fared = Vec::with_capacity(TABLETS);
    while let Some(done) = coming.join_next().await {
        fared.push(done??);
    }
    tell(&fared, start.elapsed());
    println!("mémoire du serveur, au plus : {}", memory(&serving, "VmHWM")?);
    Ok(())
}

fn tell(fared: &[Fared], lasted: Duration) {
    let spread = |what: fn(&Fared) -> Duration| {
        let mut all: Vec<Duration> = fared.iter().map(what).collect();
        all.sort_unstable();
        [50, 99, 100].map(|hundredths| format!("{:.1}", percentile(&all, hundredths).as_secs_f32()))
    };
    println!("{:<24} {:>8} {:>8} {:>8}", "secondes", "p50", "p99", "max");
    for (name, [p50, p99, max]) in [("un envoi", spread(|f| f.push)), ("session et envoi", spread(|f| f.whole))] {
        println!("{name:<24} {p50:>8} {p99:>8} {max:>8}");
    }
    let entries = fared.len() * PUSH_ENTRIES_MAX;
    println!("tout pris en {:.1} s : {} pointages/s", lasted.as_secs_f32(), entries as u128 * 1_000 / lasted.as_millis().max(1));
    let overtaken = fared.iter().map(|f| f.order.0.saturating_sub(f.order.1)).max().unwrap_or(0);
    let again = fared.iter().filter(|f| f.tries > 1).count();
    println!("dépassé par {overtaken} autres envois au plus ; {again} tablettes ont dû revenir");
}

/// A session, then a push; again after a wait where there was no answer, as the real client does.
async fn comes_back(
    client: &reqwest::Client,
    url: &str,
    tablet: &Tablet,
    packed: Vec<u8>,
    sent: &AtomicUsize,
    answered: &AtomicUsize,
) -> Result<Fared> {
    let (start, mut open) = (Instant::now(), None);
    for tries in 1..=TRIES_MAX {
        if open.is_none() {
            open = session(client, url, tablet).await.ok();
        }
        if let Some(session) = &open {
            let (asked, before) = (Instant::now(), sent.fetch_add(1, Ordering::SeqCst));
            let request = client.post(format!("{url}/sync/v1/push")).bearer_auth(&session.token).header("content-encoding", "gzip");
            if let Ok(answer) = request.body(packed.clone()).send().await
                && answer.status() == 200
            {
                let answer = answer.json::<PushAnswer>().await?;
                ensure!(answer.verdicts.iter().all(|v| v.code.is_none() && v.verdict.is_stored()), "all accepted");
                ensure!(answer.contiguous_seq == PUSH_ENTRIES_MAX as u64, "up to {}", answer.contiguous_seq);
                let order = (answered.fetch_add(1, Ordering::SeqCst), before);
                return Ok(Fared { push: asked.elapsed(), whole: start.elapsed(), order, tries });
            }
        }
        tokio::time::sleep(Duration::from_secs(2) * tries).await;
    }
    anyhow::bail!("starved: no answer in {TRIES_MAX} tries")
}

async fn session(client: &reqwest::Client, url: &str, tablet: &Tablet) -> Result<Session> {
    let hello = client.post(format!("{url}/sync/v1/session/hello")).json(&SessionHello { device: tablet.device }).send().await?;
    let challenge: SessionChallenge = hello.error_for_status()?.json().await?;
    let proof = tablet.proof(&challenge.nonce.0, server::clock::Clock::System.now());
    let answer = client.post(format!("{url}/sync/v1/session")).json(&proof).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

fn trusting(authority: &[u8]) -> Result<reqwest::Client> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.to_vec().into())?;
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let wait = Duration::from_secs(ANSWER_S_MAX);
    Ok(reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().timeout(wait).build()?)
}

/// This program again, as the server.
fn serve(data: &Path) -> Result<(Serving, String)> {
    let mut process = Command::new(std::env::current_exe()?).env(SERVE, data).stdout(Stdio::piped()).spawn()?;
    let (mut said, output) = (String::new(), process.stdout.take().context("an output")?);
    let serving = Serving(process);
    BufReader::new(output).read_line(&mut said)?;
    let url = said.split_whitespace().find(|word| word.starts_with("https://")).context("an address")?.to_owned();
    Ok((serving, url))
}

fn memory(serving: &Serving, what: &str) -> Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.0.id()))?;
    let line = status.lines().find(|line| line.starts_with(what)).context("a process that runs")?;
    let kib: u64 = line.split_whitespace().nth(1).context("a size")?.parse()?;
    Ok(format!("{} Mio", kib / 1024))
}
