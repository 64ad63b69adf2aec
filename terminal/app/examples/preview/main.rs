//! Screens of the tablet without a tablet: pictures for eyes, or a window to touch.
//!
//! `cargo run -p preau-terminal --example preview -- --images DIR` draws every
//! screen without a display; `-- --ecran depart` opens one in a window, where
//! what would be asked of the door is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a developer's tool")]

mod fixtures;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use i_slint_backend_testing::{TestingBackend, TestingBackendOptions};
use slint::{ComponentHandle, PhysicalSize};
use terminal_app::door_thread::Desk;
use terminal_app::faces::{self, Album};
use terminal_app::paint;
use terminal_app::reader::Reader;
use terminal_app::window::{self, Language, open, run};
use terminal_core::view::{Act, Look, Screen};

#[derive(Parser)]
struct Options {
    /// Dessine chaque écran dans ce dossier, sans affichage.
    #[arg(long)]
    images: Option<PathBuf>,
    /// Ouvre cet écran dans une fenêtre.
    #[arg(long, default_value = "tableau")]
    ecran: String,
    /// Thème sombre.
    #[arg(long)]
    sombre: bool,
    /// In English.
    #[arg(long)]
    anglais: bool,
}

/// Always the same screen; says what it was asked.
struct Still(Screen);

impl Desk for Still {
    fn act(&mut self, act: Act) -> Screen {
        println!("{act:?}");
        self.0.clone()
    }

    fn tick(&mut self) -> Screen {
        self.0.clone()
    }

    fn album(&self) -> Album {
        Arc::new(fixtures::face)
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(folder) = options.images {
        return draw_all(&folder);
    }
    let screen = fixtures::all().into_iter().find(|(name, _)| *name == options.ecran).map(|(_, screen)| screen);
    run(
        Still(screen.unwrap_or_else(fixtures::creche)),
        &Reader::default(),
        window::Look { dark: options.sombre, language: language(options.anglais), ..window::Look::default() },
    )
}

fn language(english: bool) -> Language {
    if english { Language::English } else { Language::French }
}

fn draw_all(folder: &Path) -> anyhow::Result<()> {
    let options = TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) };
    slint::platform::set_platform(Box::new(TestingBackend::new(options))).map_err(|error| anyhow::anyhow!("{error}"))?;
    std::fs::create_dir_all(folder)?;
    let by_day = window::Look { still: true, ..window::Look::default() };
    let evening = window::Look { dark: true, ..by_day };
    for (name, screen) in fixtures::all() {
        draw(&folder.join(format!("{name}.png")), &screen, by_day, (1280, 800))?;
        draw(&folder.join(format!("main-{name}.png")), &screen, by_day, (360, 740))?;
        draw(&folder.join(format!("soir-{name}.png")), &screen, evening, (1280, 800))?;
        let large = fixtures::looking(Look { large: true, ..Look::default() }, screen.clone());
        draw(&folder.join(format!("gros-{name}.png")), &large, by_day, (1280, 800))?;
        draw(&folder.join(format!("gros-main-{name}.png")), &large, by_day, (360, 740))?;
        let left = fixtures::looking(Look { left_handed: true, ..Look::default() }, screen);
        draw(&folder.join(format!("gauche-{name}.png")), &left, by_day, (1280, 800))?;
    }
    let english = window::Look { language: Language::English, ..by_day };
    for (name, screen) in fixtures::all()
        .into_iter()
        .filter(|(name, _)| ["urgence", "equipe", "encadrement", "code"].iter().any(|start| name.starts_with(start)) || *name == "depart")
    {
        draw(&folder.join(format!("debout-{name}.png")), &screen, by_day, (800, 1280))?;
        draw(&folder.join(format!("anglais-{name}.png")), &screen, english, (1280, 800))?;
        draw(&folder.join(format!("anglais-main-{name}.png")), &screen, english, (360, 740))?;
    }
    Ok(())
}

fn draw(path: &Path, screen: &Screen, look: window::Look, (width, height): (u32, u32)) -> anyhow::Result<()> {
    let window = open(look, screen)?;
    let faces = faces::connect(&window, Arc::new(fixtures::face), || ())?;
    window.show()?;
    window.window().set_size(PhysicalSize::new(width, height));
    // Another size is another room for large type.
    paint::show_screen(&window, screen);
    // What is in sight asks for its faces as it is drawn.
    window.window().take_snapshot()?;
    faces.settle_all();
    let picture = window.window().take_snapshot()?;
    image::save_buffer(path, picture.as_bytes(), picture.width(), picture.height(), image::ColorType::Rgba8)?;
    Ok(())
}
