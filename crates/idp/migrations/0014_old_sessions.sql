-- Sessions are removed in the order in which they were last used.
CREATE INDEX sessions_by_use ON sessions (tenant, used_us);
