-- From a draft to a paid bill: what was issued, what is owed, what was paid, and the work that follows from it.

-- ── Issued ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- One sequence an organisation, régie, exercise and kind. A number is given by raising its row in the transaction that issues,
-- so that it has no hole: whoever rolls back gives it back.
CREATE TABLE number_sequence (
    organisation_id UUID NOT NULL,
    regie_id UUID NOT NULL,
    exercise INT NOT NULL,
    kind TEXT NOT NULL, -- F, A
    last_number BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, regie_id, exercise, kind),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id)
);

CREATE TABLE billing_run (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    month TEXT NOT NULL, -- 2026-10
    exercise INT NOT NULL,
    issued_at_ms BIGINT NOT NULL,
    issued_on DATE NOT NULL,
    issued_by TEXT NOT NULL,
    invoice_count BIGINT NOT NULL,
    credit_note_count BIGINT NOT NULL,
    total_cents BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);

-- Immutable: nothing of an issued bill is ever rewritten, a correction is another bill (the triggers are in the migrator).
CREATE TABLE invoice (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    run_id UUID NOT NULL,
    regie_id UUID NOT NULL,
    kind TEXT NOT NULL, -- F a bill, A a credit note
    exercise INT NOT NULL,
    number BIGINT NOT NULL,
    printed_number TEXT NOT NULL, -- F-2026-004512
    payment_reference TEXT NOT NULL, -- PayFiP's refdet: made once, kept for ever
    payer_id UUID NOT NULL,
    household_id UUID NOT NULL,
    month TEXT NOT NULL,
    issued_on DATE NOT NULL,
    due_on DATE,
    total_cents BIGINT NOT NULL,
    addressee TEXT NOT NULL, -- name and address as they were, JSON: a move doesn't rewrite a bill
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, regie_id, exercise, kind, number),
    UNIQUE (organisation_id, payment_reference),
    FOREIGN KEY (organisation_id, run_id) REFERENCES billing_run (organisation_id, id),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id),
    FOREIGN KEY (territoire_id, payer_id) REFERENCES person (territoire_id, id),
    FOREIGN KEY (territoire_id, household_id) REFERENCES household (territoire_id, id)
);
CREATE INDEX invoice_by_payer ON invoice (territoire_id, payer_id, issued_on);
CREATE INDEX invoice_by_month ON invoice (organisation_id, month);

CREATE TABLE invoice_line (
    organisation_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    number INT NOT NULL, -- from 1, as printed
    territoire_id UUID NOT NULL,
    month TEXT NOT NULL, -- of the facts: an adjustment tells of an earlier one
    adjusts BOOL NOT NULL, -- what changed since an earlier bill
    child_id UUID NOT NULL,
    child_name TEXT NOT NULL, -- as it was
    centre_id UUID NOT NULL,
    centre_name TEXT NOT NULL,
    activity_code TEXT NOT NULL,
    nature TEXT NOT NULL, -- garde, repas, penalite, adhesion, sejour
    tariff_code TEXT NOT NULL,
    tariff_from DATE NOT NULL,
    date_from DATE NOT NULL,
    date_to DATE NOT NULL,
    quantity TEXT NOT NULL, -- a decimal; negative where an adjustment takes back
    unit TEXT NOT NULL,
    unit_price_cents BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    label TEXT NOT NULL,
    explanation TEXT NOT NULL, -- rules::explanation, JSON, frozen with the line
    PRIMARY KEY (organisation_id, invoice_id, number),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);
CREATE INDEX invoice_line_by_child ON invoice_line (organisation_id, child_id, month);

-- The sheets that a run read, by their hash: what came later is seen against them.
CREATE TABLE billed_sheet (
    organisation_id UUID NOT NULL,
    run_id UUID NOT NULL,
    centre_id UUID NOT NULL,
    day DATE NOT NULL,
    sheet_hash BYTES NOT NULL,
    PRIMARY KEY (organisation_id, run_id, centre_id, day),
    FOREIGN KEY (organisation_id, run_id) REFERENCES billing_run (organisation_id, id),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);

-- What an agent decided about a problem, so that the next draft doesn't ask again. The last row of a problem holds.
CREATE TABLE billing_decision (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    month TEXT NOT NULL,
    problem TEXT NOT NULL, -- kind, lieu, household, child and day of the problem, as rules::problem names it
    decision TEXT NOT NULL, -- facturer, ne_pas_facturer, demander
    reason TEXT,
    decided_by TEXT NOT NULL,
    decided_at_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX billing_decision_by_month ON billing_decision (organisation_id, month);

-- ── The ledger ────────────────────────────────────────────────────────────────────────────────────────────────────

-- Double entry: the postings of an entry add up to nothing. Insert only.
CREATE TABLE ledger_entry (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    regie_id UUID NOT NULL,
    kind TEXT NOT NULL, -- facture, avoir, paiement, rejet
    at_ms BIGINT NOT NULL,
    invoice_id UUID,
    payment_id UUID,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id)
);

