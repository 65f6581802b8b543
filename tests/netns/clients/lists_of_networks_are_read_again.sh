#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists of networks that a configuration names: found beside it, read again at a reload
# and after a kill, refused with their own line, and not missed once nobody names them.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
config_of() { # LIST: with two regions, each with a backend, and rules for both
	config <<EOT
regions:
  east: {prefixes: $1}
  west: {timezone: Europe/Dublin, prefixes: [198.51.100.0/24]}
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    placement:
      - {clients: region=east, constraints: [+region=east]}
      - {preferences: [west, east]}
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: west, tags: [ssd]}
EOT
}

reload() {
	kill -HUP "$(daemon_pid)"
}

loads() { # how often the file was loaded
	grep -Fc "xring.yaml: loaded" "$RUN/xringd.log"
}

reload_well() {
	local before
	before=$(loads) || true
	reload
	wait_for test_more "$before"
}
test_more() { [ "$(loads)" -gt "$1" ]; }

saved_list() { xring save - | sed -n 's/^  east: {prefixes: \(.*\)}$/\1/p'; }
weight() { xring --json backend list web | jq -r '.[] | select(.name == "b2").weight'; }
hash_of() { xring --json plan -f "$RUN/xring.yaml" | jq -r .hash; }

mkdir "$RUN/lists"
printf '192.0.2.0/24\n' >"$RUN/lists/east.txt"
config_of lists/east.txt
start
wait_for resolved
equal "the list, as it is saved" "$(saved_list)" "$(realpath "$RUN")/lists/east.txt"

echo "a command may not take what a rule needs"
fails 1 "rule 1 of service web: nothing can satisfy it: want a backend with +region=east" \
	xring backend del web b1
fails 1 "rule 1 of service web: nothing can satisfy it" xring backend set web b1 --region west
fails 1 "rule 1 of service web: nothing can satisfy it" xring backend set web b1 --region '' --plan
equal "b1" "$(xring --json backend list web | jq -r '.[0].region')" east

echo "what commands changed, and the list, survive a kill"
xring backend set web b2 --weight 3
stop KILL
start
equal "weight" "$(weight)" 3

echo "a list with a bad line is refused with its place, and nothing changes"
printf '192.0.2.0/24\n\n 10.0.0.1/8\n' >"$RUN/lists/east.txt"
reload
wait_for said "lists/east.txt:3:2: 10.0.0.1/8: want 10.0.0.0/8, the network that it is in"
fails 2 "lists/east.txt:3:2: 10.0.0.1/8" "$BUILD/xringd" -f "$RUN/xring.yaml" --check
fails 2 "lists/east.txt:3:2: 10.0.0.1/8" xring plan -f "$RUN/xring.yaml"
equal "weight" "$(weight)" 3

echo "a list is found from where its file is, and what it says is in the hash of a plan"
printf '192.0.2.0/24\n' >"$RUN/lists/east.txt"
reload_well
before=$(hash_of)
equal "the same" "$(cd "$RUN" && hash_of)" "$before"
equal "by another name of the file" \
	"$(cd "$RUN/lists" && xring --json plan -f ../xring.yaml | jq -r .hash)" "$before"
printf '192.0.3.0/24\n' >"$RUN/lists/east.txt"
[ "$(hash_of)" != "$before" ] || fail "the hash of a plan does not see the list"
fails 1 "want it planned again" xring apply -f "$RUN/xring.yaml" --expect "$before"
xring --json plan -f "$RUN/xring.yaml" | jq -r '.other[]' | grep -Fxq "region east: other settings" ||
	fail "a plan does not tell of the region"

echo "a region of a list that is gone is not missed, nor is what commands changed lost"
reload_well
printf '203.0.113.0/24\n' >"$RUN/lists/new.txt"
config_of lists/new.txt
rm "$RUN/lists/east.txt"
reload_well
equal "the list" "$(saved_list)" "$(realpath "$RUN")/lists/new.txt"
equal "weight" "$(weight)" 3
config_of '[203.0.113.0/24]'
rm "$RUN/lists/new.txt"
stop KILL
start
equal "the list" "$(saved_list)" "[203.0.113.0/24]"
equal "weight" "$(weight)" 3

echo "a list that the running rules need is not left out"
printf '192.0.2.0/24\n' >"$RUN/lists/east.txt"
config_of lists/east.txt
reload_well
rm "$RUN/lists/east.txt"
reload
wait_for said "prefixes lists/east.txt: want a file that can be read: No such file or directory"
equal "the list" "$(saved_list)" "$(realpath "$RUN")/lists/east.txt"
