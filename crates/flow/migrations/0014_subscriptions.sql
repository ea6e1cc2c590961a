-- Subscriptions of webhook triggers, until the calls that end them were made. number: the revision of the flow that began it.
-- state: 'subscribing', 'subscribed', 'failed' or 'unsubscribing'. is_open: whether the service may have the subscription.
-- retries: since it has this state. claims counts who began a call, so that only the last of them can write; replica is who that was.
CREATE TABLE subscriptions (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    is_open BIGINT NOT NULL,
    location TEXT,
    error TEXT,
    due_us BIGINT,
    retries BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    replica TEXT NOT NULL,
    lease_wall_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, flow, number)
);
CREATE INDEX subscriptions_due ON subscriptions (tenant, due_us) WHERE due_us IS NOT NULL;
-- The calls that began and ended subscriptions, for the histories of triggers. runs: how many runs the flow had before.
-- operation: 'Subscribe' or 'Unsubscribe'. error: why it failed.
CREATE TABLE subscription_calls (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    runs BIGINT NOT NULL,
    trigger_name TEXT NOT NULL,
    operation TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    error TEXT,
    trace TEXT NOT NULL,
    PRIMARY KEY (tenant, flow, number)
);
