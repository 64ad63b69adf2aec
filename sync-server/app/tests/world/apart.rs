//! A tablet that is revoked, and what it handed in afterwards, set apart as a push would.

use super::{Commune, day};
use server::app::App;
use server::store::entity::{device, device_epoch, quarantine};
use server::store::{Territory, insert_all, new_id, random};
use shared::calendar::instant;
use shared::id::{DeviceId, EntryId};
use shared::journal::{ChainHead, Detail, Draft, Kind, LeftTo, Moment, Payload, SigningKey, seal};
use shared::wire::WireEntry;
use uuid::Uuid;

/// An evening of each date, from half past four to a quarter to six; gives the rows in their order.
pub async fn set_apart(app: &App, here: &Commune, name: &str, dates: &[&str]) -> (DeviceId, Vec<Uuid>) {
    let now = app.clock.now();
    let (key, device) = (SigningKey::from_bytes(&random().unwrap()), DeviceId(new_id(now).unwrap()));
    let mut head = ChainHead::start(device);
    let mut rows = Vec::new();
    for date in dates {
        let left = Detail::Left { to: LeftTo::Other, person: None };
        for (kind, time, detail) in [(Kind::Arrived, "16:30:00", Detail::None), (Kind::Left, "17:45:00", left)] {
            let at_ms = instant(day(date), time.parse().unwrap()).timestamp_millis();
            let payload = Payload {
                about_child: Some(here.child),
                centre: Some(here.centre),
                moment: Moment { activity: Some(here.activity), label: "Accueil du soir".into() },
                detail,
                ..Payload::at(at_ms)
            };
            let entry_id = EntryId::new(at_ms, random().unwrap());
            let (organisation, site, salt) = (here.organisation, here.site, random().unwrap());
            let sealed = seal(Draft { organisation, site, entry_id, kind, payload, notes: vec![], salt }, &mut head, &key);
            rows.push(quarantine::Model {
                territoire_id: app.territoire().0,
                id: new_id(now).unwrap(),
                site_id: Some(site.0),
                device_id: Some(device.0),
                entry_id: Some(entry_id.0),
                sealed: serde_json::to_vec(&WireEntry::from(&sealed).private).unwrap(),
                envelope: sealed.envelope,
                signature: sealed.signature.to_vec(),
                code: "appareil_revoque".into(),
                received_at_ms: now.timestamp_millis(),
                decision: None,
                decided_by: None,
                decided_at_ms: None,
                organisation_id: Some(organisation.0),
                decision_entry_id: None,
            });
        }
    }
    let ids = rows.iter().map(|row| row.id).collect();
    let transaction = app.db.begin().await.unwrap();
    let on = Territory::new(app.territoire(), &transaction).on();
    insert_all(&on, vec![a_revoked_tablet(app, here, name, device, &key)]).await.unwrap();
    insert_all(&on, vec![its_epoch(app, device)]).await.unwrap();
    insert_all(&on, rows).await.unwrap();
    transaction.commit().await.unwrap();
    (device, ids)
}

fn a_revoked_tablet(app: &App, here: &Commune, name: &str, id: DeviceId, key: &SigningKey) -> device::Model {
    device::Model {
        territoire_id: app.territoire().0,
        id: id.0,
        site_id: here.site.0,
        kind: "tablet".into(),
        name: name.into(),
        public_key: key.verifying_key().to_bytes().to_vec(),
        epoch: 1,
        enrolled_at_ms: 0,
        last_contact_ms: None,
        last_status: None,
        revoked_at_ms: Some(app.clock.now_ms()),
        succeeds: None,
    }
}

fn its_epoch(app: &App, device: DeviceId) -> device_epoch::Model {
    device_epoch::Model {
        territoire_id: app.territoire().0,
        device_id: device.0,
        epoch: 1,
        opened_at_ms: 0,
        reason: "enrolement".into(),
        opened_hash: None,
        contiguous_seq: 0,
        contiguous_hash: None,
        request_id: None,
        forked: false,
    }
}
