CREATE TABLE handouts (
    tenant TEXT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL,
    sealed TEXT NOT NULL
);
