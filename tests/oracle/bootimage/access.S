// SPDX-License-Identifier: MIT
//
// One access, really made, that may fault. An exception does not return: it goes to where the access was asked for and
// tells what happened.
#include "tests/oracle/bootimage/protocol.h"

    .text
// Both: rdi address, rsi value to write, rdx code of the access, rcx RFLAGS for it.
// Returns in rax what was read, in rdx the vector or 0; fault_error and fault_cr2 say more.
    .globl access_supervisor
access_supervisor:
    call enter_access
    pushq %rcx
    popfq
    jmpq *%rdx

    .globl access_user
access_user:
    call enter_access
    movq %rcx, %r11
    movq %rdx, %rcx
    movq $KSL_USER_STACK + 4096, %rsp
    sysretq

// Saves what the caller wants to see again, below the return address of access_*.
enter_access:
    popq %rax
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, saved_rsp(%rip)
    movb $1, in_access(%rip)
    movq %rdi, %rbp
    pushq %rax
    xorl %eax, %eax
    ret

    .globl supervisor_read, supervisor_read_stack, supervisor_write, supervisor_write_stack, supervisor_fetch
supervisor_read:
    movq (%rdi), %rax
    jmp access_done
supervisor_read_stack:
    movq (%rbp), %rax                   // rbp means SS
    jmp access_done
supervisor_write:
    movq %rsi, (%rdi)
    jmp access_done
supervisor_write_stack:
    movq %rsi, (%rbp)
    jmp access_done
supervisor_fetch:
    callq *%rdi
    jmp access_done

// Where SYSCALL of user mode leads as well.
    .globl access_done
access_done:
    xorl %edx, %edx
leave_access:
    movq saved_rsp(%rip), %rsp
    movb $0, in_access(%rip)
    pushq $2
    popfq
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

// Exceptions that an access may raise; each has an error code.
    .macro expected_exception vector
    .globl on_exception_\vector
on_exception_\vector:
    cmpb $0, in_access(%rip)
    je on_unexpected_\vector
    popq fault_error(%rip)
    movq %cr2, %rax
    movq %rax, fault_cr2(%rip)
    xorl %eax, %eax
    movl $\vector, %edx
    jmp leave_access
on_unexpected_\vector:
    movl $\vector, %edi
    popq %rsi
    popq %rdx
    jmp probe_panic
    .endm
    expected_exception 12
    expected_exception 13
    expected_exception 14

// All others are mistakes of the image. Error codes are not told apart.
    .globl on_other_exception
on_other_exception:
    movl $255, %edi
    popq %rsi
    popq %rdx
    jmp probe_panic

    .section .user, "ax"
    .globl user_read, user_read_stack, user_write, user_write_stack, user_fetch, user_read_ldt
user_read:
    movq (%rdi), %rax
    syscall
user_read_stack:
    movq (%rbp), %rax
    syscall
user_write:
    movq %rsi, (%rdi)
    syscall
user_write_stack:
    movq %rsi, (%rbp)
    syscall
user_fetch:
    callq *%rdi
    syscall
// The processor itself reads the first entry of the LDT, which lies at the address in question.
user_read_ldt:
    movl $7, %ecx
    larl %ecx, %edx
    xorl %eax, %eax
    syscall

    .bss
    .balign 8
saved_rsp: .skip 8
    .globl fault_error, fault_cr2
fault_error: .skip 8
fault_cr2: .skip 8
in_access: .skip 1
