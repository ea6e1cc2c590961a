-- Names of runs are in the order of their starts: the primary key finds the runs between two instants.
DROP INDEX runs_by_start;
