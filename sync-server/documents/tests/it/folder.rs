//! An organisation's own templates: taken one by one, checked, never fatal.

use crate::pdf;
use documents::limits::{TEMPLATE_FOLDER_BYTES_MAX, TEMPLATE_FOLDER_FILES_MAX};
use documents::{DocumentError, FolderError, Templates, samples};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const LOGO: &str =
    r##"<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" rx="8" fill="#0F5C73"/></svg>"##;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A built-in file with something changed.
fn changed(name: &str, from: &str, to: &str) -> String {
    let (_, text) = Templates::replaceable().find(|(found, _)| *found == name).unwrap();
    assert!(text.contains(from), "{from} is not in {name}");
    text.replacen(from, to, 1)
}

fn faults(files: &[(&str, &str)]) -> Vec<String> {
    Templates::check(folder(files).path()).iter().map(ToString::to_string).collect()
}

fn refused(folder: &Path) -> FolderError {
    Templates::with_folder(folder).err().expect("the folder is refused")
}

#[test]
fn an_empty_folder_and_one_with_all_our_files_change_nothing() {
    let all: Vec<(&str, &str)> = Templates::replaceable().collect();
    let builtin = Templates::builtin().render(&samples::titre()).unwrap().pdf;
    for files in [&[][..], &all[..]] {
        let folder = folder(files);
        assert_eq!(Templates::check(folder.path()), []);
        assert_eq!(Templates::with_folder(folder.path()).unwrap().render(&samples::titre()).unwrap().pdf, builtin);
    }
}

#[test]
fn a_logo_alone_is_enough_to_have_one_with_its_alternative_text() {
    let folder = folder(&[("logo.svg", LOGO)]);
    assert_eq!(Templates::check(folder.path()), []);
    let rendered = Templates::with_folder(folder.path()).unwrap().render(&samples::invoice()).unwrap();
    assert!(pdf::structure(&rendered.pdf).contains("Figure"), "{}", pdf::structure(&rendered.pdf));
    assert_eq!(rendered.pages, Templates::builtin().render(&samples::invoice()).unwrap().pages);
}

#[test]
fn colours_change_in_commun_and_the_rest_stays() {
    let commun = changed("commun.typ", "#0F5C73", "#7A1F5C");
    let folder = folder(&[("commun.typ", &commun)]);
    assert_eq!(Templates::check(folder.path()), []);
    let own = Templates::with_folder(folder.path()).unwrap().render(&samples::invoice()).unwrap().pdf;
    let builtin = Templates::builtin().render(&samples::invoice()).unwrap().pdf;
    assert_ne!(own, builtin);
    assert_eq!(pdf::text(&own), pdf::text(&builtin));
}

#[test]
fn a_template_that_prints_little_is_still_titled_and_numbered() {
    let folder = folder(&[("facture.typ", "#let facture(d) = [= Facture\n#d.payer.name doit #d.due_cents centimes.]")]);
    assert_eq!(Templates::check(folder.path()), []);
    let rendered = Templates::with_folder(folder.path()).unwrap().render(&samples::invoice()).unwrap();
    let text = pdf::text(&rendered.pdf);
    assert!(text.contains("Claire Martin doit 2960 centimes.") && text.contains("page 1/1"), "{text}");
}

#[test]
fn a_broken_template_says_where_what_and_what_to_do() {
    let cases = [
        ("nom-inconnu", changed("facture.typ", "#date(d.due_on)", "#datte(d.due_on)")),
        ("champ-inconnu", changed("facture.typ", "d.due_cents", "d.du_cents")),
        ("parenthese", changed("facture.typ", "entete(d)", "entete(d")),
        ("fichier-absent", changed("facture.typ", "detail.typ", "details.typ")),
        ("paquet", changed("facture.typ", "#import \"detail.typ\"", "#import \"@preview/tablex:0.0.8\": x\n#import \"detail.typ\"")),
        ("date-du-jour", changed("facture.typ", "entete(d)", "datetime.today().display()")),
        ("boucle", changed("facture.typ", "entete(d)", "while true { }")),
        ("recursion", changed("facture.typ", "entete(d)", "let f(x) = f(x)\n  f(1)")),
        ("image-sans-texte", changed("facture.typ", "entete(d)", "image(\"plan.svg\")")),
        ("image-illisible", changed("facture.typ", "entete(d)", "image(\"casse.png\", alt: \"Plan\")")),
        ("police", changed("facture.typ", "entete(d)", "set text(font: \"Comic Sans MS\")")),
        ("dans-un-fichier-de-preau", changed("facture.typ", "date(d.due_on)", "date(12)")),
        ("caractere", changed("facture.typ", "heading(level: 1, titre-de(d))", "heading(level: 1)[Facture 名]")),
        ("titre-saute", changed("facture.typ", "heading(level: 1, titre-de(d))", "heading(level: 1)[A]\n  heading(level: 4)[B]")),
        ("disque", changed("facture.typ", "entete(d)", "read(\"/etc/passwd\")")),
        ("hors-du-dossier", changed("facture.typ", "entete(d)", "read(\"../secret.txt\")")),
    ];
    let told = cases.map(|(name, text)| {
        let faults = faults(&[("facture.typ", &text), ("plan.svg", LOGO), ("casse.png", "pas une image")]);
        assert!(!faults.is_empty(), "{name} passes");
        format!("## {name}\n{}\n", faults.join("\n"))
    });
    insta::assert_snapshot!("modeles-casses", told.concat());
}

