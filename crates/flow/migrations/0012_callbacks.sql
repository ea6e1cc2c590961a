-- Calls back to actions that wait for one, until the run continues. repetition: frame and slot of the action.
CREATE TABLE callbacks (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    run TEXT NOT NULL,
    repetition TEXT NOT NULL,
    outputs TEXT NOT NULL,
    PRIMARY KEY (tenant, flow, run, repetition),
    FOREIGN KEY (tenant, flow, run) REFERENCES runs (tenant, flow, name) ON DELETE CASCADE
) /* WITHOUT ROWID */;
