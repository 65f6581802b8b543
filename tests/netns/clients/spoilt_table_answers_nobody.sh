#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A table of prefixes that makes no sense is written anew, and until it is nobody is answered:
# a strict set's clients are not taken for everybody else.
. "$(dirname "$0")/../talkers.sh"

STRICT=10.1.2.10
lab up -b 2
lab vip
lab decap
client_address $STRICT
talk_servers b1 b2
config <<EOT
interfaces: [eth0]
regions: {east: {}, west: {}}
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    placement: [{clients: [10.1.2.0/24], constraints: [+region=east]}]
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: west}
EOT
start
wait_for resolved
stop

asks() { # the name of the backend that answers, if one does
	client timeout 1 curl -s --http0.9 --interface $STRICT "http://$VIP4:7000/" | head -c 2
}
requests() {
	while [ ! -e "$RUN/enough" ]; do
		asks || true
		echo
	done
}
requests >"$RUN/answers" 2>/dev/null &
asking=$!

echo "the root of service 1 names a line that there is not"
zeros=$(printf '00 %.0s' {1..52})
# shellcheck disable=SC2086	# bytes
lb bpftool map update pinned "$RUN/bpf/tc/globals/xring_lines" key hex 00 00 00 00 \
	value hex 00 00 00 00 00 00 00 00 ff ff ff ff $zeros
start
said "service web: its prefixes make no sense: nobody is answered until they are written anew" ||
	fail "it was not said"
answers() { [ "$(asks || true)" = b1 ]; }
wait_for answers
touch "$RUN/enough"
wait $asking || true
[ -s "$RUN/answers" ] || fail "nothing was asked meanwhile"
! grep -q b2 "$RUN/answers" || fail "a strict client was answered by another region"
xring placement audit >"$RUN/audit" || fail "$(cat "$RUN/audit")"
