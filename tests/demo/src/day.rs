//! A whole day through the real programs, without a window: the last school
//! day of the month before today, at a school with morning care, canteen and
//! evening care on one tablet. Every step checks what it did; the first
//! deviation ends the day with exit code 1.

use crate::actions::{Actions, Played};
use crate::house;
use crate::month::{self, Paid};
use crate::programs::{Programs, Server, output, run};
use crate::recovery;
use crate::steps::Steps;
use crate::{cast::Cast, clock};
use anyhow::{Context, Result, bail, ensure};
use chrono::NaiveDate;
use serde_json::{Value, json};
use shared::wire::WireEntry;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where a tablet can be killed while it seals (terminal_core::store::SealPoint).
const SEAL_POINTS: [&str; 4] = ["before_sign", "after_sign", "inside_commit", "after_commit"];
/// Minutes of the evening departures, from 16:40 on: one at each point of sealing.
const DEPARTURES: [&str; 4] = ["16:44:20", "16:58:05", "17:21:40", "17:46:10"];

/// Plays the day.
pub fn play(data: PathBuf) -> Result<ExitCode> {
    let mut steps = Steps::new();
    let today = Programs::new(data.clone(), clock::today()?)?;

    steps.step("Une agglomération est écrite, puis chargée", || {
        house::furnish(&today)?;
        Ok(((), format!("{} fichiers", std::fs::read_dir(today.import_folder())?.count())))
    })?;
    let cast = Cast::read(&house::actors(&today)?)?;
    // The tablet's day: the server believes in it too while the line is there.
    let then = Programs::new(data, cast.day)?;

    let listen = free_address()?;
    // Whose notifications come twice, as the real ones may.
    let sandbox = today.sandbox("127.0.0.1:0", &["copies=2"])?;
    house::settle_in(&today, &listen, sandbox.url.trim_start_matches("http://"), None)?;
    let server = steps.step("Le serveur démarre et la tablette est enrôlée", || enrol(&then, &cast, &listen))?;
    let mut sealed: Vec<String> = Vec::new();
    steps.step("7 h 30, douze arrivées par badge et par liste", || arrivals(&then, &cast, &mut sealed))?;
    steps.step("11 h 50, une classe appelée par exception", || canteen(&then, &cast, &mut sealed))?;
    steps.step("La ligne est coupée", || {
        server.stop()?;
        Ok(((), "le serveur ne répond plus".into()))
    })?;
    let departures =
        steps.step("16 h 40, quatre départs, la tablette tuée à chaque point du scellement", || evening(&then, &cast, &mut sealed))?;
    steps.step("La tablette redémarre sans réseau et dit ce qu'elle garde", || waiting(&today, &departures))?;
    let server = steps.step("La ligne revient", || {
        let server = today.serve(&listen)?;
        let said = server.url.clone();
        Ok((server, said))
    })?;
    steps.step("Tout part, une fois", || sync_back(&today, &cast, &sealed))?;
    steps.step("La journée est signée", || sign(&today, &cast))?;
    steps.step("Le brouillon du mois contient un pointage que l'on vient de faire", || draft(&today, &cast, &departures))?;
    steps.step("La chaîne se vérifie", || verify(&today, &sealed))?;
    let (server, paid) = bill(&mut steps, &today, &cast, server, &sandbox)?;
    recover(&mut steps, &today, &cast, server, &paid)?;
    steps.end();
    Ok(ExitCode::SUCCESS)
}

/// From the draft to a bill that is paid.
fn bill(steps: &mut Steps, today: &Programs, cast: &Cast, server: Server, sandbox: &Server) -> Result<(Server, Paid)> {
    let issued = steps.step("Le mois est décidé et émis, une fois", || month::issue(today, cast))?;
    steps.step("Les courriels sont partis", || month::mail(today, &issued))?;
    let payer = month::payer_of(today, &cast.household)?;
    let left_at = short(DEPARTURES[0]);
    steps.step("Une mère lit sa facture, jusqu'au départ pointé ce soir-là", || {
        month::reads(today, &server, &issued, &payer, &left_at)
    })?;
    let homes = month::homes_of(today, &cast.alternating)?;
    let [hers, his] = &homes[..] else { bail!("{} a {} foyers", cast.alternating, homes.len()) };
    let (mother, father) = (month::payer_of(today, hers)?, month::payer_of(today, his)?);
    let paid = steps.step("Une autre paie en ligne", || month::pays(today, &server, sandbox, &issued, &mother))?;
    steps.step("Le père du même enfant ne voit que sa part", || month::sees_only_his(today, &server, &issued, &father, &paid))?;
    steps.step("Les comptes tombent juste", || month::balances(today, cast, &issued, &paid))?;
    Ok((server, paid))
}

