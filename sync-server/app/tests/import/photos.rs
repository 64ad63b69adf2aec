//! Pictures: kept with consent only, once, and let go with it.

use super::town::{Town, in_october};
use crate::on_both;
use server::registry::import::Count;
use server::store::Territory;
use server::store::entity::{child, photo, pickup_person};

fn a_picture(red: u8) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let picture = image::RgbImage::from_pixel(40, 40, image::Rgb([red, 0, 0]));
    picture.write_with_encoder(image::codecs::jpeg::JpegEncoder::new(&mut jpeg)).unwrap();
    jpeg
}

on_both! {
    async fn a_picture_is_kept_with_consent_and_goes_with_it(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.write("photos/enfants/E1.jpg", a_picture(200)).write("photos/enfants/E2.jpg", a_picture(90)).write("photos/personnes/A1.jpg", a_picture(10));
        let summary = town.import(&app).await;
        assert_eq!(summary.of("photos"), Count { new: 2, ..Count::default() });
        assert_eq!(summary.notices, ["photos/enfants/E2.jpg : pas d'accord (photo_accord_le), laissée de côté"]);
        assert_eq!(town.import(&app).await.of("photos"), Count { same: 2, ..Count::default() });
        let territory = Territory::new(app.territoire(), app.db.read());
        let persons = territory.find::<pickup_person::Entity>().all(&territory.on()).await.unwrap();
        assert_eq!(persons.iter().filter(|p| p.photo_hash.is_some()).count(), 2, "one person, two rows");
        town.replace("enfants.csv", ";2026-09-01\n", ";\n");
        town.import(&app).await;
        let children = territory.find::<child::Entity>().all(&territory.on()).await.unwrap();
        assert!(children.iter().all(|c| c.photo_hash.is_none()));
        assert_eq!(territory.find::<photo::Entity>().all(&territory.on()).await.unwrap().len(), 1, "the grandmother's alone is left");
    }
}

#[tokio::test]
async fn a_picture_that_is_none_or_nobodys_is_told() {
    let fresh = crate::place::on_sqlite().await;
    let app = in_october(&fresh.app);
    let town = Town::whole();
    town.write("photos/enfants/E1.jpg", "hello")
        .write("photos/enfants/E9.jpg", a_picture(1))
        .write("photos/personnes/A1.jpg", vec![0; 200 * 1024 + 1]);
    let told = town.mistakes(&app).await;
    let expected = [
        "photos/enfants/E1.jpg : ce fichier n'est pas une photo JPEG lisible",
        "photos/enfants/E9.jpg : le nom du fichier n'est le code de personne : attendu CODE.jpg",
        "photos/personnes/A1.jpg : photo trop lourde : 200 Kio au plus",
    ];
    assert_eq!(told.lines().skip(1).map(str::trim).collect::<Vec<_>>(), expected);
}
