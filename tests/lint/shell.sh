#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every shell script is clean by shellcheck.
cd "$(dirname "$0")/../.." || exit 1
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
grep -lIr '^#!/bin/\(ba\)\?sh' scripts tests .ci |
	xargs -P "$(nproc)" -n 8 shellcheck -S warning -x -P SCRIPTDIR
