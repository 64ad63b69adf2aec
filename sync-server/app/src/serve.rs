//! `preau-server serve`: one port, which speaks TLS to tablets and HTTP to browsers. The first byte tells them apart.

use crate::app::{App, Place};
use crate::attendance::day_list;
use crate::cli::Outcome;
use crate::clock::Clock;
use crate::identity::Identity;
use crate::jobs;
use crate::payments;
use crate::router::router;
use crate::store::Territory;
use crate::store::entity::site;
use crate::sync::{Desk, publish, push, watch};
use crate::{Error, Result};
use axum::http::Request;
use axum_server::Handle;
use axum_server::accept::Accept;
use rustls::ServerConfig;
use shared::id::SiteId;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tower::Service;

/// The first byte of a TLS handshake; no HTTP method begins with it.
const TLS_HANDSHAKE: u8 = 0x16;
/// How long a caller may take to say its first byte, and to shake hands.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);
/// How long running requests may take to end once asked to stop.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// How often holes are passed and the day is looked at.
const TICK: Duration = Duration::from_secs(30);
/// How often slow work is looked for.
const WORK_TICK: Duration = Duration::from_secs(2);
/// How many ticks until the certificate is made anew: a month.
const TICKS_A_CERTIFICATE: u64 = 30 * 24 * 3_600 / 30;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Adresse d'écoute, pour les navigateurs (http) et les tablettes (https)
    #[arg(long, value_name = "ADRESSE:PORT", default_value = "127.0.0.1:8080", env = "PREAU_LISTEN")]
    pub listen: SocketAddr,
}

/// What every route shares.
#[derive(Clone)]
pub struct Server {
    /// The installation.
    pub app: App,
    /// The sync desk.
    pub desk: Desk,
    /// Who is logged in.
    pub identity: Identity,
}

impl Server {
    /// Opens the keys and the settings of an installation.
    ///
    /// # Errors
    /// Where they can't be read or made.
    pub fn open(app: App) -> Result<Self> {
        Ok(Self { desk: Desk::open(&app)?, identity: Identity::open(&app)?, app })
    }
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Encrypted, with this server's certificate.
    Tls,
    /// Not.
    Plain,
}

/// Runs the command until Ctrl-C or SIGTERM.
///
/// # Errors
/// A port that is taken, keys that can't be read, a database that doesn't answer.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    let server = Server::open(app)?;
    let taken = |error| Error::Unavailable(format!("L'adresse {} ne peut pas être écoutée : {error}", args.listen));
    let listener = TcpListener::bind(args.listen).map_err(taken)?;
    let at = listener.local_addr().map_err(taken)?;
    publish::due_sites(&server.app).await?;
    println!("Préau écoute : http://{at} pour les navigateurs, https://{at} pour les tablettes. Ctrl-C arrête.");
    let handle = Handle::new();
    let stopping = handle.clone();
    tokio::spawn(async move {
        stop_asked().await;
        stopping.graceful_shutdown(Some(STOP_WAIT));
    });
    listen(listener, server, handle).await?;
    Ok(Outcome::Done)
}

/// Serves on a listener until the handle is told to stop.
///
/// # Errors
/// Where TLS can't be set up, or the port is lost.
pub async fn listen(listener: TcpListener, server: Server, handle: Handle<SocketAddr>) -> Result<()> {
    let lost = |error| Error::Unavailable(format!("Le port d'écoute est perdu : {error}"));
    let at = listener.local_addr().map_err(lost)?;
    listener.set_nonblocking(true).map_err(lost)?;
    let tls = Arc::new(RwLock::new(certificate(&server, at)?));
    let upkeep = tokio::spawn(upkeep(server.clone(), at, Arc::clone(&tls)));
    let work = tokio::spawn(work(server.app.clone()));
    // On its own: a payment service that is slow to answer holds up nothing else.
    let polling = tokio::spawn(payments::keep_polling(server.app.clone()));
    let routes = router(server).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum_server::from_tcp(listener).map_err(lost)?.acceptor(FirstByte { tls }).handle(handle).serve(routes).await;
    upkeep.abort();
    // A job that is cut off here is claimed again when its lease has run out.
    work.abort();
    polling.abort();
    served.map_err(lost)
}

