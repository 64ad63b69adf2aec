//! The whole day of the demo, on days when no tablet is at work: a demonstration is given on any day.

use system::program;

/// Plays the script with a day for today; what it printed.
fn script(today: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = program("preau-demo").unwrap();
    let done = demo.arg("--script").arg("--data").arg(folder.path()).env("PREAU_TODAY", today).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    said
}

#[test]
fn the_day_plays_on_a_sunday() {
    assert!(script("2026-11-15").contains("La journée est juste"));
}

#[test]
fn the_day_plays_on_the_first_of_may() {
    assert!(script("2027-05-01").contains("La journée est juste"));
}

#[test]
fn the_day_plays_on_the_29th_of_february() {
    assert!(script("2028-02-29").contains("La journée est juste"));
}
