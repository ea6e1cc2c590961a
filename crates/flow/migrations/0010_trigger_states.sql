-- Where the next events of a polling trigger are: the address that its last response gave.
ALTER TABLE flows ADD COLUMN trigger_state TEXT NOT NULL DEFAULT '';
