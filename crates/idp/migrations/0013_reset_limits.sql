-- How often reset codes were sent to, and typed for, a user name or by an address: both only as keyed hashes. sends and failures are
-- JSON lists of instants (virtual); after until_us the row says nothing any more.
CREATE TABLE password_reset_limits (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    revision BIGINT NOT NULL,
    sends TEXT NOT NULL,
    failures TEXT NOT NULL,
    until_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject)
);
CREATE INDEX password_reset_limits_by_end ON password_reset_limits (tenant, until_us);
