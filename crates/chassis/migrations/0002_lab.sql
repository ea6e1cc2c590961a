-- The lab that created the tenant; empty for tenants that are older than this column.
ALTER TABLE clocks ADD COLUMN lab TEXT NOT NULL DEFAULT '';
-- Earlier versions let clocks run faster than any service keeps up with.
UPDATE clocks SET speed = 86400 WHERE speed > 86400;
