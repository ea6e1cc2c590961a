-- With whom owners share connections is listed apart from the flows that a connection lets in.
CREATE INDEX access_policies_written ON access_policies (tenant, connection, principal) WHERE granted_for IS NULL;