#[test]
fn a_piece_that_the_frame_needs_is_missed_by_name() {
    let commun = changed("commun.typ", "#let pied(", "#let bas-de-page(");
    let told = faults(&[("commun.typ", &commun)]);
    assert!(told[0].starts_with("cadre.typ, ligne 2,") && told[0].contains("n'existe pas dans le fichier importé"), "{told:?}");
}

#[test]
fn a_broken_template_is_an_error_value_and_the_next_document_is_printed() {
    let broken = folder(&[("facture.typ", "#let facture(d) = panic(\"non\")")]);
    let templates = Templates::with_folder(broken.path()).unwrap();
    let error = templates.render(&samples::invoice()).unwrap_err();
    assert!(matches!(&error, DocumentError::Template(faults) if faults[0].file.as_deref() == Some("facture.typ")), "{error}");
    assert!(Templates::builtin().render(&samples::invoice()).is_ok());
    // The credit note's own file is not broken.
    assert!(templates.render(&samples::credit_note()).is_ok());
}

#[test]
fn a_folder_has_a_limit_of_bytes_and_of_files() {
    let full = "/".repeat(usize::try_from(TEMPLATE_FOLDER_BYTES_MAX).unwrap());
    assert!(Templates::with_folder(folder(&[("vide.typ", &full)]).path()).is_ok());
    let beyond = folder(&[("a.typ", &full), ("b.typ", "/")]);
    assert_eq!(refused(beyond.path()), FolderError::TooLarge(TEMPLATE_FOLDER_BYTES_MAX));
    let many = folder(&[]);
    for index in 0..TEMPLATE_FOLDER_FILES_MAX {
        fs::write(many.path().join(format!("f{index}.typ")), "").unwrap();
    }
    assert!(Templates::with_folder(many.path()).is_ok());
    fs::write(many.path().join("de-trop.typ"), "").unwrap();
    assert_eq!(refused(many.path()), FolderError::TooManyFiles(TEMPLATE_FOLDER_FILES_MAX));
}

#[test]
fn a_folder_never_leads_elsewhere() {
    for name in ["cadre.typ", "main.typ", "data.json"] {
        assert_eq!(refused(folder(&[(name, "")]).path()), FolderError::Reserved { file: name.to_owned() });
    }
    for name in ["Facture.typ", "facture.docx", "café.typ", "sans-extension", "police.ttf"] {
        assert_eq!(refused(folder(&[(name, "")]).path()), FolderError::Name { file: name.to_owned() });
    }
    let linked = folder(&[]);
    std::os::unix::fs::symlink("/etc/passwd", linked.path().join("passwd.typ")).unwrap();
    assert_eq!(refused(linked.path()), FolderError::Name { file: "passwd.typ".to_owned() });
    let nested = folder(&[]);
    fs::create_dir(nested.path().join("images")).unwrap();
    assert_eq!(refused(nested.path()), FolderError::Name { file: "images".to_owned() });
    let editor = folder(&[(".facture.typ.swp", "\u{1}"), ("facture.typ~", "")]);
    assert_eq!(Templates::check(editor.path()), []);
    let two = folder(&[("logo.svg", LOGO), ("logo.png", "")]);
    assert_eq!(refused(two.path()), FolderError::SeveralLogos("logo.svg, logo.png".to_owned()));
    assert!(matches!(refused(Path::new("/nulle-part")), FolderError::Unreadable { .. }));
    assert_eq!(Templates::check(Path::new("/nulle-part")).len(), 1);
}
