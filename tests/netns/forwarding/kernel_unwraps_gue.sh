#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own receiver of GUE takes both variants of mode gue off: `ip fou add port 6080 gue`, and a
# tunnel device, which takes what is in it.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
lab vip
on b1 ip fou add port 6080 gue 2>/dev/null ||
	skip "this kernel has no receiver of GUE (CONFIG_NET_FOU): ip fou add port 6080 gue"
on b2 ip fou add port 6080 gue
for b in b1 b2; do
	on $b ip link add tunnel4 type ipip external 2>/dev/null ||
		on $b ip link set tunl0 up || skip "this kernel has no ipip device (CONFIG_NET_IPIP)"
	on $b sh -c 'for d in tunnel4 tunl0; do ip link set $d up 2>/dev/null; done
		for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done'
done
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: gue
    gue: {variant: 0}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
start
wait_for resolved
follows_ring web $VIP4 20 20000
xring service set web --gue variant=1
follows_ring web $VIP4 20 21000
