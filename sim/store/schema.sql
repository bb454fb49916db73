-- SPDX-License-Identifier: MIT
-- The lab database, version 1. SQLite keeps the text of each statement, comments inside it included, so that `.schema`
-- in the sqlite3 shell shows everything below. Times are simulated nanoseconds, costs simulated processor cycles.

CREATE TABLE run (
  -- One row for each run: one scenario on one design with one seed, and all that is needed to repeat it.
  -- The same recipe gives the same rows in every table of this database, on every computer and with any number of
  -- workers, but for the columns of this table whose names begin with wall_.
  id              INTEGER PRIMARY KEY,        -- 1, 2, 3, ... in the order in which runs were begun
  baseline        INTEGER REFERENCES run(id), -- the run that the view "comparison" holds this one against; may be itself
  scenario        TEXT    NOT NULL,           -- name of the scenario
  scenario_text   TEXT    NOT NULL,           -- its file, whole
  overrides       TEXT    NOT NULL,           -- what the command line changed in it: a line KEY=VALUE each, or empty
  design          TEXT    NOT NULL,           -- name of the stack design
  design_text     TEXT    NOT NULL,           -- its file, whole
  kernel          TEXT    NOT NULL,           -- kernel whose allocators and costs are modelled: '4.7', '4.9', '6.1', ...
  processor       TEXT    NOT NULL,           -- name of the simulated processor
  processor_text  TEXT    NOT NULL,           -- its file, whole: clock, TLBs, caches
  price_list      INTEGER REFERENCES price_list(id), -- what each step cost; NULL if costs were not modelled
  clock_mhz       INTEGER NOT NULL,           -- clock of the simulated processor: nanoseconds = cycles * 1000 / clock_mhz
  cpus            INTEGER NOT NULL,           -- simulated processors
  memory_bytes    INTEGER NOT NULL,           -- simulated memory
  seed            INTEGER NOT NULL,           -- seed of all random numbers
  engine          TEXT    NOT NULL,           -- version of kstacklab that computed the run
  status          TEXT    NOT NULL CHECK (status IN ('complete', 'interrupted', 'invalid')),
    -- complete: the workload ran to its end, whatever happened in it. interrupted: it was stopped, or is still being
    -- written; its rows so far are here. invalid: kstacklab found itself in error; do not use.
  simulated_ns    INTEGER NOT NULL,           -- simulated time from the start to the end of the run
  operations      INTEGER NOT NULL,           -- rows of this run in the table "operation"
  first_operation INTEGER,                    -- rowid of the first and ...
  last_operation  INTEGER,                    -- ... of the last of these rows: "rowid BETWEEN" these two finds them fast
  state_digest    TEXT,                       -- digest of the machine's final state; equal states have equal digests
  wall_started    TEXT,                       -- when the run began in the real world, UTC, '2026-01-31T12:00:00Z'
  wall_ended      TEXT,                       -- when it ended
  wall_seconds    REAL                        -- how long it took
) STRICT;

CREATE TABLE input_text (
  -- Texts that runs started from, each stored once: copies of files of /proc of a real system, recorded traces.
  id     INTEGER PRIMARY KEY,                 -- 1, 2, 3, ...
  digest TEXT NOT NULL UNIQUE,                -- SHA-256 of the text, as sha256sum prints it
  text   TEXT NOT NULL                        -- the file, whole
) STRICT;