/// Ctrl-C, or SIGTERM from systemd.
async fn stop_asked() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// A certificate for the names that this server may be called by. Good around the real day and the demo's, whichever a tablet lives on.
fn certificate(server: &Server, at: SocketAddr) -> Result<Arc<ServerConfig>> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    if !at.ip().is_unspecified() {
        names.push(at.ip().to_string());
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    // A host name with an underscore is no DNS name: without it rather than not at all.
    if host.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') && !host.trim().is_empty() {
        names.push(host.trim().to_owned());
    }
    names.sort();
    names.dedup();
    let (real, shown) = (Clock::System.today(), server.app.clock.today());
    server.desk.authority.server_config(names, (real.min(shown), real.max(shown)))
}

/// What time alone asks for: holes that were waited for, a new day's roster, a new month's certificate.
async fn upkeep(server: Server, at: SocketAddr, tls: Arc<RwLock<Arc<ServerConfig>>>) {
    let mut ticks = tokio::time::interval(TICK);
    let mut count: u64 = 0;
    loop {
        ticks.tick().await;
        count += 1;
        tend(&server.app).await;
        if count.is_multiple_of(TICKS_A_CERTIFICATE) {
            match certificate(&server, at) {
                Ok(fresh) => *tls.write().unwrap_or_else(PoisonError::into_inner) = fresh,
                Err(error) => tracing::error!(%error, "the certificate could not be renewed"),
            }
        }
    }
}

/// What is due in the journal, the rosters, the lists of the day and the watch over the sites at this moment.
pub async fn tend(app: &App) {
    if let Err(error) = pass_holes(app).await {
        tracing::error!(%error, "waiting entries could not be taken in");
    }
    if let Err(error) = publish::due_sites(app).await {
        tracing::error!(%error, "a site could not be published");
    }
    if let Err(error) = day_list::due(app).await {
        tracing::error!(%error, "the lists of the day could not be asked for");
    }
    if let Err(error) = watch::watch(app).await {
        tracing::error!(%error, "the sites could not be watched");
    }
}

/// Documents and mail, as they come due.
async fn work(app: App) {
    let mut ticks = tokio::time::interval(WORK_TICK);
    loop {
        ticks.tick().await;
        loop {
            match jobs::run_due(&app).await {
                Ok(turn) if turn == jobs::Turn::default() => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "slow work could not be done");
                    break;
                }
            }
        }
    }
}

async fn pass_holes(app: &App) -> Result<()> {
    let now = app.clock.now();
    let reading = Territory::new(app.territoire(), app.db.read());
    for row in reading.find::<site::Entity>().all(&reading.on()).await? {
        if push::has_waited(&reading, SiteId(row.id), now).await? {
            let transaction = app.db.begin().await?;
            push::pass_holes(&Territory::new(app.territoire(), &transaction), SiteId(row.id), now).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Tells TLS from HTTP by the first byte, and tells the routes which it was.
#[derive(Clone)]
struct FirstByte {
    tls: Arc<RwLock<Arc<ServerConfig>>>,
}

/// A stream of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl<S: Send + 'static> Accept<TcpStream, S> for FirstByte {
    type Stream = Box<dyn Stream>;
    type Service = Told<S>;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let config = Arc::clone(&self.tls.read().unwrap_or_else(PoisonError::into_inner));
        Box::pin(async move {
            let shaken = tokio::time::timeout(HANDSHAKE_WAIT, async {
                let mut first = [0];
                stream.set_nodelay(true)?;
                stream.peek(&mut first).await?;
                if first[0] == TLS_HANDSHAKE {
                    let stream: Box<dyn Stream> = Box::new(TlsAcceptor::from(config).accept(stream).await?);
                    Ok((stream, Transport::Tls))
                } else {
                    let stream: Box<dyn Stream> = Box::new(stream);
                    Ok((stream, Transport::Plain))
                }
            });
            let (stream, transport) = shaken.await.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut)))?;
            Ok((stream, Told { service, transport }))
        })
    }
}

/// A service whose requests know how they came in.
#[derive(Clone)]
struct Told<S> {
    service: S,
    transport: Transport,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Told<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.transport);
        self.service.call(request)
    }
}
