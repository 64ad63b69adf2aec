-- What of a contract a line is, and its code: 'mensualite:C0001', 'complement:…', 'deduction:…'; empty for days at the door.
ALTER TABLE invoice_line ADD COLUMN part TEXT NOT NULL DEFAULT '';
