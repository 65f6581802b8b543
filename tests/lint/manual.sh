#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages have no fault that mandoc knows, and name every command; they and the help name every setting.
cd "$(dirname "$0")/../.." || exit 1
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
mandoc -Tlint -W warning docs/man/*.[1-8] || exit 1
wrong=0
while read -r command; do
	grep -Eq "^\.It Ic $command( |\$)" docs/man/xring.8 ||
		{ echo "xring.8 does not tell of: $command"; wrong=1; }
done < <("${BUILD:-build}/xring" --help | sed -n 's/^  \([a-z][a-z]*\( [a-z][a-z]*\)\?\).*/\1/p')
while read -r setting; do
	"${BUILD:-build}/xring" --help | grep -q -e "\[--$setting " || { echo "xring --help does not tell of: --$setting"; wrong=1; }
	grep -q "^\.It Fl -$setting " docs/man/xring.8 || { echo "xring.8 does not tell of: --$setting"; wrong=1; }
done < <(sed -n 's/^\t{ "\([a-z_]*\)", read_setting },$/\1/p' user/conf/service.c | tr _ -)
# Each check of doctor has its section.
while read -r id; do
	grep -q "^\.It Cm $id\$" docs/man/xring-doctor.7 || { echo "xring-doctor.7 does not tell of: $id"; wrong=1; }
done < <(sed -n 's/^\t{ "\([a-z-]*\)", ".*/\1/p' user/daemon/doctor/doctor.c)
exit $wrong
