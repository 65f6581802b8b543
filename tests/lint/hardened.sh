#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Both programs are built so that a mistake in memory ends them: position independent, the
# addresses of library functions read-only, no stack that runs, stacks and copies checked.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
wrong=0

want() { # PROGRAM WHAT PATTERN OPTION-OF-READELF...
	readelf -W "${@:4}" "$build/$1" | grep -Eq -- "$3" && return
	echo "$build/$1: want $2"
	wrong=1
}

for program in xring xringd; do
	[ -x "$build/$program" ] || { echo "$build/$program: want it built"; exit 1; }
	want $program "a position independent program (-pie)" 'Type: +DYN' -h
	want $program "read-only relocations (-z relro)" 'GNU_RELRO' -l
	want $program "symbols bound at the start (-z now)" 'FLAGS_1.*NOW|BIND_NOW' -d
	want $program "a stack that does not run (-z noexecstack)" 'GNU_STACK.* RW +0x' -l
	want $program "checks of the stack (-fstack-protector-strong)" '__stack_chk_fail' --dyn-syms
	want $program "checks of copies (-D_FORTIFY_SOURCE=2)" '__[a-z]+_chk(@|$)' --dyn-syms
done
exit $wrong
