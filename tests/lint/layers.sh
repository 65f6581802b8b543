#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An include looks down user/FOLDERS and never up; only user/dp and user/backend see libbpf, user/core does
# no I/O, and the datapath includes nothing of user/.
set -u
cd "$(dirname "$0")/../.." || exit 1

declare -A place=() program=()
while read -r folder owner _; do
	[[ $folder = "" || $folder = \#* ]] && continue
	place[$folder]=${#place[@]} program[$folder]=$owner
done <user/FOLDERS

wrong=0
say() { echo "$*"; wrong=1; }

while read -r folder; do
	[ -n "${place[$folder]:-}" ] || say "user/$folder: not in user/FOLDERS"
done < <(git ls-files 'user/*.c' 'user/*.h' | sed 's|^user/||; s|/[^/]*$||' | sort -u)
for folder in "${!place[@]}"; do
	compgen -G "user/$folder/*.[ch]" >/dev/null || say "user/FOLDERS: $folder: there is none"
	files=$(compgen -G "user/$folder/*.c" | wc -l)
	[ "$files" -le 20 ] || say "user/$folder: $files C files: want at most 20"
done

while IFS=: read -r file line include; do
	from=${file#user/} from=${from%/*} to=${include%/*}
	if [ -z "${place[$to]:-}" ]; then
		say "$file:$line: $include: its folder is not in user/FOLDERS"
	elif [ "${place[$to]}" -gt "${place[$from]}" ]; then
		say "$file:$line: $from includes $include, which stands above it"
	elif [ "${program[$to]}" != both ] && [ "${program[$to]}" != "${program[$from]}" ]; then
		say "$file:$line: $from (${program[$from]}) includes $include (${program[$to]})"
	fi
done < <(grep -rHno --include='*.[ch]' '^#include "[a-z_]*/[a-z_/]*\.h"' user |
	sed 's/#include "//; s/"$//')

if grep -rn '#include <bpf/' user | grep -v '^user/\(dp\|backend\)/'; then
	say "only user/dp and user/backend see libbpf"
fi
if grep -rnE '#include ("base/(log|loop|file)|<sys/(socket|epoll))' user/core; then
	say "user/core is pure"
fi
if grep -nE '#include "(base|core|conf|proto|dp|daemon|cli)/' bpf/*; then
	say "the datapath includes nothing of user/"
fi
exit $wrong