/// The server is lost, and comes back from its backup.
fn recover(steps: &mut Steps, today: &Programs, cast: &Cast, server: Server, paid: &Paid) -> Result<()> {
    let listen = server.url.trim_start_matches("http://").to_owned();
    let backup = steps.step("Le serveur est sauvegardé pendant qu'il sert", || recovery::back_up(today))?;
    let lost = steps.step("Un enfant passe encore, puis le serveur est perdu", || recovery::lost(today, cast, server))?;
    steps.step("La sauvegarde est restaurée, la reprise confirmée", || recovery::restore(today, cast, &backup))?;
    let server = today.serve(&listen)?;
    steps.step("La tablette rend ce que la sauvegarde ignorait", || recovery::offered_again(today, cast, &lost))?;
    steps.step("Ce qui était payé l'est encore", || recovery::still_paid(today, &server, paid))?;
    server.stop()
}

/// "16:44", of "16:44:20".
fn short(time: &str) -> String {
    time.chars().take(5).collect()
}

/// An address that the system just had free, kept for the whole day: the tablet finds its server again at the same place.
fn free_address() -> Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("aucun port libre")?;
    Ok(listener.local_addr()?.to_string())
}

fn enrol(then: &Programs, cast: &Cast, listen: &str) -> Result<(Server, String)> {
    let server = then.serve(listen)?;
    house::enrol(then, &server, &cast.site)?;
    let mut actions = Actions::on(cast.day);
    actions.at("07:00:00", json!({"do": "sync"}));
    let played = actions.play(then)?;
    let said = played.last().and_then(|p| p.notice.clone()).unwrap_or_else(|| "roster reçu".into());
    Ok((server, said))
}

fn arrivals(then: &Programs, cast: &Cast, sealed: &mut Vec<String>) -> Result<((), String)> {
    let mut actions = Actions::on(cast.day);
    let (by_badge, by_list) = (&cast.by_badge, &cast.by_list);
    for (minute, badge) in by_badge.iter().enumerate() {
        actions.at(&format!("07:{:02}:10", 32 + minute), json!({"do": "badge", "uid": badge, "moment": cast.morning}));
    }
    for (minute, child) in by_list.iter().enumerate() {
        actions.at(&format!("07:{:02}:40", 42 + minute), json!({"do": "arrive", "child": child, "moment": cast.morning}));
    }
    let played = actions.play(then)?;
    let entries = all_done(&played)?;
    ensure!(entries.len() == 12, "attendu douze arrivées, scellées {}", entries.len());
    let durable = slowest_ms(&played);
    sealed.extend(entries);
    Ok(((), format!("12 pointages, le plus lent sur le disque en {durable} ms")))
}

fn canteen(then: &Programs, cast: &Cast, sealed: &mut Vec<String>) -> Result<((), String)> {
    let mut actions = Actions::on(cast.day);
    let call =
        json!({"do": "roll_call", "activity": cast.canteen, "class": cast.class, "absent": cast.absent_at_lunch, "moment": cast.canteen});
    actions.at("11:50:00", call);
    actions.at("11:55:00", json!({"do": "sync"}));
    let played = actions.play(then)?;
    let entries = all_done(&played)?;
    let unsent = played.last().map_or(u64::MAX, |last| last.unsent);
    ensure!(unsent == 0, "la ligne est là, et {unsent} pointages attendent encore : {played:?}");
    ensure!(entries.len() == cast.class_booked, "attendu {} pointages pour la classe, scellés {}", cast.class_booked, entries.len());
    let said = format!(
        "{} présents, {} absents, une seule validation",
        cast.class_booked - cast.absent_at_lunch.len(),
        cast.absent_at_lunch.len()
    );
    sealed.extend(entries);
    Ok(((), said))
}

