//! What was issued, what is owed and what was paid; the work that follows.
//!
//! What each column is for stands in the migration that made it.

entity! {
    number_sequence "number_sequence" of_organisation
    key { organisation_id: Uuid, regie_id: Uuid, exercise: i32, kind: String }
    {
        last_number: i64,
    }
}

entity! {
    billing_run "billing_run" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        month: String,
        exercise: i32,
        issued_at_ms: i64,
        issued_on: Day,
        issued_by: String,
        invoice_count: i64,
        credit_note_count: i64,
        total_cents: i64,
    }
}

entity! {
    invoice "invoice" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        run_id: Uuid,
        regie_id: Uuid,
        kind: String,
        exercise: i32,
        number: i64,
        printed_number: String,
        payment_reference: String,
        payer_id: Uuid,
        household_id: Uuid,
        month: String,
        issued_on: Day,
        due_on: Option<Day>,
        total_cents: i64,
        addressee: String,
        cancels_id: Option<Uuid>,
        reason: Option<String>,
    }
}

entity! {
    invoice_line "invoice_line" of_organisation
    key { organisation_id: Uuid, invoice_id: Uuid, number: i32 }
    {
        territoire_id: Uuid,
        month: String,
        adjusts: bool,
        child_id: Uuid,
        child_name: String,
        centre_id: Uuid,
        centre_name: String,
        activity_code: String,
        nature: String,
        tariff_code: String,
        tariff_from: Day,
        date_from: Day,
        date_to: Day,
        quantity: String,
        unit: String,
        unit_price_cents: i64,
        amount_cents: i64,
        label: String,
        explanation: String,
        part: String,
    }
}

entity! {
    billed_sheet "billed_sheet" of_organisation
    key { organisation_id: Uuid, run_id: Uuid, centre_id: Uuid, day: Day }
    {
        sheet_hash: Bytes,
    }
}

entity! {
    billing_decision "billing_decision" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        month: String,
        problem: String,
        decision: String,
        reason: Option<String>,
        decided_by: String,
        decided_at_ms: i64,
    }
}

entity! {
    ledger_entry "ledger_entry" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        regie_id: Uuid,
        kind: String,
        at_ms: i64,
        invoice_id: Option<Uuid>,
        payment_id: Option<Uuid>,
        receipt_id: Option<Uuid>,
    }
}

entity! {
    ledger_posting "ledger_posting" of_organisation
    key { organisation_id: Uuid, entry_id: Uuid, number: i32 }
    {
        territoire_id: Uuid,
        regie_id: Uuid,
        account: String,
        detail: String,
        payer_id: Uuid,
        amount_cents: i64,
    }
}

entity! {
    allocation "allocation" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        entry_id: Uuid,
        invoice_id: Uuid,
        line_number: i32,
        amount_cents: i64,
    }
}

entity! {
    payment "payment" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        regie_id: Uuid,
        invoice_id: Uuid,
        payer_id: Uuid,
        account_id: Option<Uuid>,
        means: String,
        amount_cents: i64,
        numcli: String,
        exer: String,
        refdet: String,
        saisie: String,
        idop: Option<String>,
        state: String,
        outcome: Option<String>,
        detail: Option<String>,
        created_at_ms: i64,
        asked_at_ms: Option<i64>,
        next_ask_ms: Option<i64>,
        settled_at_ms: Option<i64>,
    }
}

entity! {
    receipt "receipt" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        regie_id: Uuid,
        payer_id: Uuid,
        invoice_id: Uuid,
        means: String,
        amount_cents: i64,
        received_on: Day,
        reference: String,
        exercise: i32,
        number: i64,
        printed_number: String,
        taken_by: String,
        at_ms: i64,
    }
}

entity! {
    receipt_void "receipt_void" of_organisation
    key { organisation_id: Uuid, receipt_id: Uuid }
    {
        reason: String,
        by: String,
        at_ms: i64,
    }
}

entity! {
    forgiveness "forgiveness" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        regie_id: Uuid,
        payer_id: Uuid,
        invoice_id: Uuid,
        kind: String,
        amount_cents: i64,
        deliberation: String,
        by: String,
        at_ms: i64,
    }
}

entity! {
    job "job" of_territoire
    key { territoire_id: Uuid, id: Uuid }
    {
        organisation_id: Option<Uuid>,
        kind: String,
        subject_id: Uuid,
        content: String,
        state: String,
        attempts: i32,
        not_before_ms: i64,
        last_error: Option<String>,
        created_at_ms: i64,
        ended_at_ms: Option<i64>,
    }
}

entity! {
    issued_document "issued_document" of_organisation
    key { organisation_id: Uuid, invoice_id: Uuid }
    {
        made_at_ms: i64,
        sha256: Bytes,
        pdf: Bytes,
        printed_at_ms: Option<i64>,
    }
}

entity! {
    question "question" of_organisation
    key { organisation_id: Uuid, id: Uuid }
    {
        territoire_id: Uuid,
        invoice_id: Uuid,
        line_number: i32,
        day: Option<Day>,
        account_id: Uuid,
        text: String,
        asked_at_ms: i64,
        answer: Option<String>,
        answered_by: Option<String>,
        answered_at_ms: Option<i64>,
    }
}
