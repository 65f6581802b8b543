#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Dependencies point one way: base < core < conf, proto, dp < daemon, cli; only dp
# sees libbpf, core does no I/O, and the datapath includes nothing of user/.
set -u
cd "$(dirname "$0")/../.." || exit 1

declare -A may=(
	[base]="base"
	[core]="base core"
	[conf]="base core conf"
	[proto]="base core proto"
	[dp]="base core dp"
	[daemon]="base core conf proto dp daemon"
	[cli]="base core proto cli"
)
wrong=0
for layer in "${!may[@]}"; do
	while IFS=: read -r file line include; do
		to=${include%%/*}
		[[ " ${may[$layer]} " == *" $to "* ]] && continue
		echo "$file:$line: $layer includes $include"
		wrong=1
	done < <(grep -rHno --include='*.[ch]' '^#include "[a-z]*/[a-z_/]*\.h"' user/"$layer" |
		sed 's/#include "//; s/"$//')
done
if grep -rn '#include <bpf/' user | grep -v '^user/dp/'; then
	echo "only user/dp sees libbpf"
	wrong=1
fi
if grep -rnE '#include ("base/(log|loop|file)|<sys/(socket|epoll))' user/core; then
	echo "user/core is pure"
	wrong=1
fi
if grep -nE '#include "(base|core|conf|proto|dp|daemon|cli)/' bpf/*; then
	echo "the datapath includes nothing of user/"
	wrong=1
fi
exit $wrong
