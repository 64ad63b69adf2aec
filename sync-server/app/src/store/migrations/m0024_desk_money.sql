-- Money that came in at the desk: one row is one numbered quittance.
CREATE TABLE receipt (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    regie_id UUID NOT NULL,
    payer_id UUID NOT NULL,
    invoice_id UUID NOT NULL, -- the bill that was meant
    means TEXT NOT NULL, -- especes, cheque, carte, virement, prelevement, cesu, ancv
    amount_cents BIGINT NOT NULL,
    received_on DATE NOT NULL,
    reference TEXT NOT NULL, -- of a cheque, a transfer; may be empty
    exercise INT NOT NULL,
    number BIGINT NOT NULL, -- one sequence a régie and year
    printed_number TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, regie_id) REFERENCES regie (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
    FOREIGN KEY (territoire_id, payer_id) REFERENCES person (territoire_id, id)
);
CREATE UNIQUE INDEX receipt_by_number ON receipt (organisation_id, regie_id, exercise, number);
CREATE INDEX receipt_by_invoice ON receipt (organisation_id, invoice_id);

-- A receipt that was taken back: its number stays.
CREATE TABLE receipt_void (
    organisation_id UUID NOT NULL,
    receipt_id UUID NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, receipt_id),
    FOREIGN KEY (organisation_id, receipt_id) REFERENCES receipt (organisation_id, id)
);

-- A debt that the council forgave, or that can't be collected. Its entry of the ledger bears the same id.
CREATE TABLE forgiveness (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    regie_id UUID NOT NULL,
    payer_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    kind TEXT NOT NULL, -- remise_gracieuse, non_valeur, creance_eteinte
    amount_cents BIGINT NOT NULL,
    deliberation TEXT NOT NULL,
    by TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id)
);
CREATE INDEX forgiveness_by_invoice ON forgiveness (organisation_id, invoice_id);

ALTER TABLE ledger_entry ADD COLUMN receipt_id UUID;
CREATE INDEX ledger_entry_by_receipt ON ledger_entry (organisation_id, receipt_id);

-- Of a credit note: the bill that it withdraws, and why.
ALTER TABLE invoice ADD COLUMN cancels_id UUID;
ALTER TABLE invoice ADD COLUMN reason TEXT;
CREATE INDEX invoice_by_cancelled ON invoice (organisation_id, cancels_id);
