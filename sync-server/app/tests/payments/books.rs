//! The laws of the ledger.

use super::house::House;
use server::billing::issued;
use server::store::Territory;
use server::store::entity::{allocation, invoice, ledger_entry, ledger_posting, payment};
use std::collections::BTreeMap;
use uuid::Uuid;

impl House {
    /// The laws of the ledger at one moment, whatever happened and goes on; gives what the family owes.
    pub async fn books(&self) -> i64 {
        let moment = self.app.db.snapshot().await.unwrap();
        let territory = Territory::new(self.app.territoire(), &moment);
        let (tenant, on) = (territory.tenant(self.a.organisation), territory.on());
        let postings = tenant.find::<ledger_posting::Entity>().all(&on).await.unwrap();
        let mut sums: BTreeMap<Uuid, i64> = BTreeMap::new();
        postings.iter().for_each(|p| *sums.entry(p.entry_id).or_default() += p.amount_cents);
        assert!(sums.values().all(|sum| *sum == 0), "an entry isn't balanced: {sums:?}");
        let family: i64 = postings.iter().filter(|p| p.account == "famille").map(|p| p.amount_cents).sum();
        let bills = tenant.find::<invoice::Entity>().all(&on).await.unwrap();
        let all = territory.payments().all(&on).await.unwrap();
        let (paid, rejected): (Vec<payment::Model>, Vec<payment::Model>) =
            all.into_iter().filter(|p| matches!(p.state.as_str(), "paye" | "rejete")).partition(|p| p.state == "paye");
        let (billed, came_in): (i64, i64) = (bills.iter().map(|b| b.total_cents).sum(), paid.iter().map(|p| p.amount_cents).sum());
        assert_eq!(family, billed - came_in, "the family's balance is its bills less its payments");
        let mut entries: Vec<Uuid> = Vec::new();
        for entry in tenant.find::<ledger_entry::Entity>().all(&on).await.unwrap() {
            entries.extend(entry.payment_id);
        }
        entries.sort();
        let mut ids: Vec<Uuid> = paid.iter().map(|p| p.id).collect();
        // One that a bank took back was posted, and posted back.
        ids.extend(rejected.iter().flat_map(|p| [p.id, p.id]));
        ids.sort();
        assert_eq!(entries, ids, "a payment is posted once, and what isn't paid never");
        let mut open = 0;
        for bill in issued::with_lines(&tenant, bills).await.unwrap() {
            let within = |paid: i64, amount: i64| (amount.min(0)..=amount.max(0)).contains(&paid);
            assert!(bill.open().0 >= 0, "a bill was paid twice");
            assert!(bill.lines.iter().all(|l| within(l.paid.0, l.row.amount_cents)), "a line was paid twice");
            open += bill.open().0;
        }
        let allocated = tenant.find::<allocation::Entity>().all(&on).await.unwrap();
        let used: i64 = allocated.iter().map(|a| a.amount_cents).sum();
        assert!(used <= came_in, "more was allocated than came in");
        assert_eq!((open, family), (billed - used, open - (came_in - used)), "what isn't allocated is credit");
        // What `ledger verify` says of the same moment; these bills were numbered by hand.
        let mut told = server::billing::books::read(&tenant).await.unwrap().findings();
        told.retain(|finding| !finding.contains("suite"));
        assert_eq!(told, Vec::<String>::new());
        family
    }
}
