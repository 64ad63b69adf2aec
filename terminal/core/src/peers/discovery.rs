//! Who else may be here, by mDNS: addresses to try, and nothing more. What is announced is a port under a name that is drawn anew at
//! each start; no id, no site, no word of what the machine is named. Whoever is found proves by TLS to be a tablet of this site.

use super::neighbours::Hint;
use crate::entropy::{SystemEntropy, bytes};
use crate::store::StoreError;
use mdns_sd::{Receiver, ServiceDaemon, ServiceEvent, ServiceInfo};
use std::net::{IpAddr, SocketAddr};

/// The service's type.
const SERVICE: &str = "_preau._tcp.local.";
/// Events looked at in one go: whoever floods the network doesn't keep the tablet from calling.
const EVENTS_MAX: usize = 64;

/// What is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody announces itself.
    Here(Hint),
    /// The announcement of this name has run out.
    Gone(String),
}

/// The running announcement and search.
pub struct Discovery {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
    own: String,
}

impl Discovery {
    /// Announces a port, and listens for others.
    ///
    /// # Errors
    /// A machine without a network that carries multicast.
    pub fn start(port: u16) -> Result<Self, StoreError> {
        let name = data_encoding::HEXLOWER.encode(&bytes::<8>(&mut SystemEntropy)?);
        let start = || -> mdns_sd::Result<Self> {
            let service = ServiceInfo::new(SERVICE, &name, &format!("{name}.local."), "", port, None)?.enable_addr_auto();
            let own = service.get_fullname().to_owned();
            let daemon = ServiceDaemon::new()?;
            let events = daemon.browse(SERVICE)?;
            daemon.register(service)?;
            Ok(Self { daemon, events, own })
        };
        start().map_err(|e| StoreError::Io { path: "mDNS".into(), why: e.to_string() })
    }

    /// What was heard since the last time.
    pub fn heard(&self) -> Vec<Heard> {
        let events = std::iter::from_fn(|| self.events.try_recv().ok()).take(EVENTS_MAX);
        events.filter_map(|event| self.read(event)).collect()
    }

    fn read(&self, event: ServiceEvent) -> Option<Heard> {
        match event {
            ServiceEvent::ServiceResolved(found) if found.get_fullname() != self.own => {
                let near = found.get_addresses().iter().map(mdns_sd::ScopedIp::to_ip_addr).filter(|address| is_near(*address));
                let mut addresses: Vec<SocketAddr> = near.map(|address| SocketAddr::new(address, found.get_port())).collect();
                addresses.sort();
                Some(Heard::Here(Hint { name: found.get_fullname().to_owned(), addresses }))
            }
            ServiceEvent::ServiceRemoved(_, name) => Some(Heard::Gone(name)),
            _ => None,
        }
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        if let Err(error) = self.daemon.shutdown() {
            tracing::debug!(%error, "the announcement could not be taken back");
        }
    }
}

/// An address of a local network: a forged announcement sends no tablet to a machine of the outside.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        // Link-local ones need the interface's name; whoever has one has an IPv4 or a unique local address too.
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_announcement_sends_no_tablet_outside() {
        for near in ["192.168.1.7", "10.0.0.3", "172.16.4.4", "169.254.2.2", "127.0.0.1", "fd00::1", "::1"] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["8.8.8.8", "93.184.216.34", "2001:4860:4860::8888", "fe80::1"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
