//! What a push costs, by step, for 1,000 entries: decoding, verifying, inserting, and the whole; beside the same rows inserted by the
//! bare engine (prepared statements, the same batches, tables, indexes and durability), in the same database and the same run.
//!
//! On SQLite, and on PostgreSQL too where `PREAU_TEST_POSTGRES` holds the URL of a database to fill. Printed: medians of [`RUNS`] runs.

mod bare;

use anyhow::{Context, Result, ensure};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use bare::{Bare, Row};
use benches::tablets::{Door, Tablet, body, doors, enrolled};
use benches::{filled_on, percentile};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use curve25519_dalek::{EdwardsPoint, Scalar, constants::ED25519_BASEPOINT_POINT};
use server::router::router;
use server::serve::{Server, Transport};
use server::store::{Territory, random};
use server::sync::judge::Read;
use server::sync::push::{decode, push};
use sha2::{Digest, Sha512};
use shared::id::DeviceId;
use shared::journal::{VerifyingKey, check_signature, signed_bytes};
use shared::wire::limits::PUSH_ENTRIES_MAX;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Odd, so that a median is one of them.
const RUNS: usize = 7;
const PUSHES: usize = 5;
const ENTRIES: usize = PUSHES * PUSH_ENTRIES_MAX;
/// Tablets that push at the same time where the whole is measured.
const TABLETS: usize = 8;
const CORES: usize = 2;
const HOUSEHOLDS: usize = 310;

/// How long each step took.
#[derive(Default)]
struct Steps {
    decode: Vec<Duration>,
    verify: Vec<Duration>,
    batch: Vec<Duration>,
    insert: Vec<Duration>,
    bare: Vec<Duration>,
    whole: Vec<Duration>,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(CORES).max_blocking_threads(CORES).enable_all().build()?;
    println!("pour 1000 pointages, médianes de {RUNS} passages");
    runtime.block_on(Box::pin(on("SQLite", None)))?;
    match std::env::var("PREAU_TEST_POSTGRES") {
        Ok(url) => runtime.block_on(Box::pin(on("PostgreSQL", Some(url))))?,
        Err(_) => println!("PostgreSQL : sauté, PREAU_TEST_POSTGRES n'est pas donnée"),
    }
    Ok(())
}

async fn on(engine: &str, database: Option<String>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let app = filled_on(folder.path(), HOUSEHOLDS, database.clone()).await?;
    let server = Server::open(app)?;
    let mut bare = match database {
        None => Bare::sqlite(&folder.path().join("data/preau.db"))?,
        Some(url) => Bare::postgres(&url).await?,
    };
    let doors = doors(&server.app).await?;
    let mut steps = Steps::default();
    for _ in 0..RUNS {
        one_by_one(&server, &doors[0], &mut bare, &mut steps).await?;
        steps.whole.push(together(&server, &doors).await?);
    }
    tell(engine, steps);
    Ok(())
}

/// One tablet's thousand entries, step by step, and another one's by the bare engine.
async fn one_by_one(server: &Server, door: &Door, bare: &mut Bare, steps: &mut Steps) -> Result<()> {
    let now = server.app.clock.now();
    let mut tablets = enrolled(&server.app, std::slice::from_ref(door), 2).await?;
    let (mut other, mut tablet) = (tablets.remove(0), tablets.remove(0));
    tablet.open_session(server).await?;
    let (ours, theirs) = (bodies(&mut tablet, now)?, bodies(&mut other, now)?);
    let none = HashMap::new();
    let (key, keys) = (tablet.key.verifying_key(), HashMap::from([(tablet.device, tablet.key.verifying_key().to_bytes())]));

    let start = Instant::now();
    let read: Vec<Vec<Read>> = ours.iter().map(|body| decoded(body, &none)).collect::<Result<_>>()?;
    steps.decode.push(start.elapsed());

    let start = Instant::now();
    for entry in read.iter().flatten() {
        ensure!(check_signature(&entry.sealed.envelope, &entry.sealed.signature, &key), "a good signature");
    }
    steps.verify.push(start.elapsed());

    let start = Instant::now();
    for run in &read {
        ensure!(in_one_equation(run, &key)?, "good signatures");
    }
    steps.batch.push(start.elapsed());

    let rows: Vec<Row> = decoded_all(&theirs)?.iter().map(|entry| Row::of(&server.app, entry)).collect::<Result<_>>()?;
    let start = Instant::now();
    for rows in rows.chunks(PUSH_ENTRIES_MAX) {
        bare.insert(rows).await?;
    }
    steps.bare.push(start.elapsed());

    let proven: Vec<_> = ours.iter().map(|body| decode(body, &keys).ok().context("a push")).collect::<Result<_>>()?;
    let start = Instant::now();
    for entries in proven {
        let transaction = server.app.db.begin().await?;
        let answer = push(&Territory::new(server.app.territoire(), &transaction), &tablet.caller(), "", now, entries).await?;
        transaction.commit().await?;
        ensure!(answer.verdicts.iter().all(|v| v.code.is_none() && v.verdict.is_stored()), "accepted");
    }
    steps.insert.push(start.elapsed());
    Ok(())
}

