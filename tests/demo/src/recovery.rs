//! The server burns: a backup made while it served, what happened after it, a restore, the reprise, and nothing is lost or doubled.

use crate::actions::Actions;
use crate::cast::Cast;
use crate::month::{self, Paid};
use crate::programs::{Programs, Server, output, run};
use crate::{day, house};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Backs up while the server serves.
pub fn back_up(today: &Programs) -> Result<(PathBuf, String)> {
    let folder = today.data.join("sauvegarde");
    let said = output(&mut today.server(&["backup", &folder.to_string_lossy()]))?;
    Ok((folder, said.lines().next().unwrap_or_default().to_owned()))
}

/// A child arrives and leaves after the backup; the server takes it, and then is gone with its disk. Gives the entries.
pub fn lost(today: &Programs, cast: &Cast, server: Server) -> Result<(Vec<String>, String)> {
    let child = cast.by_list.first().context("personne n'arrive")?;
    let mut actions = Actions::on(today.today);
    actions.at("18:10:00", json!({"do": "arrive", "child": child, "moment": cast.evening}));
    actions.at("18:25:00", json!({"do": "leave", "child": child, "moment": cast.evening}));
    actions.at("18:25:05", json!({"do": "sync"}));
    actions.at("18:25:09", json!({"do": "sync"}));
    let played = actions.play(today)?;
    let entries: Vec<String> = played.iter().flat_map(|act| act.recorded()).collect();
    ensure!(entries.len() == 2, "attendu une arrivée et un départ : {played:?}");
    ensure!(played.last().is_some_and(|last| last.unsent == 0), "le serveur n'a pas tout reçu : {played:?}");
    server.stop()?;
    let (there, gone) = (today.server_data(), today.data.join("serveur-perdu"));
    std::fs::rename(&there, &gone).context("le disque du serveur")?;
    let said = format!("{} pointages que la sauvegarde ne connaît pas", entries.len());
    Ok((entries, said))
}

/// Restores into an empty folder: in reprise nothing is issued, and the command says what to look at.
pub fn restore(today: &Programs, cast: &Cast, backup: &Path) -> Result<((), String)> {
    let said = output(&mut today.server(&["restore", &backup.to_string_lossy()]))?;
    let issue = ["billing", "issue", "--month", &cast.month, "--organisation", &cast.organisation];
    let (code, out, err) = run(&mut today.server(&issue))?;
    ensure!(code != 0 && format!("{out}{err}").contains("reprise"), "en reprise, une émission a fini avec {code} : {out}{err}");
    let (code, out, err) = run(&mut today.server(&["admin", "reprise"]))?;
    ensure!(code == 1 && out.contains("Derniers numéros donnés"), "admin reprise a fini avec {code} : {out}{err}");
    output(&mut today.server(&["admin", "reprise", "--confirmer", "--by", house::BILLS]))?;
    Ok(((), said.lines().next().unwrap_or_default().to_owned()))
}

/// The tablet finds its server again and offers what the backup didn't know, by itself.
pub fn offered_again(today: &Programs, cast: &Cast, lost: &[String]) -> Result<((), String)> {
    let mut actions = Actions::on(today.today);
    for second in [0, 5, 10] {
        actions.at(&format!("18:40:{second:02}"), json!({"do": "sync"}));
    }
    let played = actions.play(today)?;
    ensure!(played.last().is_some_and(|last| last.unsent == 0), "la tablette garde des pointages : {played:?}");
    let received = day::received(today, cast, today.today)?;
    let missing: Vec<&String> = lost.iter().filter(|entry| !received.contains(*entry)).collect();
    ensure!(missing.is_empty(), "la tablette n'a pas rendu {missing:?}");
    let (code, out, err) = run(&mut today.server(&["journal", "verify"]))?;
    ensure!(code == 0, "la chaîne est rompue : {out}{err}");
    Ok(((), out.lines().next().unwrap_or_default().to_owned()))
}

/// What was paid before is paid: the mother's password opens her page, her bill says so, the books balance.
pub fn still_paid(today: &Programs, server: &Server, paid: &Paid) -> Result<((), String)> {
    let mother = month::log_in(today, server, &paid.payer)?;
    mother.opens(&paid.bill)?.must_say("payée")?;
    month::settled_once(today, paid.amount)?;
    Ok(((), format!("{} et rien d'autre", paid.amount)))
}