CREATE TABLE run_input (
  -- Which of these texts a run used. See the view "recipe" for all texts of a run.
  run   INTEGER NOT NULL REFERENCES run(id),
  name  TEXT    NOT NULL,                     -- what the scenario calls it: 'buddyinfo', 'vmallocinfo', 'trace', ...
  input INTEGER NOT NULL REFERENCES input_text(id),
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE price_list (
  -- Lists of what each step costs on one kernel and one processor, each stored once.
  id        INTEGER PRIMARY KEY,              -- 1, 2, 3, ...
  digest    TEXT    NOT NULL UNIQUE,          -- SHA-256 of the whole list
  name      TEXT    NOT NULL,                 -- name of the list
  cpi_milli INTEGER NOT NULL                  -- thousandths of a cycle that an instruction takes
) STRICT;

CREATE TABLE price (
  -- The rows of the price lists.
  price_list   INTEGER NOT NULL REFERENCES price_list(id),
  step         TEXT    NOT NULL,              -- name of the step, as in the table "step_total"
  instructions INTEGER NOT NULL,              -- instructions that the kernel runs for one such step
  stall_cycles INTEGER NOT NULL,              -- cycles of instructions that are slow in themselves (locked, INVLPG, ...)
  cycles       INTEGER NOT NULL,              -- price of one step: instructions * cpi_milli / 1000 + stall_cycles
  source       TEXT    NOT NULL,              -- where the figure comes from
  tag          TEXT    NOT NULL,              -- how far to trust it: 'measured', 'published', 'derived', 'estimate'
  PRIMARY KEY (price_list, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
  -- One row for each clone, exit or other operation of a run, in order. (run, seq) names a row for good.
  -- Counts are what this one operation did. Averages and percentiles are at hand in the views "latency",
  -- "comparison" and "cost".
  run             INTEGER NOT NULL REFERENCES run(id),
  seq             INTEGER NOT NULL,           -- 0, 1, 2, ... within the run
  kind_code       INTEGER NOT NULL,           -- kind as a number; see kind
  outcome_code    INTEGER NOT NULL,           -- outcome as a number, 0 = ok; see outcome
  source_code     INTEGER NOT NULL,           -- see stack_source
  sink_code       INTEGER NOT NULL,           -- see stack_sink
  cpu             INTEGER NOT NULL,           -- simulated processor that did it, from 0
  task            INTEGER NOT NULL,           -- number of the task: for clone and fork the new one, else the acting one
  start_ns        INTEGER NOT NULL,           -- simulated time at which it began
  latency_ns      INTEGER NOT NULL,           -- how long it took; cycles at the processor's clock, rounded down
  cycles          INTEGER NOT NULL,           -- how long it took: the sum of the four columns that follow
  step_cycles     INTEGER NOT NULL,           -- of these, price of the steps taken (instructions)
  memory_cycles   INTEGER NOT NULL,           -- of these, waiting for cache lines
  tlb_cycles      INTEGER NOT NULL,           -- of these, second-level TLB and page walks
  lock_cycles     INTEGER NOT NULL,           -- of these, waiting for locks that other processors held
  accesses        INTEGER NOT NULL,           -- data accesses that went through TLB and caches
  l1_dtlb_misses  INTEGER NOT NULL,           -- accesses that missed the first-level data TLB
  stlb_misses     INTEGER NOT NULL,           -- of these, accesses that missed the second level too
  walks           INTEGER NOT NULL,           -- page walks, those that only set a dirty bit included
  walk_references INTEGER NOT NULL,           -- page-table entries that walks read
  lines_l1        INTEGER NOT NULL,           -- cache lines answered by the first-level cache, walks included,
  lines_l2        INTEGER NOT NULL,           -- by the second level,
  lines_l3        INTEGER NOT NULL,           -- by the third level,
  lines_memory    INTEGER NOT NULL,           -- by memory
  block_splits    INTEGER NOT NULL,           -- buddy blocks halved
  block_merges    INTEGER NOT NULL,           -- buddy blocks merged
  pcp_refills     INTEGER NOT NULL,           -- times a per-CPU page list was refilled
  fallbacks       INTEGER NOT NULL,           -- blocks taken from another migrate type
  tree_levels     INTEGER NOT NULL,           -- levels descended in trees of address ranges
  list_steps      INTEGER NOT NULL,           -- address ranges stepped over one by one
  new_table_pages INTEGER NOT NULL,           -- page-table pages added
  pages_cleared   INTEGER NOT NULL,           -- pages filled with zeros
  purged_areas    INTEGER NOT NULL,           -- lazily freed address ranges released by purges
  ipis            INTEGER NOT NULL,           -- processors interrupted to flush their TLBs
  pages_reclaimed INTEGER NOT NULL,           -- page-cache pages given up to make room
  pages_migrated  INTEGER NOT NULL,           -- pages moved by compaction to make room
  oom_kills       INTEGER NOT NULL,           -- tasks that the out-of-memory killer ended to make room
  kind         TEXT GENERATED ALWAYS AS (CASE kind_code
    WHEN 0 THEN 'clone'       -- a thread is created
    WHEN 1 THEN 'fork'        -- a process is created
    WHEN 2 THEN 'exec'        -- a process gets a new program
    WHEN 3 THEN 'exit'        -- a task ends
    WHEN 4 THEN 'release'     -- a dead task's memory is freed, after a grace period where there is one
    WHEN 5 THEN 'switch'      -- a processor changes to another task
    WHEN 6 THEN 'call'        -- kernel functions are entered, the stack grows
    WHEN 7 THEN 'alloc_pages' -- pages are allocated for something other than a stack
    WHEN 8 THEN 'free_pages'  -- and freed
    WHEN 9 THEN 'vmalloc'     -- an address range is allocated for something other than a stack
    WHEN 10 THEN 'vfree'      -- and freed
    WHEN 11 THEN 'map_dma'    -- a buffer is handed to a device
    WHEN 12 THEN 'tick'       -- timer interrupt, and what it set off: RCU callbacks, workers
    WHEN 13 THEN 'clone_exit' -- a thread's whole life; only in sums and distributions, never a row here
    ELSE 'kind ' || kind_code END) VIRTUAL,
  outcome      TEXT GENERATED ALWAYS AS (CASE outcome_code
    WHEN 0 THEN 'ok'
    WHEN 1 THEN 'no_memory'      -- no block of pages of the order that was needed
    WHEN 2 THEN 'no_addresses'   -- no free address range
    WHEN 3 THEN 'no_task'        -- the limit on tasks was reached
    WHEN 4 THEN 'overflow'       -- the stack was left, and nobody noticed
    WHEN 5 THEN 'task_killed'    -- an overflow was noticed and ended the task
    WHEN 6 THEN 'machine_died'   -- an overflow or its discovery ended the machine
    WHEN 7 THEN 'refused'        -- the kernel refused the request
    ELSE 'outcome ' || outcome_code END) VIRTUAL,
  stack_source TEXT GENERATED ALWAYS AS (CASE source_code -- where a new task's stack came from
    WHEN 0 THEN NULL WHEN 1 THEN 'page_allocator' WHEN 2 THEN 'vmalloc' WHEN 3 THEN 'stack_cache' WHEN 4 THEN 'pid_slot'
    ELSE 'source ' || source_code END) VIRTUAL,
  stack_sink   TEXT GENERATED ALWAYS AS (CASE sink_code   -- where a dead task's stack went
    WHEN 0 THEN NULL WHEN 1 THEN 'page_allocator' WHEN 2 THEN 'vmalloc' WHEN 3 THEN 'stack_cache'
    WHEN 4 THEN 'deferred' WHEN 5 THEN 'pid_slot'
    ELSE 'sink ' || sink_code END) VIRTUAL
) STRICT;

CREATE TABLE operation_total (
  -- The table "operation" added up: a row for each run, kind and outcome. Written when the run ends.
  -- Kind 'clone_exit' adds up whole lives: clone, first switch to the task, exit, and what was put off (RCU callbacks,
  -- workers), without the interrupts that fell into them. Work that was put off counts in latency_ns and cycles; by cause
  -- it is counted under 'tick', where it was paid.
  run             INTEGER NOT NULL REFERENCES run(id),
  kind            TEXT    NOT NULL,           -- as in "operation"
  outcome         TEXT    NOT NULL,           -- as in "operation"
  operations      INTEGER NOT NULL,           -- how many there were; the other columns are sums over them
  latency_ns      INTEGER NOT NULL,
  cycles          INTEGER NOT NULL,
  step_cycles     INTEGER NOT NULL,
  memory_cycles   INTEGER NOT NULL,
  tlb_cycles      INTEGER NOT NULL,
  lock_cycles     INTEGER NOT NULL,
  accesses        INTEGER NOT NULL,
  l1_dtlb_misses  INTEGER NOT NULL,
  stlb_misses     INTEGER NOT NULL,
  walks           INTEGER NOT NULL,
  walk_references INTEGER NOT NULL,
  lines_l1        INTEGER NOT NULL,
  lines_l2        INTEGER NOT NULL,
  lines_l3        INTEGER NOT NULL,
  lines_memory    INTEGER NOT NULL,
  block_splits    INTEGER NOT NULL,
  block_merges    INTEGER NOT NULL,
  pcp_refills     INTEGER NOT NULL,
  fallbacks       INTEGER NOT NULL,
  tree_levels     INTEGER NOT NULL,
  list_steps      INTEGER NOT NULL,
  new_table_pages INTEGER NOT NULL,
  pages_cleared   INTEGER NOT NULL,
  purged_areas    INTEGER NOT NULL,
  ipis            INTEGER NOT NULL,
  pages_reclaimed INTEGER NOT NULL,
  pages_migrated  INTEGER NOT NULL,
  oom_kills       INTEGER NOT NULL,
  PRIMARY KEY (run, kind, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE latency_count (
  -- The exact distribution of latencies: how many operations took how long. Written when the run ends, so that
  -- percentiles and charts need not sort millions of rows.
  run        INTEGER NOT NULL REFERENCES run(id),
  kind       TEXT    NOT NULL,                -- as in "operation"
  outcome    TEXT    NOT NULL,                -- as in "operation"
  latency_ns INTEGER NOT NULL,                -- a latency that occurred
  operations INTEGER NOT NULL,                -- how many operations took exactly this long
  PRIMARY KEY (run, kind, outcome, latency_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE step_total (
  -- Where the cycles went: how often each step was taken in a run, and what that cost.
  run    INTEGER NOT NULL REFERENCES run(id),
  kind   TEXT    NOT NULL,                    -- kind of operation in which it was taken, as in "operation"
  step   TEXT    NOT NULL,                    -- name of the step; its price is in "price"
  times  INTEGER NOT NULL,                    -- how often
  cycles INTEGER NOT NULL,                    -- times * price
  PRIMARY KEY (run, kind, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
  -- Single results of a run that belong to no operation: fragmentation at the end, memory for page tables, ...
  run   INTEGER NOT NULL REFERENCES run(id),
  name  TEXT    NOT NULL,                     -- what was measured
  value REAL    NOT NULL,                     -- in this unit:
  unit  TEXT    NOT NULL,                     -- 'bytes', 'frames', 'ns', 'share' (0 to 1), 'count', ...
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  -- Results of a run over simulated time.
  run   INTEGER NOT NULL REFERENCES run(id),
  name  TEXT    NOT NULL,                     -- what was measured, unit at the end: 'free_order_2_blocks', 'lazy_pages'
  at_ns INTEGER NOT NULL,                     -- when
  value REAL    NOT NULL,                     -- what it was then
  PRIMARY KEY (run, name, at_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  -- What happened, told: task created, guard page hit, purge, ... Only in runs that were asked to record events.
  run    INTEGER NOT NULL REFERENCES run(id),
  seq    INTEGER NOT NULL,                    -- 0, 1, 2, ... within the run
  at_ns  INTEGER NOT NULL,                    -- simulated time
  cpu    INTEGER NOT NULL,                    -- simulated processor
  kind   TEXT    NOT NULL,                    -- name of the event
  detail TEXT    NOT NULL,                    -- its fields, a JSON object: json_extract(detail, '$.task')
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE VIEW latency AS
  -- Latencies of each run and kind: operations that succeeded, their mean and percentiles, and how many failed.
  -- Percentiles are exact, by nearest rank: p99_ns is the least latency that at least 99 % did not exceed.
  --   SELECT design, seed, p50_ns, p99_ns FROM latency WHERE scenario = 'article' AND kind = 'clone';
  WITH ranked AS (
    SELECT run, kind, latency_ns, operations,
           sum(operations) OVER (PARTITION BY run, kind ORDER BY latency_ns) AS up_to,
           sum(operations) OVER (PARTITION BY run, kind) AS total
    FROM latency_count WHERE outcome = 'ok'
  ), spread AS (
    SELECT run, kind, max(total) AS operations, min(latency_ns) AS min_ns,
           sum(latency_ns * operations) * 1.0 / max(total) AS mean_ns,
           min(latency_ns) FILTER (WHERE up_to * 2 >= total) AS p50_ns,
           min(latency_ns) FILTER (WHERE up_to * 10 >= total * 9) AS p90_ns,
           min(latency_ns) FILTER (WHERE up_to * 100 >= total * 99) AS p99_ns,
           min(latency_ns) FILTER (WHERE up_to * 1000 >= total * 999) AS p999_ns,
           max(latency_ns) AS max_ns
    FROM ranked GROUP BY run, kind
  ), failures AS (
    SELECT run, kind, sum(operations) AS failed FROM operation_total WHERE outcome <> 'ok' GROUP BY run, kind
  ), kinds AS (
    SELECT DISTINCT run, kind FROM operation_total
  )
  SELECT kinds.run, run.scenario, run.design, run.seed, kinds.kind, coalesce(spread.operations, 0) AS operations,
         coalesce(failures.failed, 0) AS failed, min_ns, mean_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns
  FROM kinds JOIN run ON run.id = kinds.run LEFT JOIN spread USING (run, kind) LEFT JOIN failures USING (run, kind)
  ORDER BY kinds.run, kinds.kind;

CREATE VIEW comparison AS
  -- Each run beside its baseline: means and percentiles as ratios (1 = alike, 2 = twice as long) and as differences.
  --   SELECT design, mean_ratio, p99_ratio, mean_difference_ns FROM comparison WHERE kind = 'clone';
  SELECT mine.run, run.baseline, mine.scenario, mine.design, mine.seed, mine.kind, mine.operations, mine.failed,
         mine.mean_ns, mine.p50_ns, mine.p99_ns, mine.p999_ns, mine.max_ns,
         mine.mean_ns / base.mean_ns AS mean_ratio,
         mine.p50_ns * 1.0 / base.p50_ns AS p50_ratio,
         mine.p99_ns * 1.0 / base.p99_ns AS p99_ratio,
         mine.p999_ns * 1.0 / base.p999_ns AS p999_ratio,
         mine.mean_ns - base.mean_ns AS mean_difference_ns
  FROM latency AS mine JOIN run ON run.id = mine.run
       LEFT JOIN latency AS base ON base.run = run.baseline AND base.kind = mine.kind
  ORDER BY mine.kind, mine.scenario, mine.seed, mine.run;

CREATE VIEW cost AS
  -- What an operation of each run and kind cost on average, and why: cycles by cause, TLB misses, cache lines.
  --   SELECT design, cycles, step_cycles, memory_cycles, tlb_cycles, stlb_misses FROM cost WHERE kind = 'clone';
  SELECT total.run, run.scenario, run.design, run.seed, total.kind, sum(total.operations) AS operations,
         sum(cycles) * 1.0 / sum(total.operations) AS cycles,
         sum(step_cycles) * 1.0 / sum(total.operations) AS step_cycles,
         sum(memory_cycles) * 1.0 / sum(total.operations) AS memory_cycles,
         sum(tlb_cycles) * 1.0 / sum(total.operations) AS tlb_cycles,
         sum(lock_cycles) * 1.0 / sum(total.operations) AS lock_cycles,
         sum(l1_dtlb_misses) * 1.0 / sum(total.operations) AS l1_dtlb_misses,
         sum(stlb_misses) * 1.0 / sum(total.operations) AS stlb_misses,
         sum(walk_references) * 1.0 / sum(total.operations) AS walk_references,
         sum(lines_l2) * 1.0 / sum(total.operations) AS lines_l2,
         sum(lines_l3) * 1.0 / sum(total.operations) AS lines_l3,
         sum(lines_memory) * 1.0 / sum(total.operations) AS lines_memory
  FROM operation_total AS total JOIN run ON run.id = total.run
  WHERE total.outcome = 'ok'
  GROUP BY total.run, total.kind
  ORDER BY total.run, total.kind;

CREATE VIEW step_share AS
  -- The steps on which a run spent its cycles, dearest first within each kind of operation.
  --   SELECT step, times, cycles, share FROM step_share WHERE run = 1 AND kind = 'clone' LIMIT 10;
  SELECT step_total.run, run.design, kind, step, times, cycles,
         cycles * 1.0 / nullif(sum(cycles) OVER (PARTITION BY step_total.run, kind), 0) AS share
  FROM step_total JOIN run ON run.id = step_total.run
  ORDER BY step_total.run, kind, cycles DESC, step;

CREATE VIEW failure AS
  -- Operations that did not simply succeed.
  --   SELECT run, outcome, count(*) FROM failure GROUP BY run, outcome;
  SELECT operation.run, run.scenario, run.design, run.seed, operation.seq, operation.start_ns, operation.cpu,
         operation.task, operation.kind, operation.outcome
  FROM operation JOIN run ON run.id = operation.run
  WHERE operation.outcome_code <> 0;

CREATE VIEW recipe AS
  -- All texts that a run was computed from; with the row in "run", what is needed to repeat it.
  --   SELECT text FROM recipe WHERE run = 1 AND part = 'scenario';
  SELECT id AS run, 'scenario' AS part, scenario AS name, scenario_text AS text FROM run
  UNION ALL SELECT id, 'overrides', '', overrides FROM run
  UNION ALL SELECT id, 'design', design, design_text FROM run
  UNION ALL SELECT id, 'processor', processor, processor_text FROM run
  UNION ALL SELECT run_input.run, 'input', run_input.name, input_text.text
            FROM run_input JOIN input_text ON input_text.id = run_input.input;
