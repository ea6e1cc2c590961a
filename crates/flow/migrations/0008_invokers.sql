-- The user who started a run, and the connections that the user provided (JSON, by connection reference). NULL: a trigger did.
ALTER TABLE runs ADD COLUMN invoker TEXT;
ALTER TABLE runs ADD COLUMN invoker_connections TEXT;
CREATE INDEX runs_of_invoker ON runs (tenant, flow, invoker, number) WHERE invoker IS NOT NULL;
