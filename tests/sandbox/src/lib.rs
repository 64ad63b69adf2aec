//! Stands in for PayFiP on this machine, for the demo and for tests: the same paths, the same messages, no money.
//!
//! Owns the SOAP service, the payment page, the life of an operation, notifications, a clock that can be moved and the switches by
//! which everything goes wrong on demand. Reads and writes its messages by itself, so that a mistake of our client is not shared here.
//!
//! Promises: listens on loopback and calls loopback, nothing else; a pure state machine under it ([`operations`]).

mod admin;
pub mod checks;
pub mod clock;
mod envelope;
mod notify;
pub mod operations;
mod page;
pub mod reading;
mod soap;
pub mod switches;
mod wsdl;

pub use admin::ADMIN_PATH;
pub use checks::Clients;
pub use clock::Clock;
pub use soap::ENORMOUS_BYTES;
pub use switches::{Scope, Settings};

use axum::Router;
use axum::routing::{get, post};
use operations::Operations;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest wait for calls that are under way, when the sandbox stops.
const STOP_S_MAX: u64 = 2;

/// What a sandbox starts with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Loopback; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its time.
    pub clock: Clock,
    /// Who is known.
    pub clients: Clients,
    /// Its switches.
    pub settings: Settings,
}

impl Default for Config {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { listen, clock: Clock::machine(), clients: Clients::default(), settings: Settings::default() }
    }
}

/// Why a sandbox doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not loopback.
    #[error("{0} : le bac à sable n'écoute que sur cette machine. Choisissez 127.0.0.1 ou [::1], par exemple --listen 127.0.0.1:8099.")]
    NotLoopback(SocketAddr),
    /// The port is taken, or the like.
    #[error("{0} : impossible d'écouter à cette adresse ({1}). Un autre programme s'en sert peut-être : choisissez un autre port.")]
    Listen(SocketAddr, std::io::Error),
    /// No client for notifications.
    #[error("Les notifications ne peuvent pas être préparées : {0}")]
    Sender(#[from] reqwest::Error),
}

/// What every route sees.
#[derive(Debug)]
pub struct Sandbox {
    /// Its time.
    pub clock: Clock,
    clients: Clients,
    base_url: String,
    operations: Mutex<Operations>,
    settings: Mutex<Settings>,
    http: reqwest::Client,
    closing: watch::Receiver<bool>,
}

impl Sandbox {
    /// All operations, for as long as the guard is held.
    pub fn operations(&self) -> MutexGuard<'_, Operations> {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The switches, for as long as the guard is held.
    pub fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the sandbox stops.
    async fn closing(&self) {
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }
}

/// A sandbox that listens.
#[derive(Debug)]
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// What it holds.
    pub sandbox: Arc<Sandbox>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Running {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.sandbox.base_url
    }

    /// Stops listening, and waits a little for what is under way.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let stopped = self.serving.abort_handle();
        if tokio::time::timeout(Duration::from_secs(STOP_S_MAX), self.serving).await.is_err() {
            stopped.abort();
        }
    }
}

/// Starts a sandbox; it listens when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: Config) -> Result<Running, StartError> {
    let Config { listen, clock, clients, settings } = config;
    if !listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(listen));
    }
    let http = notify::sender()?;
    let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
    let address = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
    let (stop, closing) = watch::channel(false);
    let sandbox = Arc::new(Sandbox {
        clock,
        clients,
        base_url: format!("http://{address}"),
        operations: Mutex::new(Operations::of_node(node(address))),
        settings: Mutex::new(settings),
        http,
        closing,
    });
    let router = router(Arc::clone(&sandbox));
    let ending = Arc::clone(&sandbox);
    let serving = tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(async move { ending.closing().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "le bac à sable s'est arrêté");
        }
    });
    Ok(Running { address, sandbox, stop, serving })
}

/// Tells two sandboxes' operations apart. The first bit says that it is no network card's number.
fn node(address: SocketAddr) -> [u8; 6] {
    let ([p0, p1], [.., i0, i1]) = (address.port().to_be_bytes(), std::process::id().to_be_bytes());
    [0x01, b'P', p0, p1, i0, i1]
}

fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route(wsdl::SERVICE_PATH, get(soap::describe).post(soap::call))
        .route("/tpa/paiementws.web", get(page::payment).post(page::payment))
        .route(ADMIN_PATH, get(admin::show))
        .route("/_bac-a-sable/etat", get(admin::state))
        .route("/_bac-a-sable/toutes", post(admin::set_all))
        .route("/_bac-a-sable/suivante", post(admin::set_next))
        .route("/_bac-a-sable/ordinaire", post(admin::reset))
        .route("/_bac-a-sable/horloge", post(admin::set_clock))
        .with_state(sandbox)
}
