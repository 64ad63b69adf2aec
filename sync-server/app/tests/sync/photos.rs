//! Photos: for a tablet whose site shows them, as long as the family agrees.

use super::tablet::{Answer, Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::{commune, day};
use chrono::NaiveDate;
use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::store::entity::{child, device, photo};
use server::store::{Territory, insert_all};
use server::sync::publish::mark_moved;
use sha2::{Digest, Sha256};
use shared::id::{ChildId, SiteId};
use shared::roster::Item;
use shared::wire::{ChangeBody, PhotoAsk};

const JPEG: &[u8] = &[0xd8; 4_000];

fn hash(jpeg: &[u8]) -> [u8; 32] {
    Sha256::digest(jpeg).into()
}

/// What an import leaves of a picture and of the day on which the parents agreed to it.
async fn pictured(door: &Door, site: SiteId, of: ChildId, jpeg: &[u8], agreed: Option<NaiveDate>) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let on = territory.on();
    let there = territory.find::<photo::Entity>().filter(photo::Column::Hash.eq(hash(jpeg).to_vec())).one(&on).await.unwrap();
    if there.is_none() {
        let row = photo::Model { territoire_id: territory.id().0, hash: hash(jpeg).to_vec(), jpeg: jpeg.to_vec() };
        insert_all(&on, vec![row]).await.unwrap();
    }
    let update = territory.update::<child::Entity>().col_expr(child::Column::PhotoHash, Expr::value(hash(jpeg).to_vec()));
    let update = update.col_expr(child::Column::PhotoConsentOn, Expr::value(agreed));
    update.filter(child::Column::Id.eq(of.0)).exec(&on).await.unwrap();
    mark_moved(&territory, site, door.app.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn ask(door: &Door, tablet: &Tablet, item: &str, hash: &[u8]) -> Answer {
    door.ask("/sync/v1/photo", Some(&tablet.token), &PhotoAsk { item: item.into(), hash: hash.into() }).await
}

async fn shown(door: &Door, tablet: &Tablet) -> Vec<[u8; 32]> {
    let told = tablet.pull(door).await;
    told.changes.iter().filter_map(|c| if let ChangeBody::Put(item) = &c.body { Item::photo(item) } else { None }).collect()
}

on_both! {
    async fn only_the_site_that_shows_a_photo_is_given_it_and_for_others_it_is_as_if_there_were_none(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (ours, theirs) = (door.tablet(&here).await, door.tablet(&there).await);
        pictured(&door, here.site, here.child, JPEG, Some(day("2026-09-01"))).await;
        assert_eq!(shown(&door, &ours).await, [hash(JPEG)]);
        assert!(shown(&door, &theirs).await.is_empty());

        let item = format!("child:{}", here.child);
        let body = serde_json::to_vec(&PhotoAsk { item: item.clone(), hash: hash(JPEG).into() }).unwrap();
        let asked = door.client.post(format!("https://{}/sync/v1/photo", door.at)).bearer_auth(&ours.token).header(ACCEPT_ENCODING, "gzip");
        let answer = asked.body(body).send().await.unwrap();
        let headers = answer.headers().clone();
        assert_eq!((headers[CONTENT_TYPE].as_bytes(), headers[CACHE_CONTROL].as_bytes()), (b"image/jpeg".as_slice(), b"no-store".as_slice()));
        assert_eq!((headers.get(CONTENT_ENCODING), headers[CONTENT_LENGTH].as_bytes()), (None, b"4000".as_slice()), "compressed once is enough");
        assert!(answer.bytes().await.unwrap() == JPEG);

        let unknown = ask(&door, &ours, &item, &[9; 32]).await;
        assert_eq!(unknown.refusal(), (404, "photo_inconnue".into()));
        let own = format!("child:{}", there.child);
        for (tablet, item, hash) in [
            (&theirs, item.as_str(), hash(JPEG).to_vec()),
            (&theirs, &own, hash(JPEG).to_vec()),
            (&ours, &own, hash(JPEG).to_vec()),
            (&ours, "", hash(JPEG).to_vec()),
            (&ours, "child:\0", hash(JPEG).to_vec()),
            (&ours, &item, hash(JPEG)[..31].to_vec()),
            (&ours, &item, Vec::new()),
        ] {
            let answer = ask(&door, tablet, item, &hash).await;
            assert_eq!((answer.status, &answer.body), (404, &unknown.body), "{item:?}");
        }
    }
}

on_both! {
    async fn a_photo_without_a_consent_of_today_or_earlier_is_neither_shown_nor_given(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let item = format!("child:{}", here.child);
        for (agreed, is_shown) in [(None, false), (Some("2026-10-06"), false), (Some("2026-10-05"), true), (None, false)] {
            pictured(&door, here.site, here.child, JPEG, agreed.map(day)).await;
            // Before any pull has published it.
            let answer = door.client.post(format!("https://{}/sync/v1/photo", door.at)).bearer_auth(&tablet.token);
            let ask = PhotoAsk { item: item.clone(), hash: hash(JPEG).into() };
            let status = answer.body(serde_json::to_vec(&ask).unwrap()).send().await.unwrap().status();
            assert_eq!(status.as_u16(), if is_shown { 200 } else { 404 }, "{agreed:?}");
            assert_eq!(shown(&door, &tablet).await.len(), usize::from(is_shown), "{agreed:?}");
        }
    }
}

on_both! {
    async fn a_revoked_tablet_and_one_without_a_session_are_given_no_photo(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        pictured(&door, here.site, here.child, JPEG, Some(day("2026-09-01"))).await;
        tablet.pull(&door).await;
        let item = format!("child:{}", here.child);
        let body = PhotoAsk { item: item.clone(), hash: hash(JPEG).into() };
        assert_eq!(door.ask("/sync/v1/photo", None, &body).await.refusal(), (401, "session_expiree".into()));
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        let revoked = territory.update::<device::Entity>().col_expr(device::Column::RevokedAtMs, Expr::value(1_i64));
        revoked.filter(device::Column::Id.eq(tablet.device.0)).exec(&territory.on()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(ask(&door, &tablet, &item, &hash(JPEG)).await.refusal(), (403, "appareil_revoque".into()));
    }
}
