-- The runs between two instants, for the timeline.
CREATE INDEX runs_by_start ON runs (tenant, flow, started_us, number);