/// The four departures, in order, each with the entry that recorded it.
type Departures = Vec<(String, String)>;

fn evening(then: &Programs, cast: &Cast, sealed: &mut Vec<String>) -> Result<(Departures, String)> {
    let mut actions = Actions::on(cast.day);
    for ((child, point), time) in cast.leaving.iter().zip(SEAL_POINTS).zip(DEPARTURES) {
        actions.at(time, json!({"do": "kill", "at_point": point}));
        let to = if *child == cast.alone { json!({"kind": "alone"}) } else { Value::Null };
        let mut leave = json!({"do": "leave", "child": child, "moment": cast.evening});
        if !to.is_null() {
            leave["to"] = to;
        }
        actions.at(time, leave);
    }
    let played = actions.play(then)?;
    let mut departures = Vec::new();
    for (child, leave) in cast.leaving.iter().zip(played.iter().filter(|p| p.act == "leave")) {
        let recorded = leave.recorded();
        let [entry] = &recorded[..] else { bail!("le départ de {child} a scellé {} pointages : {leave:?}", recorded.len()) };
        departures.push((child.clone(), entry.clone()));
    }
    let killed: Vec<&str> = played.iter().filter_map(|p| p.killed.as_ref()).filter_map(|k| k["at_point"].as_str()).collect();
    ensure!(killed == SEAL_POINTS, "attendu une mort à chacun de {SEAL_POINTS:?}, vues {killed:?}");
    let lost = played.iter().filter_map(|p| p.killed.as_ref()).any(|k| k["lost"].as_array().is_none_or(|l| !l.is_empty()));
    ensure!(!lost, "un pointage montré comme enregistré est perdu : {played:?}");
    sealed.extend(all_done(&played)?);
    Ok((departures, "SIGKILL ×4, rien de perdu, rien de double".into()))
}

fn status(today: &Programs) -> Result<Value> {
    serde_json::from_str(&output(&mut today.terminal(&["status", "--format", "json"]))?).context("status")
}

fn number(status: &Value, key: &str) -> Result<u64> {
    status[key].as_u64().with_context(|| format!("« {key} » absent de : {status}"))
}

/// Morning and canteen left while the line was there: the evening's departures wait, all of them and nothing else.
fn waiting(today: &Programs, departures: &Departures) -> Result<((), String)> {
    let queue = number(&status(today)?, "queue")?;
    ensure!(queue == departures.len() as u64, "attendu les {} départs en attente, vus {queue} pointages", departures.len());
    Ok(((), format!("{queue} pointages gardés depuis ce jour-là")))
}

fn sync_back(today: &Programs, cast: &Cast, sealed: &[String]) -> Result<((), String)> {
    let mut actions = Actions::on(today.today);
    actions.at("18:00:00", json!({"do": "online"}));
    actions.at("18:00:01", json!({"do": "sync"}));
    actions.at("18:00:05", json!({"do": "sync"}));
    let played = actions.play(today)?;
    let last = played.last().context("aucune action jouée")?;
    ensure!(last.unsent == 0, "il reste {} pointages : {last:?}", last.unsent);
    let status = status(today)?;
    for kind in ["queue", "quarantined", "refused"] {
        ensure!(number(&status, kind)? == 0, "la tablette dit {kind} : {status}");
    }
    let received = received(today, cast, cast.day)?;
    let missing: Vec<&String> = sealed.iter().filter(|entry| !received.contains(*entry)).collect();
    ensure!(missing.is_empty(), "le serveur n'a pas, ou pas en entier, {missing:?}");
    Ok(((), format!("{} pointages, chacun nommé dans l'export du journal", sealed.len())))
}

