//! `preau-documents`: the worker that lays documents out, and the agent's check of a folder of templates.
//!
//! - without an argument: answers a server on its standard input and output;
//! - `check DOSSIER`: says all that is wrong with a folder (0: nothing, 1: something, 3: it could not be told);
//! - `sample DOSSIER [MODÈLES]`: writes samples to look at.

use documents::worker::{Worker, serve_this_process};
use documents::{DocumentError, InvoiceDocument, Rendered, samples};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, iter};

const USAGE: &str = "preau-documents check DOSSIER\npreau-documents sample DOSSIER [MODÈLES]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => serve_this_process().map_or(ExitCode::from(3), |()| ExitCode::SUCCESS),
        ["check", folder] => check(Path::new(folder)),
        ["sample", folder] => sample(Path::new(folder), None),
        ["sample", folder, templates] => sample(Path::new(folder), Some(Path::new(templates))),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// A worker of this same program: an endless template ends with it.
fn worker() -> Result<Worker, DocumentError> {
    Ok(Worker::new(env::current_exe()?, iter::empty::<&str>()))
}

fn check(folder: &Path) -> ExitCode {
    match worker().and_then(|worker| worker.check(folder)) {
        Ok(faults) if faults.is_empty() => {
            println!("Ce dossier de modèles peut servir.");
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            faults.iter().for_each(|fault| println!("{fault}"));
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn sample(folder: &Path, templates: Option<&Path>) -> ExitCode {
    match write_samples(folder, templates) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(1)
        }
    }
}

fn write_samples(folder: &Path, templates: Option<&Path>) -> Result<(), DocumentError> {
    let worker = worker()?;
    fs::create_dir_all(folder)?;
    let batch = vec![samples::invoice(), samples::long(12), samples::bare(), samples::credit_note()];
    let wanted: [(&str, Vec<InvoiceDocument>); 6] = [
        ("facture", vec![samples::invoice()]),
        ("titre-noms-longs", vec![samples::titre()]),
        ("facture-nue", vec![samples::bare()]),
        ("facture-300-lignes", vec![samples::long(300)]),
        ("avoir", vec![samples::credit_note()]),
        ("lot", batch),
    ];
    for (name, documents) in wanted {
        write_sample(folder, name, &worker.render(templates, &documents)?)?;
    }
    for (name, children) in [("liste-de-secours", 12), ("liste-5-enfants", 5), ("liste-300-enfants", 300)] {
        write_sample(folder, name, &worker.render_list(&samples::day_list(children))?)?;
    }
    Ok(())
}

fn write_sample(folder: &Path, name: &str, rendered: &Rendered) -> Result<(), DocumentError> {
    let path = folder.join(name).with_extension("pdf");
    fs::write(&path, &rendered.pdf)?;
    println!("{} : {} pages", path.display(), rendered.pages);
    rendered.warnings.iter().for_each(|warning| println!("  {warning}"));
    Ok(())
}
