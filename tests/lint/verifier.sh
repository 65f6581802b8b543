#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The verifier walks no more instructions of each program than its ceiling says.
# Newer kernels walk more: of xring 11,400 on 6.1, 15,000 on 6.12, 17,600 on 6.18.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "want root to load programs"; exit 77; }
mnt=$(mktemp -d)
trap 'umount "$mnt"; rmdir "$mnt"' EXIT
mount -t bpf bpf "$mnt" || { echo "no bpffs can be mounted"; exit 77; }
status=0
while read -r program ceiling; do
	# Pinning by name happens at /sys/fs/bpf: strip it, nothing is to stay.
	log=$(unshare -m bash -c "mount --bind $mnt /sys/fs/bpf &&
		bpftool -d prog load ${BUILD:-build}/$program.bpf.o /sys/fs/bpf/$program type xdp" 2>&1)
	walked=$(sed -n 's/^processed \([0-9]*\) insns.*/\1/p' <<<"$log" | tail -n 1)
	echo "$program: ${walked:-does not load} (ceiling $ceiling)"
	if [ -z "$walked" ] || [ "$walked" -gt "$ceiling" ]; then
		status=1
	fi
done <<EOT
xring 20000
decap 500
pass 10
EOT
exit $status
