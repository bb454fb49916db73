# SPDX-License-Identifier: MIT
"""from_btf.py FILE: structure offsets out of BTF, whose format is in the kernel's Documentation/bpf/btf.rst."""

import struct
import sys

import wanted

MAGIC = 0xEB9F
INT, ARRAY, STRUCT, UNION, ENUM, TYPEDEF, VOLATILE, CONST, FUNC_PROTO, VAR, DATASEC, DECL_TAG, TYPE_TAG, ENUM64 = (
    1, 3, 4, 5, 6, 8, 9, 10, 13, 14, 15, 17, 18, 19)
# What follows the 12 bytes of a type: so many bytes once, and for each of its members.
ONCE = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}
EACH = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}
LAST_KIND = ENUM64


class Type:
    def __init__(self, name, kind, flag, count, size, at):
        self.name, self.kind, self.flag, self.count, self.size, self.at = name, kind, flag, count, size, at
        self.target = size  # kinds that refer to a type keep its number there


class Btf:
    def __init__(self, data):
        self.data = data
        magic, version, _, length, types, types_size, names, names_size = struct.unpack_from("<HBBIIIII", data)
        if magic != MAGIC or version != 1:
            raise ValueError("is no BTF of version 1")
        self.names = data[length + names:length + names + names_size]
        self.types = [Type("", 0, 0, 0, 0, 0)]  # type 0 is void
        at, end = length + types, length + types + types_size
        while at < end:
            name, info, size = struct.unpack_from("<III", data, at)
            kind, count = info >> 24 & 0x1F, info & 0xFFFF
            if kind > LAST_KIND:
                raise ValueError(f"has a type of kind {kind}; 1 to {LAST_KIND} are known")
            self.types.append(Type(self.text(name), kind, info >> 31, count, size, at + 12))
            at += 12 + ONCE.get(kind, 0) + EACH.get(kind, 0) * count

    def text(self, offset):
        end = self.names.find(b"\0", offset)
        if end < 0:
            raise IndexError
        return self.names[offset:end].decode()

    def find(self, kind, name):
        return next((kept for kept in self.types if kept.kind == kind and kept.name == name), None)

    def records(self, kept, layout):
        size = struct.calcsize(layout)
        return (struct.unpack_from(layout, self.data, kept.at + i * size) for i in range(kept.count))

    def without_qualifiers(self, number):
        while self.types[number].kind in (TYPEDEF, VOLATILE, CONST, TYPE_TAG):
            number = self.types[number].target
        return self.types[number]

    def members(self, kept, base, found):
        """Bytes from the start to each member; of a bitfield, to the byte that it begins in."""
        for name, number, offset in self.records(kept, "<III"):
            bits = offset & 0xFFFFFF if kept.flag else offset  # kind_flag: the width of a bitfield is above
            if name:
                found.setdefault(self.text(name), base + bits // 8)
            else:  # members of an unnamed struct or union are reached like the outer one's own
                inner = self.without_qualifiers(number)
                if inner.kind in (STRUCT, UNION):
                    self.members(inner, base + bits // 8, found)
        return found

    def structures(self):
        """Those that this kernel has; older ones lack some."""
        found = {name: self.find(STRUCT, name) for name in wanted.STRUCTURES}
        if found["task_struct"] is None:
            raise ValueError("has no struct task_struct; the BTF of the kernel is needed, not of a module")
        return {name: self.members(kept, 0, {"_sizeof": kept.size}) for name, kept in found.items() if kept}

    def length(self, number):
        """Of an array; None of anything else."""
        kept = self.without_qualifiers(number)
        return struct.unpack_from("<III", self.data, kept.at)[2] if kept.kind == ARRAY else None

    def member_length(self, name, member):
        kept = self.find(STRUCT, name)
        if kept is None:
            raise ValueError(f"has no struct {name}")
        return next(self.length(number) for text, number, _ in self.records(kept, "<III") if self.text(text) == member)

    def enumerators(self, name):
        kept = self.find(ENUM, name)
        return {self.text(text): value for text, value in self.records(kept, "<II")} if kept else {}


def main():
    try:
        with open(sys.argv[1], "rb") as file:
            btf = Btf(file.read())
        enums = {name: value for kind in wanted.ENUMS for name, value in btf.enumerators(kind).items()}
        stacks = btf.find(VAR, "cached_stacks")
        print(wanted.as_json(btf.structures(), enums, btf.member_length("per_cpu_pages", "lists"),
                             stacks and btf.length(stacks.target)))
    except (struct.error, IndexError, StopIteration, UnicodeDecodeError):
        sys.exit(f"structure-offsets: {sys.argv[1]} is cut off or damaged")
    except ValueError as error:
        sys.exit(f"structure-offsets: {sys.argv[1]} {error}")


main()