CREATE TABLE ledger_posting (
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    number INT NOT NULL,
    territoire_id UUID NOT NULL,
    regie_id UUID NOT NULL,
    account TEXT NOT NULL, -- famille, produit, encaisse
    detail TEXT NOT NULL, -- of produit: its nature; of encaisse: the means; of famille: empty
    payer_id UUID NOT NULL,
    amount_cents BIGINT NOT NULL, -- famille: positive is owed
    PRIMARY KEY (organisation_id, entry_id, number),
    FOREIGN KEY (organisation_id, entry_id) REFERENCES ledger_entry (organisation_id, id),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id),
    FOREIGN KEY (territoire_id, payer_id) REFERENCES person (territoire_id, id)
);
CREATE INDEX ledger_posting_by_payer ON ledger_posting (organisation_id, payer_id, regie_id);

-- Which line a payment or a credit note pays. What isn't allocated is the payer's credit.
CREATE TABLE allocation (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    entry_id UUID NOT NULL, -- the payment or the credit note
    invoice_id UUID NOT NULL,
    line_number INT NOT NULL,
    amount_cents BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, entry_id) REFERENCES ledger_entry (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id, line_number) REFERENCES invoice_line (organisation_id, invoice_id, number)
);
CREATE INDEX allocation_by_invoice ON allocation (organisation_id, invoice_id);
CREATE INDEX allocation_by_entry ON allocation (organisation_id, entry_id);

-- ── Payments ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- One attempt to pay one bill. Stored before PayFiP is called: an answer that was lost leaves a trace.
CREATE TABLE payment (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    regie_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    payer_id UUID NOT NULL,
    account_id UUID, -- who paid, where somebody was logged in
    means TEXT NOT NULL, -- payfip
    amount_cents BIGINT NOT NULL,
    numcli TEXT NOT NULL,
    exer TEXT NOT NULL,
    refdet TEXT NOT NULL,
    saisie TEXT NOT NULL, -- T, X, W
    idop TEXT, -- empty until PayFiP answered
    state TEXT NOT NULL, -- cree, en_cours, paye, refuse, abandonne, expire, erreur, a_verifier
    outcome TEXT, -- PayFiP's letter
    detail TEXT, -- the whole record that PayFiP gave, JSON: the proof
    created_at_ms BIGINT NOT NULL,
    asked_at_ms BIGINT, -- when PayFiP was last asked
    next_ask_ms BIGINT, -- when to ask again; empty: never
    settled_at_ms BIGINT,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id),
    FOREIGN KEY (territoire_id, payer_id) REFERENCES person (territoire_id, id)
);
CREATE UNIQUE INDEX payment_by_idop ON payment (idop);
CREATE INDEX payment_by_invoice ON payment (organisation_id, invoice_id);
CREATE INDEX payment_to_ask ON payment (next_ask_ms);

-- ── Work that may run again ───────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE job (
    territoire_id UUID NOT NULL REFERENCES territoire (id),
    id UUID NOT NULL,
    organisation_id UUID,
    kind TEXT NOT NULL, -- document, courriel
    subject_id UUID NOT NULL,
    content TEXT NOT NULL, -- what the work needs besides its subject, JSON
    state TEXT NOT NULL, -- attend, fait, abandonne
    attempts INT NOT NULL,
    not_before_ms BIGINT NOT NULL,
    last_error TEXT, -- what an agent reads; no name
    created_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    PRIMARY KEY (territoire_id, id)
);
CREATE INDEX job_due ON job (state, not_before_ms);
CREATE INDEX job_by_subject ON job (territoire_id, subject_id);

CREATE TABLE issued_document (
    organisation_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    made_at_ms BIGINT NOT NULL,
    sha256 BYTES NOT NULL,
    pdf BYTES NOT NULL,
    printed_at_ms BIGINT, -- of a household on paper: in which batch it left
    PRIMARY KEY (organisation_id, invoice_id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id)
);

-- A family said that a day of a bill seems wrong: a line waits for an answer.
CREATE TABLE question (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    line_number INT NOT NULL,
    day DATE,
    account_id UUID NOT NULL,
    text TEXT NOT NULL,
    asked_at_ms BIGINT NOT NULL,
    answer TEXT,
    answered_by TEXT,
    answered_at_ms BIGINT,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id, line_number) REFERENCES invoice_line (organisation_id, invoice_id, number),
    FOREIGN KEY (territoire_id, account_id) REFERENCES account (territoire_id, id)
);