/// The entries that the server's journal holds of the day with their content, by their own names.
pub fn received(today: &Programs, cast: &Cast, day: NaiveDate) -> Result<BTreeSet<String>> {
    let day = day.to_string();
    let text = output(&mut today.server(&["journal", "export", "--site", &cast.site, "--from", &day, "--to", &day]))?;
    let export: Value = serde_json::from_str(&text).context("export du journal")?;
    let entries: Vec<WireEntry> = serde_json::from_value(export["entries"].clone()).context("entries")?;
    let sealed = entries.into_iter().filter_map(WireEntry::into_sealed).filter(|entry| entry.private.is_some());
    sealed.map(|entry| Ok(entry.decode_envelope()?.entry_id.to_string())).collect()
}

fn sign(today: &Programs, cast: &Cast) -> Result<((), String)> {
    let day = cast.day.to_string();
    for centre in [&cast.care_centre, &cast.canteen_centre] {
        output(&mut today.server(&["attendance", "sign", "--centre", centre, "--date", &day, "--by", &cast.director]))?;
    }
    Ok(((), format!("{} et {}, par {}", cast.care_centre, cast.canteen_centre, cast.director)))
}

fn draft(today: &Programs, cast: &Cast, departures: &Departures) -> Result<((), String)> {
    let month = cast.month.as_str();
    let text =
        output(&mut today.server(&["billing", "draft", "--month", month, "--organisation", &cast.organisation, "--format", "json"]))?;
    let draft: Value = serde_json::from_str(&text).context("brouillon")?;
    let lines: Vec<&Value> =
        draft["invoices"].as_array().into_iter().flatten().flat_map(|i| i["lines"].as_array().into_iter().flatten()).collect();
    for (child, entry) in departures {
        let line = lines.iter().find(|l| l["child"] == **child && l["activity"] == *cast.evening && names(l, entry));
        let line = line.with_context(|| format!("aucune ligne du soir de {child} n'explique le pointage {entry}"))?;
        ensure!(line["amount_cents"].as_i64().is_some_and(|cents| cents > 0), "la ligne de {child} ne vaut rien : {line}");
    }
    let conflict = draft["problems"].as_array().into_iter().flatten().find(|p| {
        let about_the_day = p["date"] == cast.day.to_string() && p["child"] == *cast.all_day;
        about_the_day && p["kind"].as_str().is_some_and(|kind| kind != "journee_non_signee")
    });
    ensure!(conflict.is_none(), "l'enfant qui passe du matin à la cantine puis au soir a un faux conflit : {conflict:?}");
    let activities = [&cast.morning, &cast.canteen, &cast.evening];
    for activity in activities {
        let billed = lines.iter().any(|l| l["child"] == *cast.all_day && l["activity"] == **activity);
        ensure!(billed, "{} n'a pas de ligne pour {activity}", cast.all_day);
    }
    let (child, entry) = &departures[0];
    let line =
        lines.iter().find(|l| l["child"] == **child && l["activity"] == *cast.evening && names(l, entry)).context("ligne du soir")?;
    let cents = line["amount_cents"].as_i64().unwrap_or_default();
    let amount = shared::money::Cents(cents);
    Ok(((), format!("{child}, {} : {amount}, dont le départ {entry}", line["label"].as_str().unwrap_or_default())))
}

/// Whether a line's explanation names an entry.
fn names(line: &Value, entry: &str) -> bool {
    line["explanation"].to_string().contains(entry)
}

fn verify(today: &Programs, sealed: &[String]) -> Result<((), String)> {
    let (code, out, err) = run(&mut today.server(&["journal", "verify"]))?;
    ensure!(code == 0, "la vérification a fini avec {code} : {out}{err}");
    Ok(((), format!("{} ; {} pointages de la journée", out.lines().next().unwrap_or_default(), sealed.len())))
}

/// The entries of all actions, each of which must have made sense.
fn all_done(played: &[Played]) -> Result<Vec<String>> {
    for act in played {
        ensure!(act.ok, "un geste n'a pas abouti : {act:?}");
    }
    Ok(played.iter().flat_map(Played::recorded).collect())
}

/// The longest time from touch to disk, as printed.
fn slowest_ms(played: &[Played]) -> String {
    let slowest = played
        .iter()
        .filter_map(|p| p.durable_ms.as_ref())
        .max_by(|a, b| a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(std::cmp::Ordering::Equal));
    slowest.map(|n| n.to_string().replace('.', ",")).unwrap_or_else(|| "?".into())
}
