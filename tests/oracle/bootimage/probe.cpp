// SPDX-License-Identifier: MIT
//
// The boot image: carries out the header's operations on the processor that it runs on, notes what happened, and turns
// the machine off.
#include "tests/oracle/bootimage/protocol.h"

using namespace ksl::bootimage;

extern "C" {
extern char fault_stack_top[];
extern uint64_t fault_error;
extern uint64_t fault_cr2;

struct AccessAnswer {
    uint64_t value;
    uint64_t vector;
};
using Code = void();
AccessAnswer access_supervisor(uint64_t address, uint64_t value, uint64_t code, uint64_t flags);
AccessAnswer access_user(uint64_t address, uint64_t value, uint64_t code, uint64_t flags);
Code supervisor_read, supervisor_read_stack, supervisor_write, supervisor_write_stack, supervisor_fetch;
Code user_read, user_read_stack, user_write, user_write_stack, user_fetch, user_read_ldt;
Code on_exception_12, on_exception_13, on_exception_14, on_other_exception, access_done;

[[noreturn]] void probe_main();
[[noreturn]] void probe_panic(uint64_t vector, uint64_t error_code, uint64_t rip);
}

namespace {

template <class T>
T* in_window(uint64_t physical) {
    return reinterpret_cast<T*>(KSL_WINDOW + physical);
}
Header& header() {
    return *in_window<Header>(KSL_HEADER_AT);
}
uint64_t address_of(Code* code) {
    return reinterpret_cast<uint64_t>(code);
}
/// Code of the user page, where user mode sees it.
uint64_t user_address_of(Code* code) {
    return address_of(code) - KSL_WINDOW - KSL_USER_CODE_AT + KSL_USER_CODE;
}

uint64_t read_msr(uint32_t number) {
    uint32_t low = 0;
    uint32_t high = 0;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return uint64_t{high} << 32 | low;
}
void write_msr(uint32_t number, uint64_t value) {
    asm volatile("wrmsr" : : "c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)));
}

struct Cpuid {
    uint32_t eax, ebx, ecx, edx;
};
Cpuid cpuid(uint32_t leaf) {
    Cpuid id{};
    asm volatile("cpuid" : "=a"(id.eax), "=b"(id.ebx), "=c"(id.ecx), "=d"(id.edx) : "a"(leaf), "c"(0));
    return id;
}

[[noreturn]] void turn_off() {
    asm volatile("outb %b0, %w1" : : "a"(0), "d"(0xf4)); // the debug-exit device
    for (;;) asm volatile("cli; hlt");
}

// Segments. SYSRET takes its own from the place of kUserData - 8.
constexpr uint16_t kKernelCode = 0x08;
constexpr uint16_t kUserData = 0x18;
constexpr uint16_t kTss = 0x28;
constexpr uint16_t kLdt = 0x38;

alignas(16) uint64_t gdt[9] = {
    0,
    0x00af9b000000ffff, // 64-bit code, ring 0
    0x00cf93000000ffff, // data, ring 0
    0x00cff3000000ffff, // data, ring 3
    0x00affb000000ffff, // 64-bit code, ring 3
};
struct [[gnu::packed]] Tss {
    uint32_t reserved;
    uint64_t rsp[3];
    uint8_t rest[76];
    uint16_t io_map;
    uint16_t padding;
} tss;
struct Gate {
    uint64_t low, high;
} idt[32];
struct [[gnu::packed]] TablePointer {
    uint16_t limit;
    uint64_t base;
};

constexpr uint64_t kTssType = 0x89;
constexpr uint64_t kLdtType = 0x82;

void set_system_segment(uint16_t selector, uint64_t base, uint64_t limit, uint64_t type) {
    gdt[selector / 8] = limit | (base & 0xffffff) << 16 | type << 40 | (base >> 24 & 0xff) << 56;
    gdt[selector / 8 + 1] = base >> 32;
}
void set_gate(unsigned vector, Code* code) {
    const uint64_t at = address_of(code);
    constexpr uint64_t kInterruptGate = 0x8e;
    idt[vector] = {(at & 0xffff) | uint64_t{kKernelCode} << 16 | kInterruptGate << 40 | (at >> 16 & 0xffff) << 48,
                   at >> 32};
}

void set_up_segments() {
    tss.rsp[0] = reinterpret_cast<uint64_t>(fault_stack_top);
    set_system_segment(kTss, reinterpret_cast<uint64_t>(&tss), sizeof tss - 1, kTssType);
    const TablePointer segments{sizeof gdt - 1, reinterpret_cast<uint64_t>(gdt)};
    asm volatile("lgdt %0" : : "m"(segments));
    asm volatile("ltr %w0" : : "r"(kTss));
    for (unsigned vector = 0; vector < 32; ++vector) set_gate(vector, on_other_exception);
    set_gate(12, on_exception_12);
    set_gate(13, on_exception_13);
    set_gate(14, on_exception_14);
    const TablePointer gates{sizeof idt - 1, reinterpret_cast<uint64_t>(idt)};
    asm volatile("lidt %0" : : "m"(gates));
}
void set_up_system_calls() {
    constexpr uint32_t kStar = 0xc0000081;
    constexpr uint32_t kLongStar = 0xc0000082;
    constexpr uint32_t kFlagMask = 0xc0000084;
    write_msr(kStar, uint64_t{kKernelCode} << 32 | uint64_t{(kUserData - 8) | 3} << 48);
    write_msr(kLongStar, address_of(access_done));
    write_msr(kFlagMask, 0x40700); // AC, DF, IF, TF
}

void tell_features() {
    Header& asked = header();
    const Cpuid vendor = cpuid(0);
    const Cpuid structured = vendor.eax >= 7 ? cpuid(7) : Cpuid{};
    asked.is_amd = vendor.ebx == 0x68747541; // "Auth"
    asked.has_smep = structured.ebx >> 7 & 1;
    asked.has_smap = structured.ebx >> 20 & 1;
    asked.has_pke = structured.ecx >> 3 & 1;
    asked.has_la57 = structured.ecx >> 16 & 1;
    asked.has_pks = structured.ecx >> 31 & 1;
    asked.has_huge_pages = cpuid(0x80000001).edx >> 26 & 1;
    asked.physical_bits = cpuid(0x80000008).eax & 0xff;
}

/// The code of an access; user mode has the same at its own place.
Code* code_of(const Operation& operation, bool is_user) {
    const bool stack = operation.stack != 0;
    switch (operation.kind) {
    case Kind::read:
        if (is_user) return stack ? user_read_stack : user_read;
        return stack ? supervisor_read_stack : supervisor_read;
    case Kind::write:
        if (is_user) return stack ? user_write_stack : user_write;
        return stack ? supervisor_write_stack : supervisor_write;
    case Kind::fetch: break;
    }
    return is_user ? user_fetch : supervisor_fetch;
}

AccessAnswer make_access(const Operation& operation) {
    constexpr uint64_t kFlags = 2;
    constexpr uint64_t kFlagsAc = kFlags | 1 << 18;
    switch (operation.who) {
    case Who::user:
        return access_user(operation.address, operation.value, user_address_of(code_of(operation, true)), kFlags);
    case Who::implicit:
        set_system_segment(kLdt, operation.address, 7, kLdtType);
        asm volatile("lldt %w0" : : "r"(kLdt) : "memory");
        return access_user(operation.address, 0, user_address_of(user_read_ldt), kFlagsAc);
    case Who::supervisor:
    case Who::supervisor_ac: break;
    }
    const uint64_t flags = operation.who == Who::supervisor ? kFlags : kFlagsAc;
    return access_supervisor(operation.address, operation.value, address_of(code_of(operation, false)), flags);
}

Result carry_out(const Operation& operation) {
    const uint64_t value = operation.value;
    switch (operation.op) {
    case Op::access: {
        const AccessAnswer answer = make_access(operation);
        if (answer.vector == 0) return {.value = answer.value};
        return {static_cast<uint32_t>(answer.vector), static_cast<uint32_t>(fault_error), 0, fault_cr2};
    }
    case Op::set_cr0: asm volatile("movq %0, %%cr0" : : "r"(value | 0x10) : "memory"); break;
    case Op::load_cr3: asm volatile("movq %0, %%cr3" : : "r"(value) : "memory"); break;
    case Op::set_cr4: asm volatile("movq %0, %%cr4" : : "r"(value) : "memory"); break;
    case Op::set_nxe: {
        constexpr uint32_t kEfer = 0xc0000080;
        constexpr uint64_t kNoExecute = 1 << 11;
        write_msr(kEfer, (read_msr(kEfer) & ~kNoExecute) | (value != 0 ? kNoExecute : 0));
        break;
    }
    case Op::set_pkru: asm volatile("wrpkru" : : "a"(static_cast<uint32_t>(value)), "c"(0), "d"(0) : "memory"); break;
    case Op::set_pkrs: write_msr(0x6e1, value); break;
    case Op::store: *in_window<volatile uint64_t>(operation.address) = value; break;
    case Op::invlpg: asm volatile("invlpg (%0)" : : "r"(operation.address) : "memory"); break;
    }
    return {};
}

} // namespace

void probe_panic(uint64_t vector, uint64_t error_code, uint64_t rip) {
    Header& asked = header();
    asked.vector = vector;
    asked.error_code = error_code;
    asked.rip = rip;
    asm volatile("movq %%cr2, %0" : "=r"(asked.cr2));
    asked.state = kPanicked;
    turn_off();
}

void probe_main() {
    set_up_segments();
    set_up_system_calls();
    tell_features();
    Header& asked = header();
    const Operation* operations = in_window<const Operation>(asked.operations_at);
    Result* results = in_window<Result>(asked.results_at);
    for (; asked.done < asked.count; ++asked.done) results[asked.done] = carry_out(operations[asked.done]);
    asked.state = kAnswered;
    turn_off();
}
