# SPDX-License-Identifier: MIT
"""Structure offsets out of the debug information of a vmlinux; for gdb to run."""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(__file__))
import wanted


def members(kind, base, found):
    for field in kind.strip_typedefs().fields():
        if not hasattr(field, "bitpos"):
            continue
        offset = base + field.bitpos // 8
        if field.name:
            found.setdefault(field.name, offset)
        else:  # members of an unnamed struct or union are reached like the outer one's own
            members(field.type, offset, found)
    return found


def structures():
    """Those that this kernel has; older ones lack some."""
    for name in wanted.STRUCTURES:
        try:
            kind = gdb.lookup_type("struct " + name)
        except gdb.error:
            continue
        yield name, members(kind, 0, {"_sizeof": kind.sizeof})


def length(array):
    first, last = array.range()
    return last - first + 1


enums = {field.name: field.enumval for name in wanted.ENUMS for field in gdb.lookup_type("enum " + name).fields()}
stacks = gdb.lookup_static_symbol("cached_stacks")
print(wanted.as_json(dict(structures()), enums,
                     length(gdb.lookup_type("struct per_cpu_pages")["lists"].type), stacks and length(stacks.type)))
