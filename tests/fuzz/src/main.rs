//! `preau-fuzz-tablet DOSSIER ADRESSE CODE`: a tablet that enrols and opens a session as the real one does, and prints what a fuzzer
//! needs to speak in its name: the authority to believe, a token, and entries sealed with its key, good and strange.

mod entries;

use anyhow::{Context, Result, bail};
use ed25519_dalek::Signer as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use shared::id::BootId;
use shared::wire::{Bytes, ChangeBody, EpochAsk, EpochReason, Pull, PullAnswer, Session, SessionChallenge, SessionHello, SessionProof};
use shared::wire::{WireEntry, epoch_bytes, session_bytes};
use std::path::Path;
use std::sync::Arc;
use terminal_core::commands::enrol::{ByHttps, enrol};
use terminal_core::entropy::{SystemEntropy, bytes};
use terminal_core::store::{NoFaults, Store};
use terminal_core::sync::http::Http;
use terminal_core::sync::transport::{Request, Transport};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, server, code] = arguments.as_slice() else { bail!("preau-fuzz-tablet DOSSIER ADRESSE CODE") };
    let folder = Path::new(folder);
    enrol(folder, server, code, &ByHttps).context("enrôlement")?;
    let store = Store::open(folder, Arc::new(NoFaults))?;
    let me = store.journal.identity()?.context("la tablette n'est pas enrôlée")?;
    let mut line = Http::of(&me, store.roster.observed()?)?;

    let boot = BootId::new(0, bytes(&mut SystemEntropy)?);
    let challenge: SessionChallenge = ask(&mut line, "/sync/v1/session/hello", None, &SessionHello { device: me.device })?;
    let said = session_bytes(&challenge.nonce.0, me.device, boot, 1_000_000, 0);
    let proof = SessionProof {
        device: me.device,
        nonce: challenge.nonce,
        signature: store.key().sign(&said).to_bytes().into(),
        epoch: me.epoch,
        boot,
        boottime_ms: 1_000_000,
        wall_ms: 0,
        capabilities: Vec::new(),
        version: env!("CARGO_PKG_VERSION").into(),
        certificate_until_ms: None,
    };
    // Its nonce is used up by the session: well formed, signed, and refused.
    let mut epoch = EpochAsk {
        device: me.device,
        nonce: proof.nonce.clone(),
        signature: [0; 64].into(),
        request: [7; 32].into(),
        epoch: me.epoch,
        last_epoch: 0,
        last_seq: 0,
        last_hash: [0; 32].into(),
        reason: EpochReason::Restored,
    };
    epoch.signature = store.key().sign(&epoch_bytes(&epoch)).to_bytes().into();
    let session: Session = ask(&mut line, "/sync/v1/session", None, &proof)?;
    let pull = Pull { cursor: 0, server_epoch: String::new(), report: None, snapshot: None };
    let known: PullAnswer = ask(&mut line, "/sync/v1/pull", Some(&session.token), &pull)?;
    let items = known.changes.into_iter().filter_map(|change| if let ChangeBody::Put(item) = change.body { Some(item) } else { None });
    let sealed = entries::sealed(&me, store.key(), boot, session.server_ms, &items.collect::<Vec<_>>())?;
    let told = json!({
        "device": me.device,
        "authority": Bytes(me.authority),
        "token": session.token,
        "server_epoch": session.server_epoch,
        "hello": SessionHello { device: me.device },
        "proof": proof,
        "epoch": epoch,
        "entries": sealed.iter().map(WireEntry::from).collect::<Vec<_>>(),
    });
    println!("{told}");
    Ok(())
}

fn ask<T: DeserializeOwned>(line: &mut Http, path: &'static str, token: Option<&str>, body: &impl Serialize) -> Result<T> {
    let answer = line.send(&Request::new(path, token, body))?;
    if answer.status != 200 {
        bail!("{path} : {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    serde_json::from_slice(&answer.body).with_context(|| path.to_owned())
}
