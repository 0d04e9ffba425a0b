"""Locks a process in: no sockets, no programs, no new processes, and it dies with its parent.

Linux on x86-64 and aarch64 has seccomp for it; elsewhere ``enter`` raises ``SandboxUnavailable``. The filter is a
list of what is refused, not of what is allowed: what an engine calls while it works differs between C libraries.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import struct
import sys
from dataclasses import dataclass

from server.query.errors import SandboxUnavailable

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_CLONE_THREAD = 0x00010000
_X32_SYSCALL_BIT = 0x40000000

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_REFUSE = 0x00050000

# Classic BPF: load a word of the call's description, jump if equal, at least or all bits set, return.
_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


@dataclass(frozen=True, slots=True)
class _Machine:
    """The system calls of one architecture: its audit number, ``seccomp``, ``clone``, and those refused."""

    audit: int
    seccomp: int
    clone: int
    refused: tuple[int, ...]


# clone3 hides its flags behind a pointer; told that it does not exist, C libraries fall back on clone.
_CLONE3 = 435
# The same on every architecture: pidfd_open, pidfd_getfd, io_uring_setup, io_uring_enter, io_uring_register.
_RECENT = (434, 438, 425, 426, 427)
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        seccomp=317,
        clone=56,
        refused=(
            *(41, 42, 43, 49, 50, 53, 288),  # socket connect accept bind listen socketpair accept4
            *(57, 58, 59, 322),  # fork vfork execve execveat
            *(62, 101, 200, 310, 311),  # kill ptrace tkill process_vm_readv process_vm_writev
            *(155, 161, 165, 166, 272, 308),  # pivot_root chroot mount umount2 unshare setns
            *(175, 176, 246, 313, 320),  # init_module delete_module kexec_load finit_module kexec_file_load
            *(
                248,
                249,
                250,
                298,
                304,
                321,
                323,
            ),  # keys, perf_event_open, open_by_handle_at, bpf, userfaultfd
            *_RECENT,
        ),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        seccomp=277,
        clone=220,
        refused=(
            *(198, 199, 200, 201, 202, 203, 242),  # socket socketpair bind listen accept connect accept4
            *(221, 281),  # execve execveat
            *(117, 129, 130, 270, 271),  # ptrace kill tkill process_vm_readv process_vm_writev
            *(39, 40, 41, 51, 97, 268),  # umount2 mount pivot_root chroot unshare setns
            *(104, 105, 106, 273, 294),  # kexec_load init_module delete_module finit_module kexec_file_load
            *(
                217,
                218,
                219,
                241,
                265,
                280,
                282,
            ),  # keys, perf_event_open, open_by_handle_at, bpf, userfaultfd
            *_RECENT,
        ),
    ),
}


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` (its process id) ends; exit if it has ended already.

    Outside Linux nothing is done: there the parent's closed socket ends a child.
    """
    if sys.platform != "linux":
        return
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def enter() -> None:
    """Lock this process and all its threads in for good, and prove it. Raises SandboxUnavailable."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        raise SandboxUnavailable(
            f"queries are evaluated on Linux on x86-64 or aarch64 only; this is {sys.platform} on {platform.machine()}"
        )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = _libc()
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise SandboxUnavailable(f"no_new_privs was refused: {os.strerror(ctypes.get_errno())}")
    program = _program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    if (
        libc.syscall(machine.seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, described) != 0
    ):  # the kernel copies the program, so nothing has to be kept
        raise SandboxUnavailable(f"seccomp was refused: {os.strerror(ctypes.get_errno())}")
    prove()


def prove() -> None:
    """Try what must not work. Raises SandboxUnavailable when any of it does."""
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        try:
            socket.socket(family, socket.SOCK_STREAM).close()
        except PermissionError:
            continue
        except OSError as error:
            if error.errno == errno.EAFNOSUPPORT:
                continue
        raise SandboxUnavailable(f"the self-test could open a socket ({family.name})")
    try:
        child = os.fork()
    except PermissionError:
        pass
    else:
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        raise SandboxUnavailable("the self-test could start a process")
    try:
        os.execv("/proc/self/exe", ["python", "-c", "raise SystemExit(86)"])  # noqa: S606
    except PermissionError:
        return
    except OSError as error:
        raise SandboxUnavailable(f"the self-test could not try to start a program: {error}") from error


def limit_files(count: int) -> None:
    """Allow at most ``count`` open files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_below(count, hard), hard))


def limit_memory(extra: int) -> None:
    """Allow this process ``extra`` bytes of memory beyond what it holds now."""
    used = address_space()
    if used:
        # What is reserved already (stacks, arenas) will be filled before more is asked for, so it counts.
        ceiling = used + max(extra - _reserved(), extra // 2)
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_below(ceiling, hard), hard))


def address_space() -> int:
    """The bytes of address space in use; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as stream:  # noqa: PTH123 - called once a query
            return int(stream.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _reserved() -> int:
    with open("/proc/self/status", encoding="ascii") as stream:  # noqa: PTH123 - like address_space
        sizes = dict(line.split(":", 1) for line in stream)
    return (int(sizes["VmData"].split()[0]) - int(sizes["RssAnon"].split()[0])) * 1024


def _below(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _program(machine: _Machine) -> bytes:
    refuse = _REFUSE | errno.EPERM
    steps: list[tuple[int, int | None, int | None, int]] = [
        (_LOAD, None, None, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, None, None, _KILL),
        (_LOAD, None, None, _NUMBER),
        # x86-64 has every call a second time under its x32 number.
        (_AT_LEAST, 0, 1, _X32_SYSCALL_BIT),
        (_RETURN, None, None, refuse),
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, None, None, _REFUSE | errno.ENOSYS),
    ]
    for number in machine.refused:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, None, None, refuse)]
    steps += [
        # A new thread is a clone with that flag; any other clone is a new process.
        (_EQUAL, 0, 3, machine.clone),
        (_LOAD, None, None, _FIRST_ARGUMENT),
        (_BITS, 1, 0, _CLONE_THREAD),
        (_RETURN, None, None, refuse),
        (_RETURN, None, None, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", code, yes or 0, no or 0, value) for code, yes, no, value in steps)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
