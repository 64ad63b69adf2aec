//! The demo that a person looks at: a server, a tablet in a window, until Ctrl-C.

use crate::programs::{Programs, run};
use crate::{Options, clock, house};
use anyhow::{Context, Result};
use chrono::NaiveDate;
use std::path::PathBuf;
use std::process::{Child, ExitCode};
use std::sync::mpsc;
use std::time::Instant;

/// Written last, once everything is in place; holds the day that the data was made for.
const READY: &str = "pret";

/// Who may log in, as it was printed the first time.
const LOG_INS: &str = "acces.txt";

pub fn open(data: PathBuf, options: &Options) -> Result<ExitCode> {
    let (listen, payfip) = (options.listen.as_str(), options.payfip.as_str());
    let started = Instant::now();
    let programs = Programs::new(data.clone(), clock::today()?)?;
    let furnished_for = std::fs::read_to_string(data.join(READY)).ok().and_then(|text| text.trim().parse::<NaiveDate>().ok());
    if furnished_for.is_none() {
        // A first start that was cut short left half a house: begin again.
        for half in [programs.server_data(), programs.terminal_data(), programs.import_folder()] {
            if half.exists() {
                std::fs::remove_dir_all(&half).with_context(|| half.display().to_string())?;
            }
        }
        println!("Première fois : une agglomération de 61 communes est écrite et chargée…");
        let said = house::furnish(&programs)?;
        println!("{}", said.trim_end());
    }
    house::settle_in(&programs, listen, payfip, options.settings.as_deref())?;
    let sandbox = programs.sandbox(payfip, &[])?;
    let server = programs.serve(listen)?;
    let site = house::actors(&programs)?["school"]["site"].as_str().unwrap_or_default().to_owned();
    if furnished_for.is_none() {
        house::enrol(&programs, &server, &site)?;
        let organisation =
            |which: &str| house::actors(&programs).map(|a| a["organisations"][which].as_str().unwrap_or_default().to_owned());
        let (commune, agglomeration) = (organisation("commune")?, organisation("agglomeration")?);
        let month = house::actors(&programs)?["month"].as_str().unwrap_or_default().to_owned();
        println!("{}", house::bill(&programs, &commune, &month)?.trim_end());
        std::fs::write(data.join(LOG_INS), house::people(&programs, &commune, &agglomeration)?.join("\n"))
            .context("accès de la démonstration")?;
        std::fs::write(data.join(READY), programs.today.to_string()).context("fin de la mise en place")?;
    }
    println!();
    println!("Préau      {}/   familles et agents, une seule page de connexion", server.url);
    println!("{}", std::fs::read_to_string(data.join(LOG_INS)).unwrap_or_default());
    println!("PayFiP     http://{payfip}/_bac-a-sable/   bac à sable : aucun argent ne bouge");
    if let Some(day) = furnished_for.filter(|day| *day != programs.today) {
        println!("Les données datent du {} ; « ./demo --reset » les remet à aujourd'hui.", day.format("%d/%m/%Y"));
    }
    let mut window = window(&programs)?;
    println!("Prêt en {},{} s. Ctrl-C arrête tout.", started.elapsed().as_secs(), started.elapsed().subsec_millis() / 100);

    let (tell, told) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = tell.send(());
    })
    .context("Ctrl-C")?;
    // The channel never closes before Ctrl-C: its sender lives in the handler.
    let _ = told.recv();
    if let Some(window) = &mut window {
        let _ = window.kill();
        let _ = window.wait();
    }
    server.stop()?;
    drop(sandbox);
    println!("Tout est arrêté.");
    Ok(ExitCode::SUCCESS)
}

/// Opens the tablet where there is a display, else says how.
fn window(programs: &Programs) -> Result<Option<Child>> {
    let display = ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !display {
        println!("Tablette   pas d'écran ici. Depuis une session graphique :");
        println!(
            "           PREAU_TODAY={} {} --data {}",
            programs.today,
            programs.command("preau-terminal").get_program().to_string_lossy(),
            programs.terminal_data().display()
        );
        let (_, status, _) = run(&mut programs.terminal(&["status"]))?;
        println!("           {}", status.lines().next().unwrap_or_default());
        return Ok(None);
    }
    println!("Tablette   une fenêtre s'ouvre ; un badge se tape au clavier, très vite, puis Entrée");
    programs.terminal(&[]).spawn().map(Some).context("preau-terminal ne s'ouvre pas")
}
