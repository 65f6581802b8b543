#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reload while the file is written in place takes the whole file or none. What would remove all
# services, or most backends of one, must be meant.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
FILE=$RUN/xring.yaml
whole() { # BACKEND...
	config <<-EOT
		interfaces: [eth0, eth1]
		services:
		  web:
		    vip: $VIP4:80/tcp
		    mode: nat
		    backends: {$(for b; do printf '%s: %s, ' "$b" "$(lab address "$b")"; done)}
		  # a service with as many bytes again, so that half of the file may be any part of it
		  api: {vip: "$VIP4:81/tcp", mode: nat, backends: {b1: $(lab address b1)}}
		...
	EOT
}
reload() { kill -HUP "$(daemon_pid)"; }
first() { xring status | head -n 1; }
first_has() { [[ $(first) == *"$1"* ]]; }
backends() { xring --json service show web | jq -c '[.backends[].name]'; }
backends_are() { [ "$(backends)" = "$1" ]; }

whole b1 b2 b3
start
wait_for resolved
served() { fetch $VIP4 >/dev/null; }
wait_for served

echo "150 reloads in 3 s of a file that is written in place, under HTTP"
whole b1 b2 b3
cp "$FILE" "$RUN/whole"
size=$(stat -c %s "$FILE")
requests() {
	local n=0 lost=0
	until [ -e "$RUN/enough" ]; do
		n=$((n + 1))
		served 2>>"$RUN/lost" || lost=$((lost + 1))
	done
	echo "$n requests, $lost lost" >"$RUN/requests"
}
requests &
requester=$!
for ((i = 1; i <= 150; i++)); do
	head -c $((size * i / 151)) "$RUN/whole" >"$FILE"
	reload
	sleep 0.01
	tail -c +$((size * i / 151 + 1)) "$RUN/whole" >>"$FILE"
	reload
	sleep 0.01
done
touch "$RUN/enough"
wait "$requester"
cat "$RUN/requests"
grep -q ", 0 lost" "$RUN/requests" || fail "$(cat "$RUN/requests" "$RUN/lost")"
wait_for equals ok first
equal "passed to the host" "$(counter pass_no_service)" 0

echo "cut off, and said so until it is whole"
head -n -1 "$RUN/whole" >"$FILE"
reload
wait_for first_has ": does not end in a line ..., as it did when it was last loaded: want the whole file, or "
fails 1 "does not end in a line ..., as it did when it was last loaded: want --yes" xring apply -f "$FILE"
stop
start
wait_for first_has "does not end in a line ..."
equal "as it ran" "$(backends)" '["b1","b2","b3"]'
cp "$RUN/whole" "$FILE"
reload
wait_for equals ok first

echo "what takes much away"
whole b1
reload
wait_for first_has ": service web would lose 2 of its 3 backends: want \`xring apply --yes\`, or "
equal "backends" "$(backends)" '["b1","b2","b3"]'
xring plan -f "$FILE" | grep -Fq "service web would lose 2 of its 3 backends" || fail "plan does not say it"
fails 1 "$FILE: service web would lose 2 of its 3 backends: want --yes" xring apply -f "$FILE"
whole b1 b2
reload
wait_for backends_are '["b1","b2"]'
wait_for equals ok first
whole b3
fails 1 "would lose 2 of its 2 backends: want --yes" xring apply -f "$FILE"
xring apply -f "$FILE" --yes >/dev/null
equal "backends" "$(backends)" '["b3"]'

echo "asked on a terminal"
asked() { # ANSWER
	printf '%s\n' "$1" | script -qec "'$BUILD/xring' --socket '$RUN/sock' apply -f '$FILE'" /dev/null
}
whole b1
asked n >"$RUN/asked" && fail "applied"
grep -Fq "service web would lose 1 of its 1 backends. Apply it? [y/N]" "$RUN/asked" || fail "$(cat "$RUN/asked")"
equal "backends" "$(backends)" '["b3"]'
asked y >"$RUN/asked" || fail "not applied: $(cat "$RUN/asked")"
equal "backends" "$(backends)" '["b1"]'

echo "no guard"
{ echo "reload_guard: false"; cat "$FILE"; } >"$RUN/free"
sed 's/backends: {[^}]*}/backends: {}/' "$RUN/free" >"$FILE"
reload
wait_for backends_are '[]'
wait_for equals ok first
