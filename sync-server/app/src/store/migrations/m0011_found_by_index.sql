-- What pages ask for every day is found by an index, however many years the tables hold (tests/plans holds it).

-- Days of an organisation; what spans several of them (an absence) is found by its last.
CREATE INDEX booking_by_day ON booking (organisation_id, day);
CREATE INDEX booking_by_child_here ON booking (organisation_id, child_id);
CREATE INDEX journal_payload_of_many_days ON journal_payload (organisation_id, last_day) WHERE last_day > day;

-- Bills: one by its id, a family's wherever they were issued, an organisation's by family, run and month of their lines.
CREATE INDEX invoice_by_id ON invoice (territoire_id, id);
CREATE INDEX invoice_by_household ON invoice (territoire_id, household_id, issued_on);
CREATE INDEX invoice_by_household_here ON invoice (organisation_id, household_id, issued_on);
CREATE INDEX invoice_by_payer_here ON invoice (organisation_id, payer_id, issued_on);
CREATE INDEX invoice_by_run ON invoice (organisation_id, run_id);
CREATE INDEX invoice_line_by_month ON invoice_line (organisation_id, month);
CREATE INDEX ledger_posting_of_payer ON ledger_posting (territoire_id, payer_id);

-- Payments by their id, by their day, of a bill; those that a person has to look at, and those to ask PayFiP about.
CREATE INDEX payment_of_invoice ON payment (organisation_id, invoice_id, created_at_ms);
CREATE INDEX payment_to_ask_next ON payment (territoire_id, next_ask_ms, id);
CREATE INDEX payment_by_id ON payment (territoire_id, id);
CREATE INDEX payment_by_time ON payment (organisation_id, created_at_ms);
CREATE INDEX payment_by_state ON payment (organisation_id, state, created_at_ms);

-- Questions: somebody's, a bill's, those that wait and the last that were answered.
CREATE INDEX question_by_account ON question (territoire_id, account_id);
CREATE INDEX question_by_invoice ON question (organisation_id, invoice_id);
CREATE INDEX question_by_answer ON question (organisation_id, answered_at_ms, asked_at_ms);