/// Several tablets' thousands at the same time, through every layer but the network; what a thousand took.
async fn together(server: &Server, doors: &[Door]) -> Result<Duration> {
    let now = server.app.clock.now();
    let mut ready = Vec::new();
    for mut tablet in enrolled(&server.app, doors, TABLETS).await? {
        let token = tablet.open_session(server).await?.token;
        ready.push((token, bodies(&mut tablet, now)?));
    }
    let router = router(server.clone());
    let start = Instant::now();
    let mut pushing = tokio::task::JoinSet::new();
    for (token, bodies) in ready {
        let router = router.clone();
        pushing.spawn(async move {
            for body in bodies {
                let request = Request::post("/sync/v1/push").header("authorization", format!("Bearer {token}"));
                let request = request.extension(Transport::Tls).body(Body::from(body))?;
                let answer = router.clone().oneshot(request).await?;
                ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
            }
            Ok(())
        });
    }
    while let Some(done) = pushing.join_next().await {
        done??;
    }
    Ok(start.elapsed() / u32::try_from(TABLETS)?)
}

fn bodies(tablet: &mut Tablet, now: shared::calendar::Instant) -> Result<Vec<Vec<u8>>> {
    let sealed = tablet.seal(ENTRIES, now)?;
    sealed.chunks(PUSH_ENTRIES_MAX).map(body).collect()
}

fn decoded(body: &[u8], keys: &HashMap<DeviceId, [u8; 32]>) -> Result<Vec<Read>> {
    let entries = decode(body, keys).ok().context("a push")?;
    entries.into_iter().map(|entry| entry.map_err(anyhow::Error::msg)).collect()
}

fn decoded_all(bodies: &[Vec<u8>]) -> Result<Vec<Read>> {
    let read: Vec<Vec<Read>> = bodies.iter().map(|body| decoded(body, &HashMap::new())).collect::<Result<_>>()?;
    Ok(read.into_iter().flatten().collect())
}

/// What verifying a tablet's run as one batch would cost. The server doesn't: see `sync::judge`.
fn in_one_equation(run: &[Read], key: &VerifyingKey) -> Result<bool> {
    let mut scalars = vec![Scalar::ZERO; 2];
    let mut points = vec![-ED25519_BASEPOINT_POINT, point(key.as_bytes())?];
    for entry in run {
        let (r, s) = entry.sealed.signature.split_at(32);
        let said = Sha512::new().chain_update(r).chain_update(key.as_bytes()).chain_update(signed_bytes(&entry.sealed.envelope));
        let h = Scalar::from_bytes_mod_order_wide(&said.finalize().into());
        let z = Scalar::from(u128::from_le_bytes(random()?));
        scalars[0] += z * Scalar::from_bytes_mod_order(s.try_into()?);
        scalars[1] += z * h;
        scalars.push(z);
        points.push(point(r.try_into()?)?);
    }
    Ok(EdwardsPoint::vartime_multiscalar_mul(&scalars, &points).is_identity())
}

fn point(bytes: &[u8; 32]) -> Result<EdwardsPoint> {
    CompressedEdwardsY(*bytes).decompress().context("a point")
}

fn tell(engine: &str, steps: Steps) {
    let Steps { decode, verify, batch, insert, bare, whole } = steps;
    let [decode, verify, batch, insert, bare, whole] = [decode, verify, batch, insert, bare, whole].map(|mut durations| {
        durations.sort_unstable();
        percentile(&durations, 50)
    });
    let ms = |took: Duration| format!("{:>4}.{} ms", took.as_millis(), took.as_micros() / 100 % 10);
    println!("{engine}");
    println!("  décoder             {}", ms(decode));
    println!("  vérifier            {}   (en un lot, ce que le serveur ne fait pas : {})", ms(verify), ms(batch).trim());
    println!("  insérer             {}   juger compris", ms(insert));
    println!(
        "  moteur nu           {}   l'insertion atteint {} % de sa vitesse",
        ms(bare),
        bare.as_micros() * 100 / insert.as_micros().max(1)
    );
    println!(
        "  le tout             {}   {TABLETS} tablettes, {CORES} cœurs : {} pointages/s",
        ms(whole),
        1_000_000_000 / whole.as_micros().max(1)
    );
}
