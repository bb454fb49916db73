# SPDX-License-Identifier: MIT
"""What the reader of crash dumps needs to know about a kernel (sim/import/dump), whoever tells it."""

import json

STRUCTURES = ["free_area", "mem_section", "mem_section_usage", "page", "per_cpu_pages", "per_cpu_zonestat",
              "pglist_data", "signal_struct", "task_struct", "thread_info", "thread_struct", "vm_struct", "vmap_area",
              "zone"]

# enum: the values that are of use
ENUMS = {"migratetype": ["MIGRATE_CMA", "MIGRATE_ISOLATE"], "zone_stat_item": ["NR_FREE_PAGES"]}


def as_json(structures, enums, page_lists, cached_stacks):
    """`enums`: name to value; lengths of per_cpu_pages.lists and of the variable cached_stacks (None if there is none)."""
    constants = {name: enums[name] for names in ENUMS.values() for name in names if name in enums}
    constants["NR_PCP_LISTS"] = page_lists
    if cached_stacks is not None:
        constants["NR_CACHED_STACKS"] = cached_stacks
    return json.dumps({"structures": structures, "constants": constants}, indent=1)
