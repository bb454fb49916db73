// SPDX-License-Identifier: MIT
//
// From the multiboot loader (32 bits, no paging) to probe_main() in 64-bit mode, with the tables that the image starts
// on: the first GiB where it is and in the window, four or five levels as the header asks.
//
// Source:   Multiboot Specification 0.6.96, section 3.1 (header with addresses); Intel SDM vol. 3A, "Initializing
//           IA-32e mode".
#include "tests/oracle/bootimage/protocol.h"

#define PHYSICAL(symbol) (symbol - KSL_WINDOW)

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_HAS_ADDRESSES 0x10000

    .section .boot, "ax"
    .code32
    .balign 4
multiboot_header:
    .long MULTIBOOT_MAGIC
    .long MULTIBOOT_HAS_ADDRESSES
    .long -(MULTIBOOT_MAGIC + MULTIBOOT_HAS_ADDRESSES)
    .long PHYSICAL(multiboot_header)
    .long image_start
    .long image_end
    .long image_bss_end
    .long PHYSICAL(boot_start)

    .globl boot_start
boot_start:
    cli
    // PML4[0] and [511], PML5[0] and [511] lead to the same tables.
    movl $PHYSICAL(boot_pdpt) + 0x3, %eax
    movl %eax, PHYSICAL(boot_pml4)
    movl %eax, PHYSICAL(boot_pml4) + 511 * 8
    movl $PHYSICAL(boot_pml4) + 0x3, %eax
    movl %eax, PHYSICAL(boot_pml5)
    movl %eax, PHYSICAL(boot_pml5) + 511 * 8
    // A 1 GiB page: present, writable, accessed, dirty.
    movl $0xe3, PHYSICAL(boot_pdpt)
    movl $0xe3, PHYSICAL(boot_pdpt) + 510 * 8

    movl $0xb0, %ebx                    // CR4.PSE, PAE, PGE
    movl $PHYSICAL(boot_pml4), %edx
    cmpl $5, KSL_HEADER_AT + 8          // Header::levels
    jne 1f
    orl $0x1000, %ebx                   // CR4.LA57
    movl $PHYSICAL(boot_pml5), %edx
1:  movl %ebx, %cr4
    movl %edx, %cr3
    movl $0xc0000080, %ecx              // EFER: SCE, LME, NXE
    rdmsr
    orl $0x901, %eax
    wrmsr
    movl $0x80010011, %eax              // CR0: PG, WP, ET, PE
    movl %eax, %cr0
    lgdt PHYSICAL(boot_gdt_pointer)
    ljmp $0x08, $PHYSICAL(boot_long)

    .code64
boot_long:
    movabsq $boot_high, %rax
    jmpq *%rax
boot_high:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    leaq kernel_stack_top(%rip), %rsp
    call probe_main
1:  hlt
    jmp 1b

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            // 64-bit code, ring 0
boot_gdt_pointer:
    .word 15
    .long PHYSICAL(boot_gdt)

    .section .tables, "aw"
    .balign 4096
boot_pml5: .fill 4096
boot_pml4: .fill 4096
boot_pdpt: .fill 4096

    .bss
    .balign 16
    .skip 16384
    .globl kernel_stack_top
kernel_stack_top:
    .skip 4096
    .globl fault_stack_top
fault_stack_top:
